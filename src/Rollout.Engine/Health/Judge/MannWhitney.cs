using MathNet.Numerics.Distributions;

namespace Rollout.Engine.Health.Judge;

/// <summary>
/// The rank test of Mann and Whitney ("On a test of whether one of two random variables is stochastically larger than the other", 1947):
/// U counts the pairs in which the canary's sample is the greater, an equal pair as half. With ranks, equal samples sharing their mean rank,
/// it is the same number. If the sides do not differ U is close to normal, with a spread that shrinks with each group of equal samples.
/// </summary>
/// <param name="U">The pairs in which the canary's sample is greater, and half of the equal ones.</param>
/// <param name="Mean">What U is on average where the sides do not differ.</param>
/// <param name="Sigma">Its standard deviation then; 0 where all samples are equal.</param>
internal sealed record MannWhitney(double U, double Mean, double Sigma)
{
    /// <summary>U goes in steps, the normal distribution does not: half a step towards the mean makes up for it.</summary>
    private const double Continuity = 0.5;

    /// <summary>How far U is from its mean, in standard deviations.</summary>
    internal double Z => Standardised(Continuity);

    /// <summary>The same without the correction for continuity.</summary>
    internal double UncorrectedZ => Standardised(0);

    /// <summary>How likely sides that do not differ come out at least as far from the mean, either way.</summary>
    internal double PValue => Math.Min(1, 2 * Normal.CDF(0, 1, -Math.Abs(Z)));

    /// <summary>Compares two sides.</summary>
    /// <param name="canary">In ascending order.</param>
    /// <param name="baseline">In ascending order.</param>
    /// <param name="shift">Taken from each of the canary's samples first.</param>
    internal static MannWhitney Of(ReadOnlySpan<double> canary, ReadOnlySpan<double> baseline, double shift = 0)
    {
        double u = 0, ties = 0;
        for (int i = 0, j = 0; i < canary.Length || j < baseline.Length;)
        {
            var value = Math.Min(i < canary.Length ? canary[i] - shift : double.PositiveInfinity, j < baseline.Length ? baseline[j] : double.PositiveInfinity);
            var (below, ofCanary, ofBaseline) = (j, 0, 0);
            for (; i < canary.Length && canary[i] - shift == value; i++) ofCanary++;
            for (; j < baseline.Length && baseline[j] == value; j++) ofBaseline++;

            u += ofCanary * (below + ofBaseline / 2.0);
            double equal = ofCanary + ofBaseline;
            ties += equal * equal * equal - equal;
        }

        return new MannWhitney(u, MeanOf(canary.Length, baseline.Length), SigmaOf(canary.Length, baseline.Length, ties));
    }

    /// <summary>Two sides of these sizes of which every sample of the canary is greater than every one of the baseline.</summary>
    internal static MannWhitney Separate(int canary, int baseline) => new((double)canary * baseline, MeanOf(canary, baseline), SigmaOf(canary, baseline, 0));

    private double Standardised(double correction)
    {
        var distance = U - Mean;
        return Sigma > 0 ? (distance - Math.Sign(distance) * correction) / Sigma : 0;
    }

    private static double MeanOf(double canary, double baseline) => canary * baseline / 2;

    private static double SigmaOf(double canary, double baseline, double ties)
    {
        var all = canary + baseline;
        return Math.Sqrt(Math.Max(0, canary * baseline / 12 * (all + 1 - ties / (all * (all - 1)))));
    }
}
