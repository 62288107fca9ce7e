using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Health;
using Xunit;

namespace Rollout.Engine.Tests.Health;

public sealed class TrySequenceTests
{
    private static readonly Arbitrary<(ContainerHealthCheck Check, List<HealthVerdict> Tries, int Watched)> Runs = (
        from needed in Gen.Choose(1, 4)
        from limit in Gen.Choose(1, 4)
        from tries in Gen.Elements(HealthVerdict.Healthy, HealthVerdict.Unhealthy, HealthVerdict.Inconclusive).ListOf(120)
        from watched in Gen.Choose(0, 30)
        from total in Gen.Choose(0, 8)
        select (new ContainerHealthCheck { Name = "c", SuccessesNeeded = needed, FailureLimit = limit, TotalFailureLimit = total == 0 ? null : total }, tries.ToList(), watched)).ToArbitrary();

    [Fact]
    public void The_first_long_enough_row_decides_and_nothing_before_it() =>
        Prop.ForAll(Runs, run =>
        {
            var (check, tries, watched) = run;
            var (verdict, used) = Run(check, tries, watched);
            return (verdict, used) == Expected(check, tries, watched);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void It_always_ends() =>
        Prop.ForAll(Runs, run =>
        {
            var (check, tries, watched) = run;
            var (verdict, used) = Run(check, tries, watched);
            return verdict is not null && used <= watched + TrySequence.Limit(check);
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("GBGBGBGBGBGBGBGBGBGBGBGBGBGBGBGBGBGBGBGBGB", 2, 2, HealthVerdict.Inconclusive)]
    [InlineData("BBG", 1, 3, HealthVerdict.Healthy)]
    [InlineData("BBB", 1, 3, HealthVerdict.Unhealthy)]
    [InlineData("BBIB", 1, 3, null)]
    [InlineData("GIG", 2, 3, null)]
    [InlineData("GG", 2, 3, HealthVerdict.Healthy)]
    public void Examples(string tries, int needed, int limit, HealthVerdict? expected)
    {
        var check = new ContainerHealthCheck { Name = "c", SuccessesNeeded = needed, FailureLimit = limit };
        Assert.Equal(expected, Run(check, Found(tries), 0).Verdict);
    }

    [Theory]
    [InlineData("BGBGG", 3, 5, HealthVerdict.Healthy)]
    [InlineData("GGG", 3, 5, HealthVerdict.Healthy)]
    [InlineData("GG", 3, 5, null)]
    [InlineData("BBB", 3, 5, HealthVerdict.Unhealthy)]
    [InlineData("BGGB", 3, 5, null)]
    [InlineData("BIGGI", 3, 5, HealthVerdict.Inconclusive)]
    public void So_many_out_of_so_many_count_in_any_order(string tries, int needed, int all, HealthVerdict? expected)
    {
        var check = new ContainerHealthCheck { Name = "c", SuccessesNeeded = needed, OutOf = all, FailureLimit = 1 };
        Assert.Equal(expected, Run(check, Found(tries), 0).Verdict);
    }

    [Fact]
    public void What_is_counted_first_uses_up_no_patience()
    {
        var check = new ContainerHealthCheck { Name = "c" };
        var counting = new HealthTry(HealthVerdict.Inconclusive, null, "") { IsGathering = true };
        var sequence = Enumerable.Range(0, 10 * TrySequence.Limit(check)).Aggregate(TrySequence.None, (sequence, _) => sequence.With(counting, watching: false));
        Assert.Null(sequence.Verdict(check, watching: false));
    }

    [Theory]
    [InlineData("NNN", 0, HealthVerdict.Inconclusive)]
    [InlineData("NN", 0, null)]
    [InlineData("NNINN", 0, null)]
    [InlineData("NNG", 0, HealthVerdict.Healthy)]
    [InlineData("NNNNNNNNG", 8, HealthVerdict.Healthy)]
    [InlineData("NNNNNNNNNN", 8, null)]
    [InlineData("NNNNNNNNNNN", 8, HealthVerdict.Inconclusive)]
    public void No_answer_three_times_in_a_row_ends_it_once_the_watch_is_over(string tries, int watched, HealthVerdict? expected)
    {
        var check = new ContainerHealthCheck { Name = "c" };
        var (sequence, verdict) = (TrySequence.None, (HealthVerdict?)null);
        foreach (var (letter, number) in tries.Select((letter, index) => (letter, index)))
        {
            Assert.Null(verdict);
            sequence = sequence.With(new HealthTry(Found($"{letter}")[0], null, "") { IsUnanswered = letter == 'N' }, watching: number < watched);
            verdict = sequence.Verdict(check, watching: number < watched);
        }

        Assert.Equal(expected, verdict);
    }

    [Fact]
    public void The_worst_verdict_is_the_sum() =>
        Prop.ForAll(Gen.Elements(HealthVerdict.Healthy, HealthVerdict.Unhealthy, HealthVerdict.Inconclusive).NonEmptyListOf().ToArbitrary(), verdicts =>
        {
            var order = new[] { HealthVerdict.Healthy, HealthVerdict.Inconclusive, HealthVerdict.Unhealthy };
            return HealthCheckRunner.Worst(verdicts) == verdicts.MaxBy(verdict => Array.IndexOf(order, verdict));
        }).QuickCheckThrowOnFailure();

    private static List<HealthVerdict> Found(string tries) =>
        [.. tries.Select(letter => letter switch { 'G' => HealthVerdict.Healthy, 'B' => HealthVerdict.Unhealthy, _ => HealthVerdict.Inconclusive })];

    private static (HealthVerdict? Verdict, int Used) Run(RolloutHealthCheck check, List<HealthVerdict> tries, int watched)
    {
        var sequence = TrySequence.None;
        for (var i = 0; i < tries.Count; i++)
        {
            sequence = sequence.With(new HealthTry(tries[i], null, ""), watching: i < watched);
            if (sequence.Verdict(check, watching: i < watched) is { } verdict) return (verdict, sequence.Tries);
        }

        return (null, tries.Count);
    }

    /// <summary>The same, said by looking back over the whole list.</summary>
    private static (HealthVerdict? Verdict, int Used) Expected(RolloutHealthCheck check, List<HealthVerdict> tries, int watched)
    {
        for (var used = 1; used <= tries.Count; used++)
        {
            var last = tries.Take(used).Reverse().ToList();
            if (last.Count(found => found == HealthVerdict.Unhealthy) == check.TotalFailureLimit) return (HealthVerdict.Unhealthy, used);
            if (last.TakeWhile(found => found == HealthVerdict.Unhealthy).Count() == check.FailureLimit) return (HealthVerdict.Unhealthy, used);
            if (used <= watched) continue;
            if (last.TakeWhile(found => found == HealthVerdict.Healthy).Count() >= check.SuccessesNeeded) return (HealthVerdict.Healthy, used);
            if (used - watched == 10 * (check.SuccessesNeeded + check.FailureLimit)) return (HealthVerdict.Inconclusive, used);
        }

        return (null, tries.Count);
    }
}
