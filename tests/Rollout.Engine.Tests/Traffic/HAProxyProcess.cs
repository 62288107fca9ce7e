using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Rollout.Engine.Traffic;
using Xunit;

namespace Rollout.Engine.Tests.Traffic;

/// <summary>A test that needs the real HAProxy; skipped where it is not installed.</summary>
public sealed class HAProxyFactAttribute : FactAttribute
{
    public HAProxyFactAttribute()
    {
        if (HAProxyProcess.Executable is null) Skip = "haproxy is not installed";
    }
}

/// <summary>
/// A real HAProxy of a test's own, master and worker, on a free port of loopback. Its backends are what the test writes; 'shop' is the
/// one the frontend sends to.
/// </summary>
internal sealed class HAProxyProcess : IAsyncDisposable
{
    private readonly string backends;
    private Process? process;

    private HAProxyProcess(string backends) => this.backends = backends;

    internal static string? Executable { get; } = new[] { "/usr/sbin/haproxy", "/usr/local/sbin/haproxy" }.FirstOrDefault(File.Exists);

    internal string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("rollout-haproxy-").FullName;

    /// <summary>The runtime socket of level admin.</summary>
    internal string Socket => Path.Combine(Directory, "admin.sock");

    /// <summary>A runtime socket that may look and drain, but not add.</summary>
    internal string OperatorSocket => Path.Combine(Directory, "operator.sock");

    internal int RuntimePort { get; } = FreePort();

    /// <summary>The frontend.</summary>
    internal Uri Uri { get; } = new($"http://127.0.0.1:{FreePort()}/");

    internal static async Task<HAProxyProcess> StartAsync(string backends = "backend shop\n    balance roundrobin\n")
    {
        var haproxy = new HAProxyProcess(backends);
        await haproxy.StartProcessAsync();
        return haproxy;
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
        using var kill = Process.Start("kill", ["-USR2", process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        await UntilAsync(async () => await WorkerAsync() is { } now && now != before);
    }

    internal async Task StopAsync()
    {
        if (process is null) return;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        process = null;
    }

    internal async Task StartProcessAsync()
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
                timeout connect 2s
                timeout client 30s
                timeout server 30s
            frontend front
                bind 127.0.0.1:{Uri.Port}
                default_backend shop
            {backends}

            """);
        process = Process.Start(new ProcessStartInfo(Executable!, ["-W", "-db", "-f", configuration]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        await UntilAsync(async () => await WorkerAsync() is not null);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private async Task<string?> WorkerAsync()
    {
        try
        {
            return (await CommandAsync("show info")).Split('\n').FirstOrDefault(line => line.StartsWith("Pid:", StringComparison.Ordinal));
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            if (process!.HasExited) throw new InvalidOperationException($"haproxy ended with exit code {process.ExitCode}");
            await Task.Delay(20, limit.Token);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
