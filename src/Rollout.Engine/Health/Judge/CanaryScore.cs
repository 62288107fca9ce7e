using System.Globalization;

namespace Rollout.Engine.Health.Judge;

/// <summary>
/// Sums the metrics up, as the judge of Spinnaker's Kayenta does: a group's score is the share of its metrics that pass, the score the mean
/// of the groups'. Metrics without data count only where they must have some.
/// </summary>
/// <param name="marginal">Below this score the canary fails.</param>
/// <param name="pass">From this score on it passes.</param>
internal sealed class CanaryScore(double marginal, double pass)
{
    internal Judgement Of(IReadOnlyList<MetricJudgement> metrics)
    {
        var critical = metrics.Where(metric => metric.Critical && metric.Classification != MetricClassification.Pass).ToList();
        var silent = metrics.Count(metric => metric.Classification == MetricClassification.Nodata);

        if (2 * silent >= metrics.Count && critical.TrueForAll(metric => metric.Classification == MetricClassification.Nodata))
        {
            return Judgement(0, ScoreClassification.Nodata, metrics, $"{silent} of {metrics.Count} metrics have no data");
        }

        if (critical.Count > 0) return Judgement(0, ScoreClassification.Fail, metrics, $"{List(critical)}, and that is critical");

        var score = metrics.GroupBy(metric => metric.Group, StringComparer.Ordinal).Select(GroupScore).OfType<double>().Average();
        return Judgement(score, Classify(score), metrics, Summary(metrics));
    }

    private ScoreClassification Classify(double score)
    {
        if (score >= pass) return ScoreClassification.Pass;
        return score >= marginal ? ScoreClassification.Marginal : ScoreClassification.Fail;
    }

    private static double? GroupScore(IEnumerable<MetricJudgement> group)
    {
        var counted = group.Where(metric => metric.Classification != MetricClassification.Nodata).ToList();
        return counted.Count == 0 ? null : 100.0 * counted.Count(metric => metric.Classification == MetricClassification.Pass) / counted.Count;
    }

    private static string Summary(IReadOnlyList<MetricJudgement> metrics)
    {
        var others = metrics.Where(metric => metric.Classification != MetricClassification.Pass).ToList();
        return others.Count == 0 ? $"all {metrics.Count} metrics pass" : $"{metrics.Count - others.Count} of {metrics.Count} metrics pass; {List(others)}";
    }

    private static string List(IEnumerable<MetricJudgement> metrics) => string.Join(", ", metrics.Select(metric => $"{metric.Name} is {metric.Classification}"));

    private Judgement Judgement(double score, ScoreClassification classification, IReadOnlyList<MetricJudgement> metrics, string why) => new()
    {
        Score = score,
        Classification = classification,
        Message = string.Create(CultureInfo.InvariantCulture, $"{classification}, with a score of {score:0.#} of 100 ({pass:0.#} passes, {marginal:0.#} is marginal): {why}."),
        Metrics = metrics,
    };
}
