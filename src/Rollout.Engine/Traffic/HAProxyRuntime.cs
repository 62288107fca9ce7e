using System.Net.Sockets;
using System.Text;

namespace Rollout.Engine.Traffic;

/// <summary>
/// HAProxy's runtime socket. Every command has a connection of its own (0.1 ms): one that is kept stays with the old process after a
/// reload and would change servers that nobody talks to any more.
/// </summary>
internal sealed class HAProxyRuntime(HAProxyEndpoint endpoint, TimeProvider time)
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RestartWithin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>Sends one command and reads the whole answer.</summary>
    /// <exception cref="RolloutException">RouterNotReachable.</exception>
    internal async Task<HAProxyReply> SendAsync(string command, CancellationToken cancellation)
    {
        // ';' and line ends separate commands and '<<' opens a payload. Names are checked before they get here; this is the last lock.
        if (command.AsSpan().ContainsAny(";\r\n\0") || command.Contains("<<", StringComparison.Ordinal)) throw new ArgumentException("One command, in one line.", nameof(command));

        var begun = time.GetTimestamp();
        while (true)
        {
            // The process that a reload is ending may still answer, that all it has is disabled; the new one comes next.
            var reply = await AskAsync(command, cancellation);
            if (reply.Refusal != HAProxyRefusal.ProxyDisabled || time.GetElapsedTime(begun) >= RestartWithin) return reply;
            await Task.Delay(RetryEvery, time, cancellation);
        }
    }

    private async Task<HAProxyReply> AskAsync(string command, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(AnswerWithin, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await using var stream = await ConnectAsync(both.Token);
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"set severity-output number; {command}\n"), both.Token);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            var answer = await reader.ReadToEndAsync(both.Token);
            if (answer.Length == 0) throw TrafficErrors.RouterNotReachable(endpoint, "it closed the connection without an answer");
            return HAProxyReply.Parse(answer);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw TrafficErrors.RouterNotReachable(endpoint, $"it did not answer within {AnswerWithin.TotalSeconds:0} s");
        }
        catch (SocketException problem) when (problem.SocketErrorCode == SocketError.AccessDenied)
        {
            throw TrafficErrors.RouterPermissionDenied(endpoint, "this user may not open the socket", problem);
        }
        catch (SocketException problem) when (endpoint.IsMissing)
        {
            throw TrafficErrors.RouterNotReachable(endpoint, "there is no such socket", problem);
        }
        catch (Exception problem) when (problem is SocketException or IOException)
        {
            throw TrafficErrors.RouterNotReachable(endpoint, problem.Message, problem);
        }
    }

    /// <summary>A socket that is there but has no listener belongs to an HAProxy that is being restarted: worth a moment's patience.</summary>
    private async Task<Stream> ConnectAsync(CancellationToken cancellation)
    {
        var begun = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await endpoint.ConnectAsync(cancellation);
            }
            catch (SocketException problem) when (problem.SocketErrorCode == SocketError.ConnectionRefused && time.GetElapsedTime(begun) < RestartWithin)
            {
                await Task.Delay(RetryEvery, time, cancellation);
            }
        }
    }
}
