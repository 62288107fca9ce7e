using System.ComponentModel;
using Rollout.Engine.Images.Builders;

namespace Rollout.Engine.Health;

/// <summary>
/// Runs a program to its end. It gets the rollout in its environment: ROLLOUT_TARGET, ROLLOUT_NAME, ROLLOUT_NAMESPACE, ROLLOUT_IMAGE, ROLLOUT_REVISION.
/// </summary>
internal sealed class CommandProbe(CommandHealthCheck check, RolloutStatus rollout, TimeProvider time) : IHealthProbe
{
    public string? Query => check.ArgumentList.Count == 0 ? check.Command : $"{check.Command} with {check.ArgumentList.Count} arguments";

    public string Threshold => "exit code 0";

    public async Task<HealthTry> TryAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(check.Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var printed = new LastLines();
        try
        {
            var code = await Process().RunAsync(printed.Output, printed.Error, both.Token);
            return new HealthTry(code == 0 ? HealthVerdict.Healthy : HealthVerdict.Unhealthy, $"{code}", $"exit code {code}{printed}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new HealthTry(HealthVerdict.Unhealthy, null, $"it did not end within {check.Timeout.TotalSeconds:0.###} s, and was ended{printed}");
        }
        catch (Win32Exception problem)
        {
            return new HealthTry(HealthVerdict.Inconclusive, null, $"the program cannot be run: {problem.Message}") { IsFinal = true };
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

    /// <summary>What a program printed last. Its two streams come in no order, so that many lines of the one must not push out the few of the other.</summary>
    private sealed class LastLines
    {
        private const int LinesKept = 10;
        private const int LineLength = 500;

        private readonly Queue<string> output = new();
        private readonly Queue<string> error = new();

        internal void Output(string line) => Keep(output, line);

        internal void Error(string line) => Keep(error, line);

        public override string ToString() =>
            output.Count + error.Count == 0 ? "" : $"; it printed last:\n{ForeignText.Neutralise(string.Join('\n', output.Concat(error)))}";

        private static void Keep(Queue<string> lines, string line)
        {
            lines.Enqueue(line.Length > LineLength ? line[..LineLength] : line);
            if (lines.Count > LinesKept) lines.Dequeue();
        }
    }
}
