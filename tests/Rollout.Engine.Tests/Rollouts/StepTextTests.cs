using System.Collections;
using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Rollouts;
using Xunit;

namespace Rollout.Engine.Tests.Rollouts;

public sealed class StepTextTests
{
    private static readonly ContainerHealthCheck Containers = new() { Name = "containers" };

    [Theory]
    [InlineData("5%,2m,25%,5m,50%,5m", "weight 5%|pause 2m|weight 25%|pause 5m|weight 50%|pause 5m")]
    [InlineData(" 0.5% , pause, check ,1h30m", "weight 0.5%|pause|check|pause 1h30m")]
    [InlineData("90,PAUSE within 1h,replicas 3,weight 100%", "pause 1m30s|pause within 1h|replicas 3|weight 100%")]
    [InlineData("", "")]
    public void Text_is_read(string text, string expected) =>
        Assert.Equal(expected, string.Join('|', StepText.Parse(text)));

    [Theory]
    [InlineData("5%,,10%", "InvalidStep")]
    [InlineData("weight", "InvalidStep")]
    [InlineData("wait 2m", "InvalidStep")]
    [InlineData("replicas two", "InvalidStep")]
    [InlineData("replicas 0", "InvalidStep")]
    [InlineData("101%", "InvalidPercentage")]
    [InlineData("-5%", "InvalidPercentage")]
    [InlineData("5x", "InvalidDuration")]
    [InlineData("pause soon", "InvalidDuration")]
    [InlineData("pause within 0s", "InvalidStep")]
    public void What_is_no_step_is_refused(string text, string id) =>
        Assert.Equal(id, Assert.Throws<RolloutException>(() => StepText.Parse(text)).Id);

    [Fact]
    public void A_list_of_texts_means_the_same_as_one() =>
        Assert.Equal(StepText.Parse("5%,2m,25%"), StepText.From(new object[] { "5%", "2m,25%" }));

    [Fact]
    public void Tables_mean_the_same()
    {
        object[] tables =
        [
            new Hashtable { ["Weight"] = "5%" },
            new Hashtable { ["pause"] = "2m" },
            new Hashtable { ["Pause"] = 120 },
            new Hashtable { ["Pause"] = TimeSpan.FromMinutes(2) },
            new Hashtable { ["Pause"] = true },
            new Hashtable { ["Pause"] = true, ["ApprovalLimit"] = "1h" },
            new Hashtable { ["Check"] = true },
            new Dictionary<string, object> { ["Replicas"] = 2 },
            new Dictionary<string, object> { ["Replicas"] = 2L },
        ];
        Assert.Equal(StepText.Parse("5%,2m,2m,2m,pause,pause within 1h,check,replicas 2,replicas 2"), StepText.From(tables));
    }

    [Fact]
    public void Checks_and_headers_come_in_tables()
    {
        var checks = Assert.IsType<CheckStep>(Assert.Single(StepText.From(new Hashtable { ["Check"] = new object[] { Containers, Containers } }))).Checks;
        Assert.Equal([Containers, Containers], checks);
        var header = Assert.IsType<HeaderStep>(Assert.Single(StepText.From(new Hashtable { ["Header"] = new Hashtable { ["X-Canary"] = "always" } })));
        Assert.Equal("always", header.Headers["x-canary"]);
        Assert.Equal("header X-Canary", header.ToString());
        Assert.Equal("no header", Assert.Single(StepText.From(new Hashtable { ["Header"] = new Hashtable() })).ToString());
    }

    [Fact]
    public void A_header_whose_value_is_a_whole_number_has_its_digits() =>
        Assert.Equal("1000", Assert.IsType<HeaderStep>(Assert.Single(StepText.From(new Hashtable { ["Header"] = new Hashtable { ["x"] = 1000 } }))).Headers["x"]);

    [Fact]
    public void Header_matches_are_the_same_in_any_case_and_order_of_their_names()
    {
        var one = new HeaderStep(new Dictionary<string, string> { ["X-Canary"] = "a", ["x-team"] = "B" });
        var same = new HeaderStep(new Dictionary<string, string> { ["X-TEAM"] = "B", ["x-canary"] = "a" });
        Assert.Equal((one, one.GetHashCode()), (same, same.GetHashCode()));
        Assert.NotEqual(one, new HeaderStep(new Dictionary<string, string> { ["X-Canary"] = "a", ["x-team"] = "b" }));
        Assert.NotEqual(one, new HeaderStep(new Dictionary<string, string> { ["X-Canary"] = "a" }));
    }

    public static TheoryData<object> Numbers => [(short)5, 1.5m, 0.25, 5, new object[] { "5%", 1.1 }, true];

    [Theory]
    [MemberData(nameof(Numbers))]
    public void What_PowerShell_made_a_number_of_is_to_be_quoted(object value) =>
        Assert.Contains("quote it", Assert.Throws<RolloutException>(() => StepText.From(value)).Message, StringComparison.Ordinal);

    public static TheoryData<Hashtable, string> WrongTables => new()
    {
        { [], "InvalidStep" },
        { new() { ["Weight"] = "5%", ["Pause"] = "2m" }, "InvalidStep" },
        { new() { ["Weight"] = "5%", ["ApprovalLimit"] = "2m" }, "InvalidStep" },
        { new() { ["Weight"] = 5 }, "InvalidPercentage" },
        { new() { ["Weight"] = null }, "InvalidStep" },
        { new() { ["Pause"] = (short)5 }, "InvalidDuration" },
        { new() { ["Pause"] = false }, "InvalidStep" },
        { new() { ["Pause"] = "2m", ["ApprovalLimit"] = "1h" }, "InvalidStep" },
        { new() { ["Pause"] = true, ["ApprovalLimit"] = "0s" }, "InvalidStep" },
        { new() { ["Check"] = "all" }, "InvalidStep" },
        { new() { ["Check"] = Array.Empty<object>() }, "InvalidStep" },
        { new() { ["Replicas"] = 1.5 }, "InvalidStep" },
        { new() { ["Header"] = "X" }, "InvalidStep" },
        { new() { ["Header"] = new Hashtable { ["x canary"] = "1" } }, "InvalidStep" },
        { new() { ["Header"] = new Hashtable { [""] = "1" } }, "InvalidStep" },
        { new() { ["Header"] = new Hashtable { ["x"] = "" } }, "InvalidStep" },
        { new() { ["Header"] = new Hashtable { ["x"] = "a\nb" } }, "InvalidStep" },
        { new() { ["Header"] = new Hashtable { ["x"] = "a", ["X"] = "b" } }, "InvalidStep" },
        { new() { ["Header"] = new Hashtable { ["x"] = " a" } }, "InvalidStep" },
        { new() { ["Header"] = new Hashtable { ["x"] = new string('a', 4097) } }, "InvalidStep" },
        { new() { ["Header"] = new Hashtable { ["x"] = new object[] { "a", "b" } } }, "InvalidStep" },
        { new() { ["Header"] = new Hashtable { ["x"] = new Hashtable { ["y"] = "z" } } }, "InvalidStep" },
        { new() { ["Header"] = new Hashtable { ["x"] = 1.5 } }, "InvalidStep" },
        { new() { ["Header"] = new Hashtable { ["x"] = true } }, "InvalidStep" },
        { new() { ["Weight"] = "5%", ["weight"] = "6%" }, "InvalidStep" },
        { new() { ["Replicas"] = 3_000_000_000L }, "InvalidStep" },
        { new() { ["Experiment"] = 1 }, "InvalidStep" },
    };

    [Theory]
    [MemberData(nameof(WrongTables))]
    public void Wrong_tables_are_refused(Hashtable table, string id) =>
        Assert.Equal(id, Assert.Throws<RolloutException>(() => StepText.From(table)).Id);

    [Fact]
    public void Any_steps_are_written_so_that_they_are_read_again() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(Arb.From(Gen.ListOf(Steps)), steps => StepText.Parse(StepText.Write(steps)).SequenceEqual(steps)));

    private static Gen<TimeSpan> Durations =>
        from ticks in Gen.OneOf(Gen.Choose(0, int.MaxValue).Select(ticks => (long)ticks), Gen.Choose(0, 3_000_000).Select(seconds => seconds * TimeSpan.TicksPerSecond))
        select TimeSpan.FromTicks(ticks);

    private static Gen<RolloutStep> Steps => Gen.OneOf(
        Gen.Choose(0, 100_000).Select(RolloutStep (thousandths) => new WeightStep(thousandths / 1000m)),
        Durations.Select(RolloutStep (duration) => new PauseStep(duration)),
        Durations.Where(limit => limit > TimeSpan.Zero).Select(RolloutStep (limit) => new PauseStep(null, limit)),
        Gen.Choose(1, 1000).Select(RolloutStep (count) => new ReplicasStep(count)),
        Gen.Elements<RolloutStep>(new PauseStep(), new CheckStep([])));
}
