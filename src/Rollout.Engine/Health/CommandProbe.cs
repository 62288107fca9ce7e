using System.ComponentModel;
using Rollout.Engine.Images.Builders;

namespace Rollout.Engine.Health;

/// <summary>
/// Runs a program to its end. It gets the rollout in its environment: ROLLOUT_TARGET, ROLLOUT_NAME, ROLLOUT_NAMESPACE, ROLLOUT_IMAGE, ROLLOUT_REVISION.
/// </summary>
internal sealed class CommandProbe(CommandHealthCheck check, RolloutStatus rollout, TimeProvider time) : IHealthProbe
{
    private const int LinesShown = 10;
    private const int LineLength = 500;

    public string? Query => check.ArgumentList.Count == 0 ? check.Command : $"{check.Command} with {check.ArgumentList.Count} arguments";

    public string Threshold => "exit code 0";

    public async Task<HealthTry> TryAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(check.Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var tail = new Queue<string>();
        try
        {
            var code = await Process().RunAsync(Keep, Keep, both.Token);
            return new HealthTry(code == 0 ? HealthVerdict.Healthy : HealthVerdict.Unhealthy, $"{code}", $"exit code {code}{Tail(tail)}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new HealthTry(HealthVerdict.Unhealthy, null, $"it did not end within {check.Timeout.TotalSeconds:0.###} s, and was ended{Tail(tail)}");
        }
        catch (Win32Exception problem)
        {
            return new HealthTry(HealthVerdict.Inconclusive, null, $"the program cannot be run: {problem.Message}") { IsFinal = true };
        }

        void Keep(string line)
        {
            lock (tail)
            {
                tail.Enqueue(line.Length > LineLength ? line[..LineLength] : line);
                if (tail.Count > LinesShown) tail.Dequeue();
            }
        }
    }

    public void Dispose() { }

    private ChildProcess Process() => new(check.Command, check.ArgumentList)
    {
        Directory = check.WorkingDirectory,
        Environment = new Dictionary<string, string?>
        {
            ["ROLLOUT_TARGET"] = rollout.Target,
            ["ROLLOUT_NAME"] = rollout.Name,
            ["ROLLOUT_NAMESPACE"] = rollout.Namespace,
            ["ROLLOUT_IMAGE"] = rollout.Image?.ToString(),
            ["ROLLOUT_REVISION"] = $"{rollout.Revision}",
        },
    };

    private static string Tail(Queue<string> lines)
    {
        lock (lines) return lines.Count == 0 ? "" : $"; it printed last:\n{ForeignText.Neutralise(string.Join('\n', lines))}";
    }
}
