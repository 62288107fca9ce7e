namespace Rollout;

/// <summary>
/// Asks Prometheus for the numbers of a canary and of a baseline, and has the judge compare them. In a query <c>{{role}}</c> stands for the side, besides
/// what a query of <see cref="PrometheusHealthCheck"/> may have.
/// </summary>
public sealed record BaselineHealthCheck : WebHealthCheck
{
    /// <summary>Creates the check: what is over time already is certain at once, and is worth no look each second.</summary>
    public BaselineHealthCheck()
    {
        FailureLimit = 1;
        Interval = TimeSpan.FromSeconds(10);
        Timeout = TimeSpan.FromSeconds(10);
    }

    /// <inheritdoc/>
    public override string Kind => "Baseline";

    /// <summary>What is compared.</summary>
    public required IReadOnlyList<BaselineMetric> Metrics { get; init; }

    /// <summary>What <c>{{role}}</c> stands for on the side of the new version.</summary>
    public string CanaryRole { get; init; } = "canary";

    /// <summary>What <c>{{role}}</c> stands for on the side of the version it is compared with.</summary>
    public string BaselineRole { get; init; } = "baseline";

    /// <summary>The time that is looked back at.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The time between two samples.</summary>
    public TimeSpan Step { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What <c>{{quantile}}</c> stands for.</summary>
    public double Quantile { get; init; } = 0.95;

    /// <summary>From this score on it is Healthy.</summary>
    public double PassScore { get; init; } = 95;

    /// <summary>Below this score it is Unhealthy; between the two the verdict is Inconclusive.</summary>
    public double MarginalScore { get; init; } = 75;

    /// <summary>What it means that half of the metrics or more have no data.</summary>
    public NoEvidence OnNoData { get; init; }

    /// <summary>What it means that Prometheus cannot be asked.</summary>
    public NoEvidence OnError { get; init; }
}
