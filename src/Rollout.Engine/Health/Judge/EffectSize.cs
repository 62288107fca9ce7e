using MathNet.Numerics.Statistics;

namespace Rollout.Engine.Health.Judge;

/// <summary>How large a difference is, whatever its certainty.</summary>
internal static class EffectSize
{
    /// <summary>The size by a measure; null where it says nothing: a ratio of means that are not both positive.</summary>
    internal static double? Of(EffectMeasure measure, double[] canary, double[] baseline) =>
        measure == EffectMeasure.CommonLanguage ? CommonLanguage(canary, baseline) : MeanRatio(canary, baseline);

    /// <summary>The share of the pairs in which the canary's sample is greater, an equal pair as half (McGraw and Wong, 1992).</summary>
    private static double CommonLanguage(double[] canary, double[] baseline) =>
        MannWhitney.Of(canary, baseline).U / canary.Length / baseline.Length;

    private static double? MeanRatio(double[] canary, double[] baseline)
    {
        var (numerator, denominator) = (ArrayStatistics.Mean(canary), ArrayStatistics.Mean(baseline));
        return numerator > 0 && denominator > 0 ? numerator / denominator : null;
    }
}
