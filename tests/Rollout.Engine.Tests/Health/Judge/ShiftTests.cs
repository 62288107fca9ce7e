using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Health.Judge;
using Xunit;
using static Rollout.Engine.Tests.Health.Judge.Samples;

namespace Rollout.Engine.Tests.Health.Judge;

public sealed class ShiftTests
{
    private const double Confidence = 0.98;

    [Fact]
    public void The_estimate_is_the_median_of_the_differences_of_all_pairs() =>
        Prop.ForAll(Sides, sides => Of(sides).Estimate == RankTest.Median(sides.Canary, sides.Baseline)).QuickCheckThrowOnFailure();

    [Fact]
    public void The_ends_are_where_the_test_begins_to_reject() =>
        Prop.ForAll(Sides, sides =>
        {
            var shift = Of(sides);
            return shift.Lower == RankTest.Lower(sides.Canary, sides.Baseline) && shift.Upper == -RankTest.Lower(sides.Baseline, sides.Canary);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void It_agrees_with_a_published_estimate()
    {
        // Permeability of the human placenta at term and between the 12th and 26th week (Hollander and Wolfe, "Nonparametric Statistical Methods", 1973).
        double[] term = Sorted(0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46);
        double[] early = Sorted(1.15, 0.88, 0.90, 0.74, 1.21);

        Assert.Equal(35, MannWhitney.Of(term, early).U);
        Assert.Equal(0.305, Shift.Of(term, early, Confidence).Estimate, 12);
    }

    [Fact]
    public void Swapped_sides_are_the_mirror_image() =>
        Prop.ForAll(Sides, sides => Of((sides.Baseline, sides.Canary)) is var swapped && Of(sides) == new Shift(-swapped.Estimate, -swapped.Upper, -swapped.Lower))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void It_goes_with_the_canary_and_with_the_scale() =>
        Prop.ForAll(Sides, Gen.Choose(-1000, 1000).ToArbitrary(), Gen.Choose(-30, 30).ToArbitrary(), (sides, moved, exponent) =>
        {
            // Powers of two, with which nothing is rounded.
            var (shift, scale) = (Of(sides), Math.ScaleB(1, exponent));
            var there = Of((Each(sides.Canary, sample => (sample + moved) * scale), Each(sides.Baseline, sample => sample * scale)));
            return there == new Shift((shift.Estimate + moved) * scale, (shift.Lower + moved) * scale, (shift.Upper + moved) * scale);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_greater_sample_of_the_canary_never_brings_it_down() =>
        Prop.ForAll(WithoutTies, Gen.Choose(0, 11).ToArbitrary(), (sides, index) =>
        {
            var raised = sides.Canary.ToArray();
            raised[index % raised.Length] += 1 << 25;
            var (before, after) = (Of(sides), Of((Sorted(raised), sides.Baseline)));
            return after.Estimate >= before.Estimate && after.Lower >= before.Lower && after.Upper >= before.Upper;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_estimate_is_within_the_interval() =>
        Prop.ForAll(Sides, sides => Of(sides) is var shift && shift.Lower <= shift.Estimate && shift.Estimate <= shift.Upper).QuickCheckThrowOnFailure();

    /// <summary>4 samples against 4 are 70 ways, of which the 2 outermost are more than 2 %; 5 against 5 are 252.</summary>
    [Theory]
    [InlineData(1, 1, false)]
    [InlineData(4, 4, false)]
    [InlineData(5, 5, true)]
    [InlineData(2, 500, true)]
    [InlineData(1, 500, false)]
    [InlineData(60, 60, true)]
    public void So_few_samples_that_no_outcome_is_certain_tell_nothing(int canary, int baseline, bool enough) =>
        Assert.Equal(enough, Shift.CanTell(canary, baseline, Confidence));

    private static Arbitrary<(double[] Canary, double[] Baseline)> Sides { get; } =
        Gen.OneOf(WithTies.Generator.Where(sides => Constant(sides.Canary) + Constant(sides.Baseline) < 2), WithoutTies.Generator).ToArbitrary();

    private static int Constant(double[] sorted) => sorted[0] == sorted[^1] ? 1 : 0;

    private static Shift Of((double[] Canary, double[] Baseline) sides) => Shift.Of(sides.Canary, sides.Baseline, Confidence);

    private static double[] Each(double[] samples, Func<double, double> change) => [.. samples.Select(change)];
}
