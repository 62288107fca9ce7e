using MathNet.Numerics.Distributions;

namespace Rollout.Engine.Health.Judge;

/// <summary>
/// By how much the canary is above the baseline: the shift that, taken back, makes the sides equal by the Mann-Whitney test. The estimate is
/// that of Hodges and Lehmann ("Estimates of location based on rank tests", 1963), the median of the differences of all pairs; the
/// interval holds the shifts that the test does not reject.
/// </summary>
/// <param name="Estimate">The shift at which U is at its mean.</param>
/// <param name="Lower">The interval's lower end.</param>
/// <param name="Upper">Its upper end.</param>
internal sealed record Shift(double Estimate, double Lower, double Upper)
{
    /// <summary>Enough halvings to tell neighbours among the differences of any samples that a double tells apart.</summary>
    private const int Halvings = 64;

    /// <summary>Measures the shift.</summary>
    /// <param name="canary">In ascending order.</param>
    /// <param name="baseline">In ascending order.</param>
    /// <param name="confidence">That the interval holds the true shift: 0.98.</param>
    internal static Shift Of(double[] canary, double[] baseline, double confidence)
    {
        var quantile = Quantile(confidence);
        return new Shift(
            Root(canary, baseline, shift => MannWhitney.Of(canary, baseline, shift).UncorrectedZ),
            Root(canary, baseline, shift => MannWhitney.Of(canary, baseline, shift).Z - quantile),
            Root(canary, baseline, shift => MannWhitney.Of(canary, baseline, shift).Z + quantile));
    }

    /// <summary>True where sides of these sizes are enough to reject anything; of fewer samples the interval is all that there is, and no evidence.</summary>
    internal static bool CanTell(int canary, int baseline, double confidence) => MannWhitney.Separate(canary, baseline).Z > Quantile(confidence);

    private static double Quantile(double confidence) => Normal.InvCDF(0, 1, (1 + confidence) / 2);

    /// <summary>
    /// Where a falling staircase crosses 0: the middle between the last shift above and the first below. Its steps are at the differences of
    /// pairs and nowhere else, so an end of a step is taken from those: a metric's scale is no matter, and of equal samples the root is 0.
    /// </summary>
    private static double Root(double[] canary, double[] baseline, Func<double, double> staircase)
    {
        var (least, most) = (canary[0] - baseline[^1], canary[^1] - baseline[0]);
        if (staircase(least) <= 0) return least;
        if (staircase(most) >= 0) return most;

        var above = Step(shift => staircase(shift) > 0);
        var below = Step(shift => staircase(shift) >= 0);
        return above == below ? above : above + (below - above) / 2;

        double Step(Predicate<double> before)
        {
            var (low, high) = (least, most);
            for (var i = 0; i < Halvings; i++)
            {
                var middle = low + (high - low) / 2;
                if (before(middle)) low = middle;
                else high = middle;
            }

            return NearestDifference(canary, baseline, low + (high - low) / 2);
        }
    }

    /// <summary>The difference of a pair that is nearest to a shift: with each sample of the canary, one of the two of the baseline around it.</summary>
    private static double NearestDifference(double[] canary, double[] baseline, double shift)
    {
        var nearest = double.PositiveInfinity;
        foreach (var sample in canary)
        {
            var found = Array.BinarySearch(baseline, sample - shift);
            var next = found < 0 ? ~found : found;
            if (next < baseline.Length) Try(sample - baseline[next]);
            if (next > 0) Try(sample - baseline[next - 1]);
        }

        return nearest;

        void Try(double difference)
        {
            if (Math.Abs(difference - shift) < Math.Abs(nearest - shift)) nearest = difference;
        }
    }
}
