namespace Rollout;

/// <summary>What the judge found in one metric.</summary>
public sealed record MetricJudgement
{
    /// <summary>The metric's name.</summary>
    public required string Name { get; init; }

    /// <summary>The group in whose score it counts.</summary>
    public required string Group { get; init; }

    /// <summary>True where the score is 0 unless it passes.</summary>
    public bool Critical { get; init; }

    /// <summary>What was found.</summary>
    public required MetricClassification Classification { get; init; }

    /// <summary>By how much the canary is above the baseline, the Hodges-Lehmann estimate; null where nothing was compared.</summary>
    public double? Estimate { get; init; }

    /// <summary>The lower end of the interval in which that difference is with the judge's confidence.</summary>
    public double? Lower { get; init; }

    /// <summary>The upper end of it.</summary>
    public double? Upper { get; init; }

    /// <summary>How likely sides that do not differ come out at least as different as these.</summary>
    public double? PValue { get; init; }

    /// <summary>The size of the difference, by the metric's measure; null where that cannot be said.</summary>
    public double? EffectSize { get; init; }

    /// <summary>The canary's samples.</summary>
    public required SampleSummary Canary { get; init; }

    /// <summary>The baseline's samples.</summary>
    public required SampleSummary Baseline { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public required string Message { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Message;
}

/// <summary>The samples of one side.</summary>
/// <param name="Count">How many were compared.</param>
/// <param name="Dropped">How many were left out: no numbers, outliers.</param>
/// <param name="Mean">Their mean; null where there are none.</param>
/// <param name="Sparkline">How they went over time, to the same scale as the other side; a gap is a sample that is no number.</param>
public sealed record SampleSummary(int Count, int Dropped, double? Mean, string Sparkline)
{
    /// <inheritdoc/>
    public override string ToString() => Sparkline;
}

/// <summary>How a canary's metric stands beside its baseline.</summary>
public enum MetricClassification
{
    /// <summary>Not certainly different, not enough, or not in the direction that is bad.</summary>
    Pass,
    /// <summary>Certainly higher.</summary>
    High,
    /// <summary>Certainly lower.</summary>
    Low,
    /// <summary>A side has no samples, or too few to tell anything.</summary>
    Nodata,
    /// <summary>The same, of a metric that must have data.</summary>
    NodataFail,
}
