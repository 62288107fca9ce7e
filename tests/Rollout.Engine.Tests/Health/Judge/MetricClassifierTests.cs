using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Health.Judge;
using Xunit;
using static Rollout.MetricClassification;
using static Rollout.MetricDirection;

namespace Rollout.Engine.Tests.Health.Judge;

public sealed class MetricClassifierTests
{
    private static readonly BaselineMetric Metric = new() { Name = "latency", Query = "q" };
    private static readonly double[] Around10 = [.. Enumerable.Range(0, 30).Select(i => 10 + i % 7 * 0.1)];
    private static readonly double[] Around12 = [.. Enumerable.Range(0, 30).Select(i => 12 + i % 5 * 0.1)];

    [Theory]
    [InlineData(Either, High, Low)]
    [InlineData(Increase, High, Pass)]
    [InlineData(Decrease, Pass, Low)]
    public void Higher_and_lower_are_bad_where_the_direction_says_so(MetricDirection direction, MetricClassification whereHigher, MetricClassification whereLower)
    {
        var metric = Metric with { Direction = direction };

        Assert.Equal(whereHigher, Classify(metric, Around12, Around10).Classification);
        Assert.Equal(whereLower, Classify(metric, Around10, Around12).Classification);
    }

    /// <summary>The interval's nearer end must clear a quarter of the estimate.</summary>
    [Theory]
    [InlineData(4, 1, 7, Pass)]
    [InlineData(4, 1.001, 7, High)]
    [InlineData(4, -1, 7, Pass)]
    [InlineData(-4, -7, -1, Pass)]
    [InlineData(-4, -7, -1.001, Low)]
    [InlineData(0, 0, 0, Pass)]
    [InlineData(0, -1, 1, Pass)]
    public void A_difference_is_certain_where_its_interval_clears_a_quarter_of_the_estimate(double estimate, double lower, double upper, MetricClassification expected) =>
        Assert.Equal(expected, MetricClassifier.Certain(new Shift(estimate, lower, upper)));

    [Theory]
    [InlineData(High, 1.1, 1.1, null, true)]
    [InlineData(High, 1.09, 1.1, null, false)]
    [InlineData(High, null, 1.1, null, true)]
    [InlineData(High, 0.99, null, null, true)]
    [InlineData(Low, 0.9, null, 0.9, true)]
    [InlineData(Low, 0.91, null, 0.9, false)]
    [InlineData(Low, null, null, 0.9, true)]
    [InlineData(Pass, 2.0, 1.1, 0.9, false)]
    public void A_difference_counts_from_the_allowed_size_on(MetricClassification difference, double? effect, double? increase, double? decrease, bool counts) =>
        Assert.Equal(counts, MetricClassifier.Counts(difference, Metric with { AllowedIncrease = increase, AllowedDecrease = decrease }, effect));

    [Fact]
    public void The_size_is_the_ratio_of_the_means_or_how_often_the_canary_is_greater()
    {
        Assert.Equal(Around12.Average() / Around10.Average(), Classify(Metric, Around12, Around10).EffectSize!.Value, 12);
        Assert.Equal(1, Classify(Metric with { Effect = EffectMeasure.CommonLanguage }, Around12, Around10).EffectSize);
        Assert.Equal(0, Classify(Metric with { Effect = EffectMeasure.CommonLanguage }, Around10, Around12).EffectSize);

        // A mean of 0 has no ratio, and the difference counts whatever is allowed.
        var fromNothing = Classify(Metric with { AllowedIncrease = 1.5 }, Around12, [.. Enumerable.Repeat(0.0, 30)]);
        Assert.Null(fromNothing.EffectSize);
        Assert.Equal(High, fromNothing.Classification);
    }

    [Fact]
    public void A_side_without_samples_has_no_data_and_fails_only_where_it_must_have_some()
    {
        foreach (var (canary, baseline) in new (double[], double[])[] { ([], Around10), (Around10, []), ([], []), ([double.NaN], Around10) })
        {
            Assert.Equal(Nodata, Classify(Metric, canary, baseline).Classification);
            Assert.Equal(NodataFail, Classify(Metric with { MustHaveData = true }, canary, baseline).Classification);
        }
    }

    [Fact]
    public void Too_few_samples_are_no_evidence_however_far_apart()
    {
        Assert.Equal(Nodata, Classify(Metric, [1000, 1001, 1002, 1003], [1, 2, 3, 4]).Classification);
        Assert.Equal(High, Classify(Metric, [1000, 1001, 1002, 1003, 1004], [1, 2, 3, 4, 5]).Classification);
    }

    [Fact]
    public void The_same_samples_pass_in_whatever_order()
    {
        Assert.Equal(Pass, Classify(Metric, [3, 1, 2], [1, 2, 3]).Classification);
        Assert.Equal(Pass, Classify(Metric, [4, 4, 4], [4]).Classification);
        Assert.Equal(Pass, Classify(Metric, [4, 4, 4, 4, 4, 4, 4], [4, 4, 4, 4, 4]).Classification);
    }

    [Theory]
    [InlineData(5, 4, High)]
    [InlineData(4, 5, Low)]
    [InlineData(5, 0, High)]
    [InlineData(0, 5, Low)]
    [InlineData(-4, -5, High)]
    public void Two_constants_are_told_apart_through_a_little_noise(double canary, double baseline, MetricClassification expected)
    {
        var found = Classify(Metric, [.. Enumerable.Repeat(canary, 10)], [.. Enumerable.Repeat(baseline, 10)]);

        Assert.Equal(expected, found.Classification);
        Assert.Equal(canary - baseline, found.Estimate!.Value, 3);
        Assert.Equal((canary, baseline), (found.Canary.Mean, found.Baseline.Mean));
    }

    [Fact]
    public void The_noise_is_the_seeds_alone()
    {
        double[] canary = [.. Enumerable.Repeat(5.0, 10)], baseline = [.. Enumerable.Repeat(4.0, 10)];

        Assert.Equal(Classify(Metric, canary, baseline, seed: 7), Classify(Metric, canary, baseline, seed: 7));
        Assert.NotEqual(Classify(Metric, canary, baseline, seed: 7).Estimate, Classify(Metric, canary, baseline, seed: 8).Estimate);
    }

    /// <summary>Where the sides are of one distribution, a verdict at 98% confidence is wrong in at most 2 of 100, here with some room for chance.</summary>
    [Fact]
    public void Equal_sides_seldom_differ()
    {
        var random = new Random(20);
        var wrong = Enumerable.Range(0, 1000).Count(_ => Classify(Metric, Latencies(1), Latencies(1)).Classification != Pass);

        Assert.InRange(wrong, 1, 30);

        double[] Latencies(double factor) => [.. Enumerable.Range(0, 30).Select(_ => -Math.Log(1 - random.NextDouble()) * factor)];
    }

    [Fact]
    public void Swapped_sides_and_directions_are_the_mirror_image() =>
        Prop.ForAll(Samples.WithTies, sides =>
        {
            var (there, back) = (Classify(Metric, sides.Canary, sides.Baseline), Classify(Metric, sides.Baseline, sides.Canary));
            return there.Classification == (back.Classification switch { High => Low, Low => High, var same => same });
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void It_says_why()
    {
        var metric = Metric with { Direction = Increase, AllowedIncrease = 1.5 };

        Assert.Equal(
            "The canary is higher than the baseline: the difference is 1.9, with 98% confidence from 1.8 to 2; its mean is 1.186 times the baseline's; 30 samples against 30.",
            Classify(Metric, Around12, Around10).Message);
        Assert.StartsWith("The canary is higher than the baseline, by less than is allowed (1.5): ", Classify(metric, Around12, Around10).Message, StringComparison.Ordinal);
        Assert.StartsWith("The canary is lower than the baseline, which is not bad: the difference is -1.9, ", Classify(metric, Around10, Around12).Message, StringComparison.Ordinal);
        Assert.StartsWith("The canary is not certainly different from the baseline: ", Classify(metric, Around10, [.. Around10, 10]).Message, StringComparison.Ordinal);
        Assert.Contains("; its sample is the greater in 100% of the pairs; ", Classify(Metric with { Effect = EffectMeasure.CommonLanguage }, Around12, Around10).Message, StringComparison.Ordinal);
        Assert.Equal("The canary's samples and the baseline's are the same.", Classify(Metric, Around10, Around10).Message);
        Assert.Equal("The canary has no samples; the baseline has 30.", Classify(Metric, [double.NaN], Around10).Message);
        Assert.Equal("The baseline has no samples; the canary has 30.", Classify(Metric, Around10, []).Message);
        Assert.Equal("Neither the canary nor the baseline has samples.", Classify(Metric, [], []).Message);
        Assert.Equal("2 samples of the canary and 3 of the baseline are too few to tell anything with 98% confidence.", Classify(Metric, [1, 2], [1, 2, 3]).Message);
    }

    [Fact]
    public void It_shows_the_numbers_and_the_course_of_both_sides()
    {
        var found = Classify(Metric, [.. Around12, double.NaN], Around10);

        Assert.Equal((30, 1, Around12.Average()), (found.Canary.Count, found.Canary.Dropped, found.Canary.Mean!.Value));
        Assert.Equal((30, 0), (found.Baseline.Count, found.Baseline.Dropped));
        Assert.Equal((1.8, 2.0), (Math.Round(found.Lower!.Value, 9), Math.Round(found.Upper!.Value, 9)));
        Assert.InRange(found.PValue!.Value, 1e-12, 1e-9);
        Assert.Equal(31, found.Canary.Sparkline.Length);
        Assert.StartsWith("▇", found.Canary.Sparkline, StringComparison.Ordinal);
        Assert.EndsWith(" ", found.Canary.Sparkline, StringComparison.Ordinal);
        Assert.StartsWith("▁", found.Baseline.Sparkline, StringComparison.Ordinal);
    }

    private static MetricJudgement Classify(BaselineMetric metric, double[] canary, double[] baseline, int seed = 1) =>
        new MetricClassifier(new Random(seed)).Classify(new MetricSamples(metric, canary, baseline));
}
