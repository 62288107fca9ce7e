using MathNet.Numerics.Distributions;
using MathNet.Numerics.Statistics;

namespace Rollout.Engine.Health.Judge;

/// <summary>
/// Compares the canary's samples of one metric with the baseline's, as the judge of Spinnaker's Kayenta does: the canary is High where the
/// whole interval of the shift is above a quarter of the estimate, and Low where it is below the same on the other side. Sides too small
/// to tell anything have no data here, where Kayenta calls the smallest difference of two samples certain.
/// </summary>
internal sealed class MetricClassifier(Random random)
{
    internal const double Confidence = 0.98;

    /// <summary>The share of the estimate that the interval's nearer end must clear.</summary>
    private const double Tolerance = 0.25;

    /// <summary>The spread of the noise that two constants are given, as a share of each.</summary>
    private const double Noise = 1e-5;

    internal MetricJudgement Classify(MetricSamples samples)
    {
        var metric = samples.Metric;
        var (canary, baseline) = (SampleCleaning.Clean(samples.Canary, metric), SampleCleaning.Clean(samples.Baseline, metric));
        var (canaryLine, baselineLine) = Sparkline.Of(samples.Canary, samples.Baseline);
        var untold = new MetricJudgement
        {
            Name = metric.Name,
            Group = metric.Group,
            Critical = metric.Critical,
            Classification = MetricClassification.Pass,
            Canary = Summary(canary, samples.Canary, canaryLine),
            Baseline = Summary(baseline, samples.Baseline, baselineLine),
            Message = "",
        };

        if (canary.Length == 0 || baseline.Length == 0) return WithoutData(untold, metric, Explanation.NoSamples(canary.Length, baseline.Length));
        if (canary.AsSpan().SequenceEqual(baseline)) return untold with { Message = Explanation.Same };
        if (Constant(canary) && canary[0] == baseline[0] && Constant(baseline)) return untold with { Message = Explanation.Same };
        if (!Shift.CanTell(canary.Length, baseline.Length, Confidence)) return WithoutData(untold, metric, Explanation.TooFew(canary.Length, baseline.Length));
        return Constant(canary) && Constant(baseline)
            ? Compare(untold, metric, WithNoise(canary), WithNoise(baseline))
            : Compare(untold, metric, canary, baseline);
    }

    private static MetricJudgement Compare(MetricJudgement untold, BaselineMetric metric, double[] canary, double[] baseline)
    {
        var shift = Shift.Of(canary, baseline, Confidence);
        var effect = EffectSize.Of(metric.Effect, canary, baseline);
        var difference = Certain(shift);
        var classification = Counts(difference, metric, effect) ? difference : MetricClassification.Pass;
        return untold with
        {
            Classification = classification,
            Estimate = shift.Estimate,
            Lower = shift.Lower,
            Upper = shift.Upper,
            PValue = MannWhitney.Of(canary, baseline).PValue,
            EffectSize = effect,
            Message = Explanation.Compared(metric, shift, effect, difference, classification, canary.Length, baseline.Length),
        };
    }

    /// <summary>Whether the canary is certainly higher or lower, whatever that means for the metric.</summary>
    internal static MetricClassification Certain(Shift shift)
    {
        var tolerance = Tolerance * Math.Abs(shift.Estimate);
        if (shift.Lower > tolerance) return MetricClassification.High;
        return shift.Upper < -tolerance ? MetricClassification.Low : MetricClassification.Pass;
    }

    /// <summary>Whether such a difference is bad for the metric, and large enough to count. One of which the size cannot be said counts.</summary>
    internal static bool Counts(MetricClassification difference, BaselineMetric metric, double? effect) => difference switch
    {
        MetricClassification.High => metric.Direction != MetricDirection.Decrease && !(effect < metric.AllowedIncrease),
        MetricClassification.Low => metric.Direction != MetricDirection.Increase && !(effect > metric.AllowedDecrease),
        _ => false,
    };

    private static MetricJudgement WithoutData(MetricJudgement untold, BaselineMetric metric, string message) => untold with
    {
        Classification = metric.MustHaveData ? MetricClassification.NodataFail : MetricClassification.Nodata,
        Message = message,
    };

    private static SampleSummary Summary(double[] kept, IReadOnlyList<double> all, string sparkline) =>
        new(kept.Length, all.Count - kept.Length, kept.Length > 0 ? ArrayStatistics.Mean(kept) : null, sparkline);

    private static bool Constant(double[] sorted) => sorted[0] == sorted[^1];

    private double[] WithNoise(double[] constant) =>
        [.. constant.Select(value => Normal.Sample(random, value, Noise * Math.Abs(value))).Order()];
}
