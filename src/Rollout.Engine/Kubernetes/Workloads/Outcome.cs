namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>How a rollout that was followed ended.</summary>
/// <param name="Phase">Healthy, Degraded, Failed or Paused.</param>
/// <param name="Reason">One word for why, where it is not Healthy.</param>
/// <param name="Message">The same in a sentence.</param>
/// <param name="Sight">What was seen last.</param>
internal sealed record Outcome(RolloutPhase Phase, string? Reason, string? Message, Sight Sight)
{
    /// <summary>What was found out about the revision, for who looks where to go back to; null where it was not judged.</summary>
    public HealthVerdict? Verdict { get; init; }

    /// <summary>What was decided before the end.</summary>
    public IReadOnlyList<RolloutDecision> Decisions { get; init; } = [];

    /// <summary>The revision that another shell asked to go back to, whatever is done of a failure otherwise; null where none did.</summary>
    public long? BackTo { get; init; }

    /// <summary>True where somebody else's change took its place: nothing of theirs is undone.</summary>
    public bool IsOver { get; init; }

    public Outcome With(RolloutDecision decision) => this with { Decisions = [.. Decisions, decision] };
}
