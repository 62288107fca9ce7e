using Rollout.Engine.Health.Judge;
using Xunit;

namespace Rollout.Engine.Tests.Health.Judge;

public sealed class SampleCleaningTests
{
    private static readonly BaselineMetric Metric = new() { Name = "m", Query = "q" };

    [Fact]
    public void What_is_no_number_is_left_out_or_0_as_the_metric_says()
    {
        double[] samples = [3, double.NaN, 1, double.PositiveInfinity, 2, double.NegativeInfinity];

        Assert.Equal([1, 2, 3], SampleCleaning.Clean(samples, Metric));
        Assert.Equal([0, 0, 0, 1, 2, 3], SampleCleaning.Clean(samples, Metric with { NaN = NaNStrategy.Zero }));
    }

    [Fact]
    public void Outliers_go_where_that_is_asked_for_and_only_then()
    {
        // Of 1 to 200 the quartiles are 50.75 and 150.25, so that the fences are at -247.75 and 448.75.
        var body = Enumerable.Range(1, 200).Select(i => (double)i).ToList();
        double[] samples = [.. body, 10_000];

        Assert.Equal(body, SampleCleaning.Clean(samples, Metric with { RemoveOutliers = true }));
        Assert.Equal(201, SampleCleaning.Clean(samples, Metric).Length);
        Assert.Equal(201, SampleCleaning.Clean([.. body, 440], Metric with { RemoveOutliers = true }).Length);
    }

    [Fact]
    public void Where_most_samples_are_equal_the_others_are_no_outliers_but_for_the_outermost_hundredth()
    {
        double[] samples = [.. Enumerable.Repeat(0.0, 90), .. Enumerable.Repeat(5.0, 9), 500];

        Assert.Equal(99, SampleCleaning.Clean(samples, Metric with { RemoveOutliers = true }).Length);
        Assert.Equal(99, SampleCleaning.Clean(samples.Select(sample => -sample), Metric with { RemoveOutliers = true }).Length);
    }

    [Fact]
    public void Nothing_is_nothing() => Assert.Empty(SampleCleaning.Clean([double.NaN], Metric with { RemoveOutliers = true }));
}
