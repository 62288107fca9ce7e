namespace Rollout;

/// <summary>
/// A snapshot of one rollout: what is wanted, what runs, and why. This is the object the cmdlets call a Rollout; the class has
/// another name because a type named as its namespace is a trap.
/// </summary>
public sealed record RolloutStatus
{
    // Not public: PowerShell would make one of any object that has properties of these names, a row of a CSV file for instance.
    internal RolloutStatus()
    {
    }

    /// <summary>The target as the user writes it: <c>docker/shop</c>, <c>deployment/shop</c>.</summary>
    public required string Target { get; init; }

    /// <summary>The part before the slash: <c>docker</c>, <c>compose</c>, <c>deployment</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The workload's own name.</summary>
    public required string Name { get; init; }

    /// <summary>The Kubernetes namespace; null elsewhere.</summary>
    public string? Namespace { get; init; }

    /// <summary>The context by which the endpoint was chosen, where one was.</summary>
    public string? Context { get; init; }

    /// <summary>Where the workload lives.</summary>
    public required RolloutEndpoint Endpoint { get; init; }

    /// <summary>The platform that runs it.</summary>
    public required RolloutPlatform Platform { get; init; }

    /// <summary>The container whose image is rolled out, where a workload has several.</summary>
    public string? Container { get; init; }

    /// <summary>The image wanted.</summary>
    public ImageReference? Image { get; init; }

    /// <summary>The image before it; null for a first rollout.</summary>
    public ImageReference? PreviousImage { get; init; }

    /// <summary>The digest that is wanted, where it is known.</summary>
    public string? Digest { get; init; }

    /// <summary>The number of this revision; 1 is the first.</summary>
    public int Revision { get; init; }

    /// <summary>How the new replaces the old.</summary>
    public RolloutStrategy Strategy { get; init; }

    /// <summary>Where it stands.</summary>
    public required RolloutPhase Phase { get; init; }

    /// <summary>
    /// True where what was last asked for was reached: what was rolled out serves, or after an undo that somebody asked for, what ran
    /// before. False while it is under way, and where a failure was undone.
    /// </summary>
    public bool Succeeded { get; init; }

    /// <summary>The step of a canary or blue-green rollout: <c>2 of 5: weight 25%</c>; null where there are none.</summary>
    public string? Step { get; init; }

    /// <summary>Replicas wanted.</summary>
    public int Desired { get; init; }

    /// <summary>Replicas of the wanted revision.</summary>
    public int Updated { get; init; }

    /// <summary>Replicas that are ready, of any revision.</summary>
    public int Ready { get; init; }

    /// <summary>Replicas that serve, of any revision.</summary>
    public int Available { get; init; }

    /// <summary>One word for why it stands there: <c>RouterOutOfSync</c>, <c>ContainerUnhealthy</c>; null where all is well.</summary>
    public string? Reason { get; init; }

    /// <summary>The same in a sentence.</summary>
    public string? Message { get; init; }

    /// <summary>When the rollout was started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended; null while it goes on.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>From start to end; null while it goes on.</summary>
    public TimeSpan? Duration => CompletedAt - StartedAt;

    /// <summary>What was decided on the way, oldest first.</summary>
    public IReadOnlyList<RolloutDecision> Decisions { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() => Target;
}

/// <summary>The platforms that run workloads.</summary>
public enum RolloutPlatform
{
    /// <summary>A Kubernetes cluster.</summary>
    Kubernetes,
    /// <summary>A plain Docker engine.</summary>
    Docker,
    /// <summary>A Docker Swarm.</summary>
    Swarm,
    /// <summary>Argo Rollouts on Kubernetes.</summary>
    Argo,
}

/// <summary>Where a rollout stands.</summary>
public enum RolloutPhase
{
    /// <summary>Known, but nothing has been done yet.</summary>
    Pending,
    /// <summary>Under way.</summary>
    Progressing,
    /// <summary>Held until somebody resumes it.</summary>
    Paused,
    /// <summary>The wanted revision runs and serves.</summary>
    Healthy,
    /// <summary>The wanted revision was reached, but something is wrong now.</summary>
    Degraded,
    /// <summary>It did not get there.</summary>
    Failed,
    /// <summary>What ran before runs again.</summary>
    Undone,
}

/// <summary>How the new replaces the old.</summary>
public enum RolloutStrategy
{
    /// <summary>New replicas take over batch by batch.</summary>
    Rolling,
    /// <summary>A growing share of the traffic goes to the new.</summary>
    Canary,
    /// <summary>The new is complete before one switch.</summary>
    BlueGreen,
    /// <summary>The old stops before the new starts: with an interruption.</summary>
    Recreate,
}

/// <summary>What is done when a rollout fails.</summary>
public enum FailureAction
{
    /// <summary>What ran before is put back and verified.</summary>
    Undo,
    /// <summary>It is left as it is, for looking at.</summary>
    Freeze,
    /// <summary>It goes on.</summary>
    Continue,
}
