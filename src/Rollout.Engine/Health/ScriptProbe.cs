namespace Rollout.Engine.Health;

/// <summary>Has the shell run a script. A script cannot be ended from outside: after its time it is not waited for any more.</summary>
internal sealed class ScriptProbe(ScriptHealthCheck check, RolloutStatus rollout, ScriptRunner run, TimeProvider time) : IHealthProbe
{
    private const int TextShown = 200;

    public string? Query => check.Script.Trim() is { Length: > TextShown } text ? $"{text[..TextShown]}..." : check.Script.Trim();

    public string Threshold => "$true";

    public async Task<HealthTry> TryAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(check.Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            var outcome = await run(check, rollout, both.Token);
            return new HealthTry(outcome.Verdict, outcome.Verdict.ToString(), ForeignText.Neutralise(outcome.Message));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new HealthTry(HealthVerdict.Unhealthy, null, $"it did not end within {check.Timeout.TotalSeconds:0.###} s");
        }
    }

    public void Dispose() { }
}
