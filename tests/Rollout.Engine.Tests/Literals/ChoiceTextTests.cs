using Rollout.Engine.Literals;
using Xunit;

namespace Rollout.Engine.Tests.Literals;

public sealed class ChoiceTextTests
{
    [Theory]
    [InlineData(RolloutStrategy.BlueGreen)]
    [InlineData("BlueGreen")]
    [InlineData(" bluegreen ")]
    public void A_word_is_read_in_any_case(object given) => Assert.Equal(RolloutStrategy.BlueGreen, ChoiceText.From<RolloutStrategy>(given));

    [Theory]
    [InlineData("")]
    [InlineData("Blue")]
    [InlineData("2")]
    [InlineData(2)]
    [InlineData("Canary,BlueGreen")]
    [InlineData((RolloutStrategy)7)]
    public void What_is_none_is_refused_with_those_there_are(object given)
    {
        var error = Assert.Throws<RolloutException>(() => ChoiceText.From<RolloutStrategy>(given));
        Assert.Equal(("InvalidChoice", ErrorKind.Syntax), (error.Id, error.Kind));
        Assert.Contains("Rolling, Canary, BlueGreen, Recreate", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TRUE", true)]
    [InlineData("false", false)]
    public void A_flag_is_read(string given, bool expected) => Assert.Equal(expected, ChoiceText.Flag(given));

    [Theory]
    [InlineData("yes")]
    [InlineData("1")]
    public void A_flag_that_is_none_is_refused(string given) => Assert.Equal("InvalidChoice", Assert.Throws<RolloutException>(() => ChoiceText.Flag(given)).Id);
}
