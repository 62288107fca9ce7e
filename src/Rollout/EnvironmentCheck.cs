namespace Rollout;

/// <summary>What Test-RolloutEnvironment found of one thing that rollouts need.</summary>
public sealed record EnvironmentCheck
{
    /// <summary>What was looked at: <c>Docker engine</c>, <c>Cluster version</c>, <c>Right to patch deployments (apps)</c>.</summary>
    public required string Name { get; init; }

    /// <summary>How it is.</summary>
    public required EnvironmentStatus Status { get; init; }

    /// <summary>True where nothing is wrong with it.</summary>
    public bool Passed => Status == EnvironmentStatus.Passed;

    /// <summary>What was found.</summary>
    public required string Message { get; init; }

    /// <summary>What to do about it; null where it is well.</summary>
    public string? Recommendation { get; init; }

    /// <summary>The engine or the cluster.</summary>
    public RolloutEndpoint? Endpoint { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Status}";
}

/// <summary>How a thing is that rollouts need.</summary>
public enum EnvironmentStatus
{
    /// <summary>As it should be.</summary>
    Passed,
    /// <summary>Rollouts work, with something missing.</summary>
    Warning,
    /// <summary>Rollouts do not work.</summary>
    Failed,
}
