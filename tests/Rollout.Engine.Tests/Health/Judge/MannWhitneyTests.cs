using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Health.Judge;
using Xunit;
using static Rollout.Engine.Tests.Health.Judge.Samples;

namespace Rollout.Engine.Tests.Health.Judge;

public sealed class MannWhitneyTests
{
    /// <summary>Ozone in New York in May and August 1973 (Chambers et al., "Graphical Methods for Data Analysis", 1983).</summary>
    private static readonly double[] May = Sorted(41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45, 115, 37);
    private static readonly double[] August = Sorted(39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76, 118, 84, 85);

    /// <summary>The critical values of U, two-sided, for two sides of n samples, as they are printed: of at most this many a difference is significant.</summary>
    [Theory]
    [InlineData(5, 2, 0)]
    [InlineData(6, 5, 2)]
    [InlineData(7, 8, 4)]
    [InlineData(8, 13, 7)]
    [InlineData(9, 17, 11)]
    [InlineData(10, 23, 16)]
    [InlineData(11, 30, 21)]
    [InlineData(12, 37, 27)]
    [InlineData(13, 45, 34)]
    [InlineData(14, 55, 42)]
    [InlineData(15, 64, 51)]
    [InlineData(16, 75, 60)]
    [InlineData(17, 87, 70)]
    [InlineData(18, 99, 81)]
    [InlineData(19, 113, 93)]
    [InlineData(20, 127, 105)]
    public void It_agrees_with_the_printed_critical_values(int n, int atFivePercent, int atOnePercent)
    {
        // The tables are exact, the judge's test is an approximation, never the laxer of the two: at most one step stricter at 5 %, two at 1 %.
        Assert.Equal(atFivePercent, Critical(n, 0.05, RankTest.ExactP));
        Assert.Equal(atOnePercent, Critical(n, 0.01, RankTest.ExactP));
        Assert.InRange(Critical(n, 0.05, P), atFivePercent - 1, atFivePercent);
        Assert.InRange(Critical(n, 0.01, P), atOnePercent - 2, atOnePercent);
    }

    [Fact]
    public void It_agrees_with_published_examples()
    {
        // Ozone: R's own example of wilcox.test, W = 127.5, p-value = 0.0001208.
        Assert.Equal(127.5, MannWhitney.Of(May, August).U);
        Assert.Equal(0.0001208, MannWhitney.Of(May, August).PValue, 7);

        // Ages at the onset of diabetes: SciPy's example of mannwhitneyu, U = 17, p = 0.11134688653314041.
        var ages = MannWhitney.Of(Sorted(19, 22, 16, 29, 24), Sorted(20, 11, 17, 12));
        Assert.Equal(17, ages.U);
        Assert.Equal(0.11134688653314041, ages.PValue, 12);

        // Aesop's race in the order of arrival, T H H H H H T T T T T H, with which the test is often explained: the tortoises beat hares 11 times.
        var hares = MannWhitney.Of(Sorted(2, 3, 4, 5, 6, 12), Sorted(1, 7, 8, 9, 10, 11));
        Assert.Equal((11, 18), (hares.U, hares.Mean));
        Assert.Equal(Math.Sqrt(39), hares.Sigma, 12);
    }

    [Fact]
    public void It_agrees_with_a_test_by_ranks() =>
        Prop.ForAll(WithTies, sides =>
        {
            var test = MannWhitney.Of(sides.Canary, sides.Baseline);
            return test.U == RankTest.U(sides.Canary, sides.Baseline)
                && Near(test.Sigma, RankTest.Sigma(sides.Canary, sides.Baseline), 1e-6)
                && (test.Sigma < 1e-6 || Near(test.Z, RankTest.Z(sides.Canary, sides.Baseline), 1e-9));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Its_probability_is_near_the_one_by_counting_all_ways() =>
        Prop.ForAll(WithoutTies, sides =>
        {
            var test = MannWhitney.Of(sides.Canary, sides.Baseline);
            var u = (int)Math.Min(test.U, 2 * test.Mean - test.U);
            var exact = Math.Min(1, RankTest.ExactP(sides.Canary.Length, sides.Baseline.Length, u));
            return Near(test.PValue, exact, 0.005 + 0.05 * exact);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Swapped_sides_are_the_mirror_image() =>
        Prop.ForAll(WithTies, sides =>
        {
            var (test, swapped) = (MannWhitney.Of(sides.Canary, sides.Baseline), MannWhitney.Of(sides.Baseline, sides.Canary));
            return test.U + swapped.U == 2 * test.Mean && test.Z == -swapped.Z && test.PValue == swapped.PValue;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_greater_sample_never_makes_it_less() =>
        Prop.ForAll(WithTies, Gen.Choose(0, 11).ToArbitrary(), (sides, index) =>
        {
            var raised = sides.Canary.ToArray();
            raised[index % raised.Length] += 2;
            return MannWhitney.Of(Sorted(raised), sides.Baseline).U >= MannWhitney.Of(sides.Canary, sides.Baseline).U;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Nothing_but_equal_samples_says_nothing()
    {
        var test = MannWhitney.Of([3, 3, 3], [3, 3]);

        Assert.Equal((3, 3, 0, 0, 1), (test.U, test.Mean, test.Sigma, test.Z, test.PValue));
    }

    private static int Critical(int n, double alpha, Func<int, int, int, double> probability) =>
        Enumerable.Range(0, n * n / 2).Count(u => probability(n, n, u) <= alpha) - 1;

    private static double P(int n, int m, int u) => (MannWhitney.Separate(n, m) with { U = u }).PValue;

    private static bool Near(double one, double other, double tolerance) => Math.Abs(one - other) <= tolerance;
}
