using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Literals;
using Xunit;

namespace Rollout.Engine.Tests.Literals;

public sealed class PercentTextTests
{
    [Fact]
    public void Every_percentage_is_read_exactly_in_any_culture() =>
        Prop.ForAll(
            (from thousandths in Gen.Choose(0, 100_000)
             from culture in Gen.Elements("en-US", "de-DE", "fr-FR", "ar-SA")
             select (percent: thousandths / 1000m, culture)).ToArbitrary(),
            sample =>
            {
                var before = CultureInfo.CurrentCulture;
                try
                {
                    CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(sample.culture);
                    return PercentText.From(sample.percent.ToString(CultureInfo.InvariantCulture) + "%") == sample.percent / 100;
                }
                finally
                {
                    CultureInfo.CurrentCulture = before;
                }
            }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("0,5%", "decimal sign is a point")]
    [InlineData("0.5", "no percent sign")]
    [InlineData("100.1%", "more than 100%")]
    [InlineData("-1%", "no number")]
    [InlineData("%", "no number")]
    [InlineData("", "no percent sign")]
    [InlineData("1e1%", "no number")]
    [InlineData("1 %", "no number")]
    [InlineData("99999999999999999999%", "no number")]
    public void Other_texts_are_refused_with_the_reason(string text, string reason)
    {
        var error = Assert.Throws<RolloutException>(() => PercentText.Parse(text));
        Assert.Equal(("InvalidPercentage", ErrorKind.Syntax), (error.Id, error.Kind));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<object> Numbers => [5, 0.5, 0.5m, (short)1];

    [Theory]
    [MemberData(nameof(Numbers))]
    public void Numbers_are_refused_with_the_advice_to_quote(object number) =>
        Assert.Contains("quote it", Assert.Throws<RolloutException>(() => PercentText.From(number)).Message, StringComparison.Ordinal);
}
