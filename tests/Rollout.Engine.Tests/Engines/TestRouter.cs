using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Rollout.Engine.Traffic;

namespace Rollout.Engine.Tests.Engines;

/// <summary>
/// A real HAProxy of a test's own, master and worker, on a free port of loopback. Its backends are what the test writes; 'shop' is the
/// one the frontend sends to. Needs <c>haproxy</c>.
/// </summary>
internal sealed class TestRouter : IAsyncDisposable
{
    private const string EmptyShop = "backend shop\n    balance roundrobin\n";

    private readonly DirectoryInfo _directory = System.IO.Directory.CreateTempSubdirectory("rollout-haproxy-");
    private readonly string _backends;
    private Service? _service;

    private TestRouter(string backends) => _backends = backends;

    internal string Directory => _directory.FullName;

    /// <summary>The runtime socket of level admin.</summary>
    internal string Socket => Path.Combine(Directory, "admin.sock");

    /// <summary>A runtime socket that may look and drain, but not add.</summary>
    internal string OperatorSocket => Path.Combine(Directory, "operator.sock");

    internal int RuntimePort { get; } = Ports.Free();

    /// <summary>The frontend.</summary>
    internal Uri Uri { get; } = new($"http://127.0.0.1:{Ports.Free()}/");

    internal static async Task<TestRouter> StartAsync(string backends = EmptyShop)
    {
        var router = new TestRouter(backends);
        await router.StartAgainAsync();
        return router;
    }

    internal ITrafficRouter Open(IReporter? reporter = null, string backend = "shop") =>
        TrafficRouters.Open("haproxy", "admin.sock", backend, Directory, TimeProvider.System, reporter ?? SilentReporter.Instance);

    /// <summary>Runs one raw command.</summary>
    internal async Task<string> CommandAsync(string command)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket));
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(command + "\n"));
        return await new StreamReader(stream).ReadToEndAsync();
    }

    /// <summary>Reloads the configuration: a new worker takes over, without what the old one was told at runtime.</summary>
    internal async Task ReloadAsync()
    {
        var before = await WorkerAsync();
        using var patience = new CancellationTokenSource(TestLimit.Time);
        for (var poll = 0; await WorkerAsync() is not { } now || now == before; poll++)
        {
            // A master that has just been reloaded misses the signal.
            if (poll % 100 == 0) await SignalAsync("-USR2");
            await Task.Delay(20, patience.Token);
        }
    }

    /// <summary>Ends it at once; its sockets stay in the file system.</summary>
    internal Task StopAsync() => _service!.KillAsync();

    internal async Task StartAgainAsync()
    {
        var configuration = Path.Combine(Directory, "haproxy.cfg");
        await File.WriteAllTextAsync(configuration, $"""
            global
                stats socket {Socket} mode 600 level admin
                stats socket {OperatorSocket} mode 600 level operator
                stats socket ipv4@127.0.0.1:{RuntimePort} level admin
                stats timeout 60s
            defaults
                mode http
                # As long as the load waits for an answer: where a queue was full for a moment, the system tries again seconds later.
                timeout connect 10s
                timeout client 30s
                timeout server 30s
            # The frontend has the backend's name, as is common.
            frontend shop
                bind 127.0.0.1:{Uri.Port}
                default_backend shop
            {_backends}

            """);
        _service = await Service.StartAsync("haproxy", ["-W", "-db", "-f", configuration], async () => await WorkerAsync() is not null);
    }

    public async ValueTask DisposeAsync()
    {
        await _service!.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [signal, $"{_service!.ProcessId}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>The worker that answers at the socket; null where none does.</summary>
    private async Task<string?> WorkerAsync()
    {
        try
        {
            return (await CommandAsync("show info")).Split('\n').FirstOrDefault(line => line.StartsWith("Pid:", StringComparison.Ordinal));
        }
        catch (Exception problem) when (problem is SocketException or IOException)
        {
            return null;
        }
    }
}
