namespace Rollout.Engine.Rollouts;

/// <summary>How many replicas of one side there are, and how many of them are available.</summary>
internal readonly record struct SideCounts(int Replicas, int Available);

/// <summary>How far the counts of the new and the old may be changed at a time.</summary>
/// <param name="AtMost">Replicas that there is room for in all: the wanted number and the surge.</param>
/// <param name="AtLeast">Replicas that must be available: the wanted number without those that may be missing.</param>
internal readonly record struct ReplicaBudget(int AtMost, int AtLeast)
{
    /// <summary>
    /// The next counts on the way to the goal. Up first, the old before the new; then down on the side that is to shrink, whose own availability is left out of
    /// account: a broken old version never stands in the way of its fix.
    /// </summary>
    /// <param name="canary">The new, as it is.</param>
    /// <param name="stable">The old, as it is.</param>
    /// <param name="goal">The counts to get to.</param>
    /// <param name="others">Replicas of neither side that are still to go; before they have, nothing else goes down.</param>
    internal CanaryCounts Next(SideCounts canary, SideCounts stable, CanaryCounts goal, int others = 0)
    {
        var room = Math.Max(0, AtMost - canary.Replicas - stable.Replicas - others);
        var old = Raise(stable.Replicas, goal.Stable, ref room);
        var fresh = Raise(canary.Replicas, goal.Canary, ref room);
        if (others > 0) return new CanaryCounts(fresh, old);

        return goal.Canary >= canary.Replicas
            ? new CanaryCounts(fresh, Lower(old, goal.Stable, stable.Replicas + Available(canary)))
            : new CanaryCounts(Lower(fresh, goal.Canary, canary.Replicas + Available(stable)), old);
    }

    private static int Raise(int present, int goal, ref int room)
    {
        var more = Math.Clamp(goal - present, 0, room);
        room -= more;
        return present + more;
    }

    private int Lower(int present, int goal, int counted) =>
        present <= goal ? present : Math.Max(goal, present - Math.Max(0, counted - AtLeast));

    /// <summary>Those that are about to go may still count as available.</summary>
    private static int Available(SideCounts side) => Math.Min(side.Replicas, side.Available);
}
