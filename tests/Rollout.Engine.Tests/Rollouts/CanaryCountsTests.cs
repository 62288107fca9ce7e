using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Rollouts;
using Xunit;

namespace Rollout.Engine.Tests.Rollouts;

public sealed class CanaryCountsTests
{
    [Theory]
    [InlineData(10, 5, 1, 1, 10)]
    [InlineData(3, 50, 0, 2, 1)]
    [InlineData(3, 50, 1, 2, 2)]
    [InlineData(1, 5, 0, 0, 1)]
    [InlineData(1, 5, 1, 1, 1)]
    [InlineData(2, 99, 0, 1, 1)]
    [InlineData(4, 0, 1, 0, 4)]
    [InlineData(4, 100, 1, 4, 0)]
    public void Counts_come_nearest_to_the_share(int replicas, int percent, int surge, int canary, int stable) =>
        Assert.Equal(new CanaryCounts(canary, stable), CanaryCounts.Nearest(replicas, percent, surge));

    /// <summary>Another way to say it: of every split of either total, in whole numbers, the one that is nearest.</summary>
    [Fact]
    public void All_up_to_thirty_replicas_agree_with_a_search_through_every_split()
    {
        foreach (var (replicas, percent, surge) in from replicas in Enumerable.Range(1, 30) from percent in Enumerable.Range(0, 101) from surge in Enumerable.Range(0, 3) select (replicas, percent, surge))
        {
            var expected = SearchEverySplit(replicas, percent, surge);
            var found = CanaryCounts.Nearest(replicas, percent, surge);
            Assert.True(expected == (found.Canary, found.Stable), $"{replicas}, {percent} %, surge {surge}: {found}, not {expected}");
        }
    }

    [Theory]
    [InlineData(2, 75, 1, 1)]
    [InlineData(10, 95, 9, 1)]
    [InlineData(10, 5, 1, 9)]
    [InlineData(1, 75, 1, 0)]
    public void No_step_leaves_the_new_with_none_for_want_of_a_nearest(int replicas, int percent, int canary, int stable) =>
        Assert.Equal(new CanaryCounts(canary, stable), CanaryCounts.OfShare(replicas, percent, surge: 0));

    private static (int, int) SearchEverySplit(int replicas, int percent, int surge)
    {
        var all = from total in surge > 0 ? new[] { replicas, replicas + 1 } : [replicas]
                  from canary in Enumerable.Range(0, total + 1)
                  let twice = 2 * ((canary * 100) - (total * percent))

                  // No further than the whole numbers beside the exact one, and of two as near the higher.
                  where twice is > -200 and < 200 && twice != -100
                  where canary > 0 || percent is 0 or 100 || (replicas == 1 && surge == 0)
                  where canary < total || total > replicas || percent is 0 or 100 || (replicas == 1 && surge == 0)
                  orderby Math.Abs((double)canary / total - percent / 100.0) + 1e-12 * total, canary descending
                  select (canary, total - canary);
        return all.DefaultIfEmpty((0, replicas)).First();
    }

    [Fact]
    public void Any_way_to_a_goal_keeps_to_the_budget_and_gets_there() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(Ways(), way => way.Run()));

    [Fact]
    public void A_broken_old_version_does_not_stand_in_the_way_of_its_fix() =>
        Assert.Equal(new CanaryCounts(2, 3), new ReplicaBudget(6, 5).Next(new SideCounts(2, 2), new SideCounts(4, 0), new CanaryCounts(5, 0)));

    [Fact]
    public void Nor_a_broken_new_version_in_the_way_back() =>
        Assert.Equal(new CanaryCounts(1, 4), new ReplicaBudget(6, 5).Next(new SideCounts(2, 0), new SideCounts(4, 4), new CanaryCounts(0, 4)));

    [Fact]
    public void The_old_comes_up_before_the_new_and_nothing_goes_down_while_others_are_left()
    {
        Assert.Equal(new CanaryCounts(0, 4), new ReplicaBudget(5, 4).Next(new SideCounts(0, 0), new SideCounts(3, 3), new CanaryCounts(2, 4), others: 1));
        Assert.Equal(new CanaryCounts(2, 4), new ReplicaBudget(9, 4).Next(new SideCounts(2, 2), new SideCounts(4, 4), new CanaryCounts(2, 0), others: 1));
    }

    private static Arbitrary<Way> Ways() => Arb.From(
        from replicas in Gen.Choose(1, 12)
        from surge in Gen.Choose(0, 5)
        from unavailable in Gen.Choose(surge == 0 ? 1 : 0, 5)
        from percent in Gen.Choose(0, 100)
        from begun in Gen.Choose(0, 12)
        from broken in Gen.Elements(true, false)
        from seed in Gen.Choose(0, int.MaxValue - 1)
        select new Way(replicas, surge, Math.Min(unavailable, replicas), percent, Math.Min(begun, replicas), broken, seed));

    /// <summary>From any split to any share, while replicas become available one by one; where the old is broken, its never are.</summary>
    private sealed record Way(int Replicas, int Surge, int Unavailable, int Percent, int From, bool OldIsBroken, int Seed)
    {
        public bool Run()
        {
            var random = new Random(Seed);
            var budget = new ReplicaBudget(Replicas + Surge, Replicas - Unavailable);
            var goal = CanaryCounts.Nearest(Replicas, Percent, Surge);
            var canary = new SideCounts(From, From);
            var stable = new SideCounts(Replicas - From, OldIsBroken ? 0 : Replicas - From);
            var mayShrinkFreely = OldIsBroken && goal.Canary < From;
            for (var step = 0; step < 200; step++)
            {
                if (canary == new SideCounts(goal.Canary, goal.Canary) && stable.Replicas == goal.Stable) return true;

                var next = budget.Next(canary, stable, goal);
                Assert.True(next.Canary + next.Stable <= Math.Max(budget.AtMost, canary.Replicas + stable.Replicas), $"too many: {next}");
                canary = new SideCounts(next.Canary, Math.Min(canary.Available, next.Canary));
                stable = new SideCounts(next.Stable, Math.Min(stable.Available, next.Stable));
                if (!OldIsBroken) Assert.True(canary.Available + stable.Available >= budget.AtLeast, $"too few: {next}");
                if (random.Next(2) == 0 && canary.Available < canary.Replicas) canary = canary with { Available = canary.Available + 1 };
                if (!OldIsBroken && random.Next(2) == 0 && stable.Available < stable.Replicas) stable = stable with { Available = stable.Available + 1 };
            }

            // A share given back to an old version that is broken cannot be given back without going under the floor.
            return mayShrinkFreely;
        }
    }
}
