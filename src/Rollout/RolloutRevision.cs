namespace Rollout;

/// <summary>One revision in a workload's history.</summary>
public sealed record RolloutRevision
{
    /// <summary>The workload's target.</summary>
    public required string Target { get; init; }

    /// <summary>The Kubernetes namespace; null elsewhere.</summary>
    public string? Namespace { get; init; }

    /// <summary>Where the workload lives.</summary>
    public RolloutEndpoint? Endpoint { get; init; }

    /// <summary>Its number; 1 is the first.</summary>
    public required int Revision { get; init; }

    /// <summary>The image it ran.</summary>
    public required ImageReference Image { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Why, as somebody gave it with -ChangeCause.</summary>
    public string? ChangeCause { get; init => field = value is null ? null : ForeignText.Neutralise(value); }

    /// <summary>Whether it was verified healthy, found bad, or neither is known.</summary>
    public HealthVerdict Verdict { get; init; } = HealthVerdict.Inconclusive;

    /// <summary>True for the revision that runs now.</summary>
    public bool Current { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Revision}: {Image}";
}
