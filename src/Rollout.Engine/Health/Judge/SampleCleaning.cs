using MathNet.Numerics.Statistics;

namespace Rollout.Engine.Health.Judge;

/// <summary>What is left out before the sides are compared: samples that are no numbers, and, where that is asked for, outliers.</summary>
internal static class SampleCleaning
{
    private const double FarOut = 3;

    /// <summary>The samples to compare, in ascending order.</summary>
    internal static double[] Clean(IEnumerable<double> samples, BaselineMetric metric)
    {
        var numbers = metric.NaN == NaNStrategy.Zero
            ? samples.Select(sample => double.IsFinite(sample) ? sample : 0)
            : samples.Where(double.IsFinite);
        var sorted = numbers.Order().ToArray();
        return metric.RemoveOutliers ? WithoutOutliers(sorted) : sorted;
    }

    /// <summary>
    /// Tukey's outer fences, three interquartile ranges beyond the quartiles, but never so near that more than the outermost hundredth goes:
    /// where most samples are equal the range is nothing, and the fences alone would throw away all others.
    /// </summary>
    private static double[] WithoutOutliers(double[] sorted)
    {
        if (sorted.Length == 0) return sorted;
        var (first, third) = (Quantile(sorted, 0.25), Quantile(sorted, 0.75));
        var reach = FarOut * (third - first);
        var lowest = Math.Min(Quantile(sorted, 0.01), first - reach);
        var highest = Math.Max(Quantile(sorted, 0.99), third + reach);
        return [.. sorted.Where(sample => sample >= lowest && sample <= highest)];
    }

    private static double Quantile(double[] sorted, double share) => SortedArrayStatistics.QuantileCustom(sorted, share, QuantileDefinition.R7);
}
