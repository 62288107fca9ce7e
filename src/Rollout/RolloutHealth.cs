namespace Rollout;

/// <summary>What the checks found.</summary>
public sealed record RolloutHealth
{
    /// <summary>The rollout that was checked.</summary>
    public required RolloutStatus Rollout { get; init; }

    /// <summary>The verdict over all checks: the worst of them.</summary>
    public required HealthVerdict Verdict { get; init; }

    /// <summary>True where the verdict is <see cref="HealthVerdict.Healthy"/>.</summary>
    public bool Healthy => Verdict == HealthVerdict.Healthy;

    /// <summary>Each check with what it found.</summary>
    public IReadOnlyList<HealthCheckResult> Checks { get; init; } = [];

    /// <summary>When the verdict was reached.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>What each check found, in one sentence each.</summary>
    internal string Findings => string.Join("; ", Checks.Select(check => $"{check.Name}: {check.Message ?? check.Verdict.ToString()}"));

    /// <summary>Each check's verdict, as it is kept with the rollout.</summary>
    internal IEnumerable<RolloutDecision> ToDecisions() => Checks.Select(check => RolloutDecision.Of(check, At));
}

/// <summary>What one check found.</summary>
public sealed record HealthCheckResult
{
    /// <summary>The check's name.</summary>
    public required string Name { get; init; }

    /// <summary>Its kind: <c>Http</c>, <c>Container</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>What was asked: an address, a resolved query.</summary>
    public string? Query { get; init; }

    /// <summary>What came back: <c>200</c>, <c>0.12%</c>.</summary>
    public string? Value { get; init; }

    /// <summary>What was wanted.</summary>
    public string? Threshold { get; init; }

    /// <summary>How many samples the verdict rests on.</summary>
    public int Samples { get; init; }

    /// <summary>The verdict.</summary>
    public required HealthVerdict Verdict { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public string? Message { get; init; }

    /// <summary>What the judge says, where the check compares with a baseline.</summary>
    public Judgement? Judgement { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Verdict}";
}

/// <summary>What is known about a thing's health.</summary>
public enum HealthVerdict
{
    /// <summary>Good, on the evidence.</summary>
    Healthy,
    /// <summary>Bad, on the evidence.</summary>
    Unhealthy,
    /// <summary>The evidence does not say.</summary>
    Inconclusive,
}
