using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Tests.Engines;

/// <summary>
/// A dockerd of a test's own, with its own data, sockets and bridge, which the test may stop, kill and start again. Needs <c>dockerd</c>, <c>containerd</c>,
/// <c>ip</c> and <c>root</c>.
/// </summary>
internal sealed class PrivateEngine : IAsyncDisposable
{
    private static int _count;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("rd-");
    private readonly string _bridge;
    private readonly int _subnet;
    private readonly string[] _arguments;
    private Service? _containerd;
    private Service? _service;
    private bool _hasSwarm;

    private PrivateEngine(string[] arguments)
    {
        _arguments = arguments;
        // A process's own range of 10.66.0.0/16 to 10.97.0.0/16, so that test runs side by side rarely meet.
        _subnet = Interlocked.Increment(ref _count) % 250;
        _bridge = $"rd{Environment.ProcessId % 1000000}x{_subnet}";
        Client = new DockerClient(Endpoint);
    }

    /// <summary>The path of its unix socket.</summary>
    internal string Socket => Path.Combine(_directory.FullName, "docker.sock");

    private string Containerd => Path.Combine(_directory.FullName, "containerd.sock");

    internal DockerEndpoint Endpoint => DockerEndpoint.Resolve($"unix://{Socket}", null, DockerSettings.OfThisProcess);

    internal IDockerClient Client { get; }

    /// <summary>Starts an engine; further arguments are dockerd's own.</summary>
    internal static async Task<PrivateEngine> StartAsync(params string[] arguments)
    {
        var engine = new PrivateEngine(arguments);
        await RunAsync("ip", "link", "add", "name", engine._bridge, "type", "bridge");
        try
        {
            await RunAsync("ip", "addr", "add", $"10.{66 + Environment.ProcessId % 32}.{engine._subnet}.1/24", "dev", engine._bridge);
            await RunAsync("ip", "link", "set", engine._bridge, "up");
            await engine.StartContainerdAsync();
            await engine.StartAgainAsync();
            return engine;
        }
        catch
        {
            await engine.ClearAsync();
            throw;
        }
    }

    internal async Task StartAgainAsync()
    {
        var root = _directory.FullName;
        string[] own =
        [
            "--host", $"unix://{Socket}", "--data-root", $"{root}/data", "--exec-root", $"{root}/exec", "--pidfile", $"{root}/pid",
            "--containerd", Containerd, "--bridge", _bridge, "--ip", "127.0.0.1", "--iptables=false", "--ip6tables=false", "--ip-masq=false", "--ip-forward=false", "--config-file", $"{root}/none",
        ];
        await File.WriteAllTextAsync($"{root}/none", "{}");
        _service = await Service.StartAsync("dockerd", [.. own, .. _arguments], AnswersAsync);
    }

    /// <summary>Makes it the one manager of a swarm of its own. The swarm's gossip port is the machine's: one such engine at a time.</summary>
    internal async Task InitialiseSwarmAsync()
    {
        await PostAsync("swarm/init", new JsonObject { ["ListenAddr"] = "127.0.0.1:0", ["AdvertiseAddr"] = "127.0.0.1" });
        _hasSwarm = true;
    }

    /// <summary>Ends it as the system does (SIGTERM): its containers are stopped.</summary>
    internal Task StopAsync() => _service!.StopAsync();

    /// <summary>Ends it as a crash does; its containers run on, and it finds them again.</summary>
    internal Task KillAsync() => _service!.CrashAsync();

    public async ValueTask DisposeAsync()
    {
        // What a dead engine left running, only an engine can end.
        if (!_service!.IsRunning) await StartAgainAsync();
        if (_hasSwarm) await LeaveSwarmAsync();
        foreach (var container in await Client.Containers.ListAsync([], all: true, CancellationToken.None))
        {
            await Client.Containers.RemoveAsync(container.Id, CancellationToken.None);
        }

        await _service.StopAsync();
        await ClearAsync();
    }

    /// <summary>Ends its tasks with it, and takes away the bridge that a swarm makes in the host's network.</summary>
    private async Task LeaveSwarmAsync()
    {
        await PostAsync("swarm/leave?force=1", []);
        await Client.Networks.RemoveAsync("docker_gwbridge", CancellationToken.None);
    }

    private async Task PostAsync(string path, JsonObject body)
    {
        using var connection = new DockerConnection(Endpoint);
        var request = new EngineRequest(HttpMethod.Post, path) { Content = new StringContent(body.ToJsonString(), new MediaTypeHeaderValue("application/json")) };
        using var response = await connection.SendAsync(request, CancellationToken.None);
    }

    private async Task ClearAsync()
    {
        Client.Dispose();
        if (_service is not null) await _service.DisposeAsync();
        if (_containerd is not null) await _containerd.DisposeAsync();
        await RunAsync("ip", "link", "delete", _bridge);
        // A crash leaves mounts of its data directory behind.
        foreach (var mount in File.ReadLines("/proc/mounts").Select(line => line.Split(' ')[1]).Where(IsOwn).Reverse().ToList())
        {
            await RunAsync("umount", mount);
        }

        _directory.Delete(recursive: true);
    }

    /// <summary>Of its own, so that it survives a crash of dockerd as it does where the system runs it.</summary>
    private async Task StartContainerdAsync()
    {
        var root = _directory.FullName;
        await File.WriteAllLinesAsync($"{root}/containerd.toml", ["version = 2", "disabled_plugins = ['io.containerd.grpc.v1.cri']"]);
        _containerd = await Service.StartAsync(
            "containerd",
            ["--config", $"{root}/containerd.toml", "--address", Containerd, "--root", $"{root}/containerd", "--state", $"{root}/state"],
            () => Task.FromResult(File.Exists(Containerd)));
    }

    private bool IsOwn(string path) => path.StartsWith(_directory.FullName + "/", StringComparison.Ordinal);

    private async Task<bool> AnswersAsync()
    {
        try
        {
            await Client.System.VersionAsync(CancellationToken.None);
            return true;
        }
        catch (RolloutException e) when (e.Kind == ErrorKind.Connection)
        {
            return false;
        }
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(Needs.Program(program)!, arguments);
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
