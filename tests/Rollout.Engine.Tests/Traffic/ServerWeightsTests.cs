using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Traffic;
using Xunit;

namespace Rollout.Engine.Tests.Traffic;

public sealed class ServerWeightsTests
{
    [Theory]
    [InlineData("20", 1, 2, "128 / 256 256")]
    [InlineData("50", 2, 2, "256 256 / 256 256")]
    [InlineData("0.5", 1, 2, "2 / 256 256")]
    [InlineData("1", 10, 1, "1 1 0 0 0 0 0 0 0 0 / 256")]
    [InlineData("75", 1, 3, "256 / 29 29 28")]
    [InlineData("0", 2, 1, "0 0 / 100")]
    [InlineData("100", 2, 1, "100 100 / 0")]
    [InlineData("5", 0, 2, " / 100 100")]
    [InlineData("5", 2, 0, "100 100 / ")]
    [InlineData("100", 0, 1, " / 100")]
    public void Weights_of_a_share(string percent, int fresh, int old, string expected)
    {
        var weights = ServerWeights.For(decimal.Parse(percent, System.Globalization.CultureInfo.InvariantCulture), fresh, old);
        Assert.Equal(expected, $"{string.Join(' ', weights.New)} / {string.Join(' ', weights.Old)}");
    }

    [Fact]
    public void Any_share_is_right_to_within_a_percent_and_never_above_but_for_the_least_weight() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(3000),
            Prop.ForAll(Arb.From(
                from thousandths in Gen.Choose(1, 99_999)
                from fresh in Gen.Choose(1, 12)
                from old in Gen.Choose(1, 12)
                select (Percent: thousandths / 1000m, Fresh: fresh, Old: old)), one =>
            {
                var weights = ServerWeights.For(one.Percent, one.Fresh, one.Old);
                var share = 100m * weights.New.Sum() / (weights.New.Sum() + weights.Old.Sum());
                return Math.Abs(share - one.Percent) <= 1
                    && (share <= one.Percent || weights.New.Sum() == 1)
                    && weights.New.Concat(weights.Old).All(weight => weight is >= 0 and <= 256)
                    && weights.Old.Max() - weights.Old.Min() <= 1
                    && weights.New.Max() - weights.New.Min() <= 1;
            }));
}
