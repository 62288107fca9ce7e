using System.Globalization;
using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Literals;
using Xunit;

namespace Rollout.Engine.Tests.Literals;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData("5m", 300_000)]
    [InlineData("90s", 90_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("500ms", 500)]
    [InlineData("1s500ms", 1_500)]
    [InlineData("1.5H", 5_400_000)]
    [InlineData(" 2d ", 172_800_000)]
    [InlineData("300", 300_000)]
    [InlineData("0", 0)]
    [InlineData("00:05:00", 300_000)]
    [InlineData("1.02:00:00", 93_600_000)]
    public void Texts_are_read(string text, long milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), DurationText.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("m")]
    [InlineData("5 m")]
    [InlineData("-5m")]
    [InlineData("-5")]
    [InlineData("-00:05:00")]
    [InlineData("5m1h")]
    [InlineData("5m5m")]
    [InlineData("5x")]
    [InlineData("1.5")]
    [InlineData(".5h")]
    [InlineData("5\nm")]
    [InlineData("٥m")]
    [InlineData("99999999999999d")]
    [InlineData("99999999h")]
    [InlineData("4000.00:00:00")]
    [InlineData("9999999999999999999999999999999999")]
    [InlineData("5:00:00:00:00")]
    public void Other_texts_are_refused(string text)
    {
        var error = Assert.Throws<RolloutException>(() => DurationText.Parse(text));
        Assert.Equal(("InvalidDuration", ErrorKind.Syntax), (error.Id, error.Kind));
    }

    [Fact]
    public void A_decimal_comma_is_told() =>
        Assert.Contains("decimal sign is a point", Assert.Throws<RolloutException>(() => DurationText.Parse("1,5h")).Message, StringComparison.Ordinal);

    [Fact]
    public void Every_sum_of_units_in_order_is_read() =>
        Prop.ForAll(
            (from d in Gen.Choose(0, 500)
             from h in Gen.Choose(0, 500)
             from m in Gen.Choose(0, 5000)
             from s in Gen.Choose(0, 5000)
             from ms in Gen.Choose(0, 5000)
             from dropped in Gen.Choose(0, 31)
             select (d, h, m, s, ms, dropped)).ToArbitrary(),
            sample =>
            {
                var parts = new[]
                {
                    (Text: $"{sample.d}d", Value: TimeSpan.FromDays(sample.d)),
                    (Text: $"{sample.h}h", Value: TimeSpan.FromHours(sample.h)),
                    (Text: $"{sample.m}m", Value: TimeSpan.FromMinutes(sample.m)),
                    (Text: $"{sample.s}s", Value: TimeSpan.FromSeconds(sample.s)),
                    (Text: $"{sample.ms}ms", Value: TimeSpan.FromMilliseconds(sample.ms)),
                }.Where((_, index) => (sample.dropped & 1 << index) == 0).ToList();
                if (parts.Count == 0) return true;

                return DurationText.Parse(string.Concat(parts.Select(part => part.Text))) == parts.Aggregate(TimeSpan.Zero, (sum, part) => sum + part.Value);
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_text_of_a_TimeSpan_is_that_TimeSpan() =>
        Prop.ForAll<TimeSpan>(duration =>
        {
            var positive = TimeSpan.FromTicks(Math.Abs(duration.Ticks % TimeSpan.FromDays(3_653).Ticks));
            return DurationText.From(positive) == positive && DurationText.Parse(positive.ToString("c", CultureInfo.InvariantCulture)) == positive;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_text_is_read_or_refused_with_the_one_error() =>
        Prop.ForAll(Gen.Elements("5", "0", "99", "d", "h", "m", "s", "ms", ".", ":", ",", "-", " ", "e", "%").ListOf().Select(parts => string.Concat(parts)).ToArbitrary(), text =>
        {
            try
            {
                return DurationText.Parse(text) >= TimeSpan.Zero;
            }
            catch (RolloutException error)
            {
                return error.Id == "InvalidDuration";
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Whole_numbers_are_seconds()
    {
        Assert.Equal(TimeSpan.FromMinutes(5), DurationText.From(300));
        Assert.Equal(TimeSpan.FromMinutes(5), DurationText.From(300L));
        Assert.Throws<RolloutException>(() => DurationText.From(-1));
        Assert.Throws<RolloutException>(() => DurationText.From(long.MaxValue));
        Assert.Throws<RolloutException>(() => DurationText.From(TimeSpan.FromTicks(-1)));
    }

    // What PowerShell makes of an unquoted 5s, 5us, 5y, 5uy, 5u, 5ul, 5n, 5d and 1.5.
    public static TheoryData<object> TurnedNumbers => [(short)5, (ushort)5, (sbyte)5, (byte)5, 5u, 5ul, new BigInteger(5), 5m, 1.5];

    [Theory]
    [MemberData(nameof(TurnedNumbers))]
    public void Numbers_that_were_something_else_are_refused_with_the_advice_to_quote(object number)
    {
        var error = Assert.Throws<RolloutException>(() => DurationText.From(number));
        Assert.Equal("InvalidDuration", error.Id);
        Assert.Contains("quote it", error.Message, StringComparison.Ordinal);
        Assert.Contains(number.GetType().Name, error.Message, StringComparison.Ordinal);
    }
}
