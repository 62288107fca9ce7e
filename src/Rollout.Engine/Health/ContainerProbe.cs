namespace Rollout.Engine.Health;

/// <summary>Looks at the replicas themselves: as many as wanted, running, healthy by their own check, not restarted, not out of memory.</summary>
internal sealed class ContainerProbe(ContainerHealthCheck check, RolloutStatus rollout, IReplicaStates replicas, TimeProvider time) : IHealthProbe
{
    // Of a rollout in its steps there are no more of the new than its step wants.
    private readonly int wanted = Math.Max(rollout.Step is null ? rollout.Desired : rollout.Updated, 1);

    public string? Query => $"replicas of {rollout.Target}, revision {rollout.Revision}";

    public string Threshold => $"{wanted} running and healthy, no restarts";

    public async Task<HealthTry> TryAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(check.Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return Judge(await replicas.ReadAsync(rollout, both.Token), wanted);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new HealthTry(HealthVerdict.Inconclusive, null, $"the platform did not answer within {check.Timeout.TotalSeconds:0.###} s");
        }
        catch (RolloutException problem)
        {
            // Whoever cannot be asked says nothing about the replicas.
            return new HealthTry(HealthVerdict.Inconclusive, null, problem.Message);
        }
    }

    public void Dispose() { }

    internal static HealthTry Judge(IReadOnlyList<ReplicaState> states, int wanted)
    {
        var faults = states.Select(Fault).OfType<string>().ToList();
        var starting = states.Count(state => state.Health == "starting");
        var good = states.Count(state => Fault(state) is null && state.Health != "starting");
        var value = $"{good} of {wanted} healthy";

        if (faults.Count > 0) return new HealthTry(HealthVerdict.Unhealthy, value, string.Join("; ", faults));
        if (states.Count < wanted) return new HealthTry(HealthVerdict.Unhealthy, value, $"{wanted} replicas are wanted and {states.Count} are there");
        if (starting > 0) return new HealthTry(HealthVerdict.Inconclusive, value, $"{starting} of {states.Count} replicas are still starting");
        return new HealthTry(HealthVerdict.Healthy, value, value);
    }

    private static string? Fault(ReplicaState state)
    {
        if (state.OutOfMemory) return $"{state.Name} ran out of memory";
        if (!state.Running) return $"{state.Name} is {state.Status}{(state.ExitCode is { } code ? $" (exit code {code})" : "")}";
        if (state.Restarts > 0) return $"{state.Name} was restarted {state.Restarts} times";
        if (state.Health == "unhealthy") return $"{state.Name} is unhealthy by its own check{(string.IsNullOrWhiteSpace(state.HealthOutput) ? "" : $": {state.HealthOutput.Trim()}")}";
        return null;
    }
}
