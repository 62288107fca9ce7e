using System.Globalization;
using System.Net.Sockets;

namespace Rollout.Engine.Health;

/// <summary>Opens a TCP connection, and closes it again.</summary>
internal sealed class TcpProbe(TcpHealthCheck check, TimeProvider time) : IHealthProbe
{
    public string? Query => $"tcp://{(check.HostName.Contains(':', StringComparison.Ordinal) ? $"[{check.HostName}]" : check.HostName)}:{check.Port}";

    public string Threshold => "a connection";

    public async Task<HealthTry> TryAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(check.Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var begun = time.GetTimestamp();
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(check.HostName, check.Port, both.Token);
            var took = string.Create(CultureInfo.InvariantCulture, $"{time.GetElapsedTime(begun).TotalMilliseconds:0.#} ms");
            return new HealthTry(HealthVerdict.Healthy, took, $"connected within {took}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new HealthTry(HealthVerdict.Unhealthy, null, $"no connection within {check.Timeout.TotalSeconds:0.###} s");
        }
        catch (SocketException problem)
        {
            return new HealthTry(HealthVerdict.Unhealthy, null, problem.SocketErrorCode == SocketError.ConnectionRefused ? "connection refused" : $"no connection: {problem.Message}");
        }
    }

    public void Dispose() { }
}
