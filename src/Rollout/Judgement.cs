namespace Rollout;

/// <summary>What the judge says of a canary beside its baseline, and why.</summary>
public sealed record Judgement
{
    /// <summary>0 to 100: the share of the metrics that pass, the mean over their groups.</summary>
    public required double Score { get; init; }

    /// <summary>What the score amounts to.</summary>
    public required ScoreClassification Classification { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public required string Message { get; init; }

    /// <summary>Each metric with what was found.</summary>
    public IReadOnlyList<MetricJudgement> Metrics { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() => Message;
}

/// <summary>What a score amounts to.</summary>
public enum ScoreClassification
{
    /// <summary>At least the score that passes.</summary>
    Pass,
    /// <summary>Between the marginal score and the one that passes.</summary>
    Marginal,
    /// <summary>Below the marginal score, or a critical metric does not pass.</summary>
    Fail,
    /// <summary>Half of the metrics or more have no data.</summary>
    Nodata,
}
