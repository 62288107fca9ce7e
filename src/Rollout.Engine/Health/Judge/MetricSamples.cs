namespace Rollout.Engine.Health.Judge;

/// <summary>The samples of a metric on both sides, as they came, in the order of time.</summary>
/// <param name="Metric">The metric.</param>
/// <param name="Canary">Of the new version.</param>
/// <param name="Baseline">Of the version it is compared with: as many fresh replicas as the canary has, not those that have long been warm.</param>
internal sealed record MetricSamples(BaselineMetric Metric, IReadOnlyList<double> Canary, IReadOnlyList<double> Baseline);
