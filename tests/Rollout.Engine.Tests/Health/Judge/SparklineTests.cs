using Rollout.Engine.Health.Judge;
using Xunit;

namespace Rollout.Engine.Tests.Health.Judge;

public sealed class SparklineTests
{
    [Fact]
    public void Both_sides_are_to_one_scale() =>
        Assert.Equal(("▁▂▃▄▅▆▇█", "▁▁▁"), Sparkline.Of([0, 1, 2, 3, 4, 5, 6, 7], [0, 0, 0]));

    [Fact]
    public void A_sample_that_is_no_number_is_a_gap() => Assert.Equal(("▁ █", "  "), Sparkline.Of([1, double.NaN, 2], [double.NaN, double.PositiveInfinity]));

    [Fact]
    public void Many_samples_are_drawn_as_the_means_of_neighbours()
    {
        var (canary, baseline) = Sparkline.Of([.. Enumerable.Range(0, 400).Select(i => i < 200 ? 0.0 : 1.0)], []);

        Assert.Equal(new string('▁', 20) + new string('█', 20), canary);
        Assert.Empty(baseline);
    }

    [Fact]
    public void Equal_samples_are_a_flat_line() => Assert.Equal(("▁▁", "▁▁"), Sparkline.Of([7, 7], [7, 7]));
}
