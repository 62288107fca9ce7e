using System.Text.Json.Serialization;

namespace Rollout;

/// <summary>A metric of which the judge compares the canary's samples with the baseline's, and what counts as a difference.</summary>
public sealed record BaselineMetric
{
    /// <summary>The name under which it is shown.</summary>
    public required string Name { get; init; }

    /// <summary>The query in PromQL whose samples are compared; <c>{{role}}</c> in it stands for the side.</summary>
    public required string Query { get; init; }

    /// <summary>The query of the baseline's samples; null where it is the same, but for <c>{{role}}</c>.</summary>
    public string? BaselineQuery { get; init; }

    /// <summary>The group in whose score it counts.</summary>
    public string Group { get; init; } = "metrics";

    /// <summary>The direction that is bad: a latency's is <see cref="MetricDirection.Increase"/>.</summary>
    public MetricDirection Direction { get; init; }

    /// <summary>True where the score is 0 unless it passes.</summary>
    public bool Critical { get; init; }

    /// <summary>True where having no samples is a failure.</summary>
    public bool MustHaveData { get; init; }

    /// <summary>What a sample that is no number stands for.</summary>
    public NaNStrategy NaN { get; init; }

    /// <summary>True to leave out samples far outside the others of their side.</summary>
    public bool RemoveOutliers { get; init; }

    /// <summary>How the size of a difference is measured.</summary>
    public EffectMeasure Effect { get; init; }

    /// <summary>The effect size from which an increase counts: 1.1 with the ratio of means is a tenth more. Null: any certain increase.</summary>
    public double? AllowedIncrease { get; init; }

    /// <summary>The effect size down from which a decrease counts: 0.9 with the ratio of means is a tenth less. Null: any certain decrease.</summary>
    public double? AllowedDecrease { get; init; }
}

/// <summary>In which direction a canary's metric may not differ.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MetricDirection>))]
public enum MetricDirection
{
    /// <summary>Neither more nor less.</summary>
    Either,
    /// <summary>Not more: latency, errors.</summary>
    Increase,
    /// <summary>Not less: throughput.</summary>
    Decrease,
}

/// <summary>What a sample stands for that is no number (NaN, or infinite as a share of nothing is).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NaNStrategy>))]
public enum NaNStrategy
{
    /// <summary>Nothing: it is left out.</summary>
    Remove,
    /// <summary>0.</summary>
    Zero,
}

/// <summary>How the size of a difference is measured.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EffectMeasure>))]
public enum EffectMeasure
{
    /// <summary>The canary's mean over the baseline's, where both are positive: 1 is no difference.</summary>
    MeanRatio,
    /// <summary>How likely a sample of the canary is greater than one of the baseline: 0.5 is no difference.</summary>
    CommonLanguage,
}
