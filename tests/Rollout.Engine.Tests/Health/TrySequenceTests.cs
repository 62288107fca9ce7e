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
        select (new ContainerHealthCheck { Name = "c", SuccessesNeeded = needed, FailureLimit = limit }, tries.ToList(), watched)).ToArbitrary();

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
        var found = tries.Select(letter => letter switch { 'G' => HealthVerdict.Healthy, 'B' => HealthVerdict.Unhealthy, _ => HealthVerdict.Inconclusive });
        Assert.Equal(expected, Run(check, [.. found], 0).Verdict);
    }

    [Fact]
    public void The_worst_verdict_is_the_sum() =>
        Prop.ForAll(Gen.Elements(HealthVerdict.Healthy, HealthVerdict.Unhealthy, HealthVerdict.Inconclusive).NonEmptyListOf().ToArbitrary(), verdicts =>
        {
            var order = new[] { HealthVerdict.Healthy, HealthVerdict.Inconclusive, HealthVerdict.Unhealthy };
            return HealthCheckRunner.Worst(verdicts) == verdicts.MaxBy(verdict => Array.IndexOf(order, verdict));
        }).QuickCheckThrowOnFailure();

    private static (HealthVerdict? Verdict, int Used) Run(RolloutHealthCheck check, List<HealthVerdict> tries, int watched)
    {
        var sequence = TrySequence.None;
        for (var i = 0; i < tries.Count; i++)
        {
            sequence = sequence.With(tries[i], watching: i < watched);
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
            if (last.TakeWhile(found => found == HealthVerdict.Unhealthy).Count() == check.FailureLimit) return (HealthVerdict.Unhealthy, used);
            if (used <= watched) continue;
            if (last.TakeWhile(found => found == HealthVerdict.Healthy).Count() >= check.SuccessesNeeded) return (HealthVerdict.Healthy, used);
            if (used - watched == 10 * (check.SuccessesNeeded + check.FailureLimit)) return (HealthVerdict.Inconclusive, used);
        }

        return (null, tries.Count);
    }
}
