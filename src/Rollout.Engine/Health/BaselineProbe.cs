using System.Globalization;
using Rollout.Engine.Health.Judge;
using Rollout.Engine.Health.Prometheus;

namespace Rollout.Engine.Health;

/// <summary>Asks Prometheus for the samples of both sides over the same time, all queries at once, and has the judge compare them.</summary>
internal sealed class BaselineProbe(BaselineHealthCheck check, RolloutStatus rollout, DateTimeOffset? since, TimeProvider time, Random random) : IHealthProbe
{
    private readonly PrometheusServer prometheus = new(check, since, time);

    public string? Query => string.Join("; ", check.Metrics.SelectMany(metric => (string[])[Canary(metric), Baseline(metric)]));

    public string Threshold => string.Create(CultureInfo.InvariantCulture, $"score of at least {check.PassScore:0.#}");

    public async Task<HealthTry> TryAsync(CancellationToken cancellation)
    {
        try
        {
            var samples = await Task.WhenAll(check.Metrics.Select(metric => SamplesAsync(metric, cancellation)));
            return ToTry(CanaryJudge.Judge(samples, random, check.MarginalScore, check.PassScore), check.OnNoData);
        }
        catch (NoAnswerException problem)
        {
            return problem.ToTry(check.OnError);
        }
    }

    public void Dispose() => prometheus.Dispose();

    /// <summary>A score in between is not enough for either verdict.</summary>
    internal static HealthTry ToTry(Judgement judgement, NoEvidence onNoData)
    {
        var value = string.Create(CultureInfo.InvariantCulture, $"score {judgement.Score:0.#}");
        var found = judgement.Classification switch
        {
            ScoreClassification.Pass => new HealthTry(HealthVerdict.Healthy, value, Message(judgement)),
            ScoreClassification.Fail => new HealthTry(HealthVerdict.Unhealthy, value, Message(judgement)),
            ScoreClassification.Marginal => new HealthTry(HealthVerdict.Inconclusive, value, Message(judgement)),
            _ => HealthTry.Without(onNoData, value, Message(judgement)),
        };
        return found with { Judgement = judgement, Samples = judgement.Metrics.Sum(metric => metric.Canary.Count + metric.Baseline.Count) };
    }

    /// <summary>The score's reason, and that of each metric that does not pass.</summary>
    private static string Message(Judgement judgement) => ForeignText.Neutralise(string.Join(
        " ", judgement.Metrics.Where(metric => metric.Classification != MetricClassification.Pass).Select(metric => $"{metric.Name}: {metric.Message}").Prepend(judgement.Message)));

    private async Task<MetricSamples> SamplesAsync(BaselineMetric metric, CancellationToken cancellation)
    {
        var (canary, baseline) = (NumbersAsync(Canary(metric), cancellation), NumbersAsync(Baseline(metric), cancellation));
        await Task.WhenAll(canary, baseline);
        return new MetricSamples(metric, await canary, await baseline);
    }

    /// <summary>The numbers of all series of a side, in the order of time: each replica is as good a witness as the other.</summary>
    private async Task<IReadOnlyList<double>> NumbersAsync(string query, CancellationToken cancellation)
    {
        var (series, _) = await prometheus.RangeAsync(query, check.Window, check.Step, cancellation);
        return [.. series.SelectMany(one => one.Samples).OrderBy(sample => sample.At).Select(sample => sample.Value)];
    }

    private string Canary(BaselineMetric metric) => Resolve(metric.Query, check.CanaryRole);

    private string Baseline(BaselineMetric metric) => Resolve(metric.BaselineQuery ?? metric.Query, check.BaselineRole);

    private string Resolve(string template, string role) => QueryTemplate.Resolve(template, rollout, prometheus.Window(check.Window), check.Quantile, role);
}
