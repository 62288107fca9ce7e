using System.Globalization;

namespace Rollout.Engine.Health.Judge;

/// <summary>What the judge found in a metric, in a sentence with the numbers that it rests on.</summary>
internal static class Explanation
{
    internal const string Same = "The canary's samples and the baseline's are the same.";

    internal static string NoSamples(int canary, int baseline) => (canary, baseline) switch
    {
        (0, 0) => "Neither the canary nor the baseline has samples.",
        (0, _) => $"The canary has no samples; the baseline has {baseline}.",
        _ => $"The baseline has no samples; the canary has {canary}.",
    };

    internal static string TooFew(int canary, int baseline) =>
        Text($"{canary} samples of the canary and {baseline} of the baseline are too few to tell anything with {MetricClassifier.Confidence:0.##%} confidence.");

    /// <param name="metric">The metric.</param>
    /// <param name="shift">By how much the canary is above the baseline.</param>
    /// <param name="effect">The size of the difference.</param>
    /// <param name="difference">Whether the canary is certainly higher or lower.</param>
    /// <param name="classification">What the metric is classified as.</param>
    /// <param name="canary">The canary's number of samples.</param>
    /// <param name="baseline">The baseline's.</param>
    internal static string Compared(
        BaselineMetric metric, Shift shift, double? effect, MetricClassification difference, MetricClassification classification, int canary, int baseline) =>
        Text($"{Finding(metric, difference, classification)}: the difference is {Number(shift.Estimate)}, with {MetricClassifier.Confidence:0.##%} confidence from {Number(shift.Lower)} to {Number(shift.Upper)}; {Size(metric, effect)}{canary} samples against {baseline}.");

    private static string Finding(BaselineMetric metric, MetricClassification difference, MetricClassification classification) => (difference, classification) switch
    {
        (MetricClassification.High, MetricClassification.High) => "The canary is higher than the baseline",
        (MetricClassification.Low, MetricClassification.Low) => "The canary is lower than the baseline",
        (MetricClassification.High, _) when metric.Direction == MetricDirection.Decrease => "The canary is higher than the baseline, which is not bad",
        (MetricClassification.Low, _) when metric.Direction == MetricDirection.Increase => "The canary is lower than the baseline, which is not bad",
        (MetricClassification.High, _) => Text($"The canary is higher than the baseline, by less than is allowed ({Number(metric.AllowedIncrease)})"),
        (MetricClassification.Low, _) => Text($"The canary is lower than the baseline, by less than is allowed ({Number(metric.AllowedDecrease)})"),
        _ => "The canary is not certainly different from the baseline",
    };

    private static string Size(BaselineMetric metric, double? effect) => (metric.Effect, effect) switch
    {
        (_, null) => "",
        (EffectMeasure.MeanRatio, _) => Text($"its mean is {Number(effect)} times the baseline's; "),
        _ => Text($"its sample is the greater in {effect:0.#%} of the pairs; "),
    };

    private static string Number(double? value) => value?.ToString("G4", CultureInfo.InvariantCulture) ?? "";

    private static string Text(FormattableString text) => text.ToString(Percents);

    /// <summary>The invariant culture, which has a space before the percent sign, without that.</summary>
    private static readonly NumberFormatInfo Percents = new() { PercentPositivePattern = 1 };
}
