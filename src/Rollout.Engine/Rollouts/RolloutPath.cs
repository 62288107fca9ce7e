using System.Globalization;

namespace Rollout.Engine.Rollouts;

/// <summary>
/// One point on the way from an old set of replicas to a new one: it is reached when at least <paramref name="New"/> of the new set
/// serve and at most <paramref name="Old"/> of the old set are left.
/// </summary>
/// <param name="New">New replicas that serve, at least.</param>
/// <param name="Old">Old replicas that are left, at most.</param>
/// <param name="Verified">True where the checks must have passed before the next point is made for.</param>
internal sealed record Waypoint(int New, int Old, bool Verified = false)
{
    /// <summary>The new set's share of the traffic, as the router has it in force; null where shares are left as they are.</summary>
    internal TrafficShare? Share { get; init; }

    /// <summary>The share that the new set keeps while old replicas go on the way there; null where shares are left as they are.</summary>
    internal TrafficShare? ShareMeanwhile { get; init; }

    /// <summary>The number of the step, from 0, that it belongs to; the way after the last step has the next number.</summary>
    internal int Step { get; init; }

    /// <summary>What must have been done there, or waited for, before that step counts as passed.</summary>
    internal RolloutStep? Gate { get; init; }
}

/// <summary>
/// The whole way. Along a path New never falls and Old never rises, so that what is observed alone says how far it has come: a shell
/// that carries on needs no memory of what another did; but for pauses and shares of the traffic, of which the number of steps passed says how far it
/// has come. A strategy is a way of laying out waypoints, not another driver.
/// </summary>
internal sealed record RolloutPath(IReadOnlyList<Waypoint> Waypoints)
{
    /// <summary>True where a router shares the traffic out by weights, so that a replica is put into it without a share.</summary>
    internal bool IsWeighted { get; init; }

    /// <summary>
    /// The new set comes up in batches of <paramref name="batch"/>. With room for all of it beside the old (<paramref name="surge"/> at least
    /// <paramref name="replicas"/>) no old replica is touched before all of the new serve and are verified; with less room
    /// each batch replaces as many.
    /// </summary>
    internal static RolloutPath Rolling(int replicas, int old, int surge, int batch)
    {
        var points = new List<Waypoint>();
        var step = Math.Max(1, Math.Min(surge, batch));
        var floor = Math.Min(replicas, old);
        var left = old;
        for (var up = Math.Min(step, replicas); ; up = Math.Min(up + step, replicas))
        {
            points.Add(new Waypoint(up, left));
            if (up == replicas) break;
            if (surge >= replicas) continue;
            left = Math.Min(left, Math.Max(0, floor - up));
            points.Add(new Waypoint(up, left));
        }

        points[^1] = points[^1] with { Verified = true };
        points.Add(new Waypoint(replicas, 0));
        return new RolloutPath(points);
    }

    /// <summary>The old set stops before the new one starts.</summary>
    internal static RolloutPath Recreate(int replicas) =>
        new([new Waypoint(0, 0), new Waypoint(replicas, 0, Verified: true)]);

    /// <summary>
    /// Back to a set that ran before, within the same room (<paramref name="surge"/>) as the way there: as much of the other goes first as its return needs,
    /// what serves nobody before the rest. With room for all of it beside the other, that stays until all of it serves.
    /// </summary>
    internal static RolloutPath Back(int replicas, int surge)
    {
        var points = new List<Waypoint>();
        for (var up = 0; up < replicas;)
        {
            var next = Math.Min(up + surge, replicas);
            var room = replicas + surge - next;
            points.Add(new Waypoint(up, room));
            points.Add(new Waypoint(next, room));
            up = next;
        }

        points.Add(new Waypoint(replicas, 0));
        return new RolloutPath(points);
    }

    /// <summary>Back where there is no room for both.</summary>
    internal static RolloutPath BackAfterRecreate(int replicas) => new([new Waypoint(0, 0), new Waypoint(replicas, 0)]);

    /// <summary>Back where weights were given: all traffic goes to the set that ran before in one switch.</summary>
    internal static RolloutPath SwitchBack(int replicas) => new(
        [new Waypoint(replicas, int.MaxValue), new Waypoint(replicas, int.MaxValue) { Share = All }, new Waypoint(replicas, 0) { Share = All }]) { IsWeighted = true };

    /// <summary>
    /// Step by step. Behind a router as many new replicas serve as their share needs, and the old stay; without one the replicas themselves
    /// are the share. After the last step the new set is completed and verified, and only then the old goes.
    /// </summary>
    /// <param name="steps">The steps.</param>
    /// <param name="replicas">The replicas wanted.</param>
    /// <param name="old">The replicas that run; there is at least one.</param>
    /// <param name="surge">Replicas that there is room for beside them.</param>
    /// <param name="routed">Whether a router shares the traffic out.</param>
    /// <param name="unavailable">Replicas that may be missing meanwhile; not 0 where there is no room beside them.</param>
    internal static RolloutPath Stepped(IReadOnlyList<RolloutStep> steps, int replicas, int old, int surge, bool routed, int unavailable = 0)
    {
        var budget = new ReplicaBudget(Math.Max(replicas, old) + surge, Math.Min(replicas, old) - unavailable);
        var points = new List<Waypoint>();
        var at = new CanaryCounts(0, old);
        var share = routed ? new TrafficShare(0) : null;
        for (var step = 0; step < steps.Count; step++)
        {
            var goal = Bound(GoalOf(steps[step], replicas, old, surge, routed), at, replicas, budget);
            points.AddRange(Ramp(at, goal, budget, step, share));
            share = share?.After(steps[step]);
            points.Add(new Waypoint(goal.Canary, goal.Stable) { Step = step, Gate = steps[step], Share = share });
            at = goal;
        }

        var end = Bound(new CanaryCounts(replicas, old), at, replicas, budget);
        points.AddRange(Ramp(at, end, budget, steps.Count, share));
        points.Add(new Waypoint(replicas, end.Stable, Verified: true) { Step = steps.Count, Share = routed ? All : null });
        points.Add(new Waypoint(replicas, 0) { Step = steps.Count, Share = routed ? All : null });
        return new RolloutPath(points) { IsWeighted = routed };
    }

    private static TrafficShare All { get; } = new(100);

    private static CanaryCounts GoalOf(RolloutStep step, int replicas, int old, int surge, bool routed) => step switch
    {
        WeightStep share when routed => new CanaryCounts((int)Math.Ceiling(replicas * share.Percent / 100), old),
        WeightStep { Percent: 100 } => new CanaryCounts(replicas, 0),
        WeightStep share => CanaryCounts.OfShare(old, share.Percent, surge),
        ReplicasStep count => new CanaryCounts(count.Replicas, old),
        HeaderStep { Headers.Count: > 0 } => new CanaryCounts(1, old),
        _ => new CanaryCounts(0, old),
    };

    /// <summary>The new never falls and the old never rises; and there is neither more than there is room for nor less than must serve.</summary>
    private static CanaryCounts Bound(CanaryCounts goal, CanaryCounts at, int replicas, ReplicaBudget budget)
    {
        var canary = Math.Clamp(goal.Canary, at.Canary, replicas);
        var stable = Math.Min(goal.Stable, Math.Min(at.Stable, budget.AtMost - canary));
        return new CanaryCounts(canary, Math.Clamp(budget.AtLeast - canary, stable, at.Stable));
    }

    /// <summary>The counts on the way, where there is not room enough to go there at once.</summary>
    private static IEnumerable<Waypoint> Ramp(CanaryCounts from, CanaryCounts goal, ReplicaBudget budget, int step, TrafficShare? share)
    {
        for (var at = from; at != goal;)
        {
            at = budget.Next(new SideCounts(at.Canary, at.Canary), new SideCounts(at.Stable, at.Stable), goal);
            yield return new Waypoint(at.Canary, at.Stable) { Step = step, ShareMeanwhile = share };
        }
    }

    /// <summary>
    /// Reads a MaxSurge: a number of replicas or a percentage of them, rounded up, at least 1. Null means room for all.
    /// </summary>
    internal static int Surge(string? maxSurge, int replicas)
    {
        if (string.IsNullOrWhiteSpace(maxSurge)) return replicas;
        var text = maxSurge.Trim();
        var isPercentage = text.EndsWith('%');
        if (!decimal.TryParse(isPercentage ? text[..^1] : text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            || value <= 0 || value > 100_000 || (!isPercentage && value != decimal.Truncate(value)))
        {
            throw RolloutErrors.InvalidMaxSurge(maxSurge);
        }

        return Math.Max(1, (int)decimal.Ceiling(isPercentage ? replicas * value / 100 : value));
    }

    /// <summary>How many start at a time where there is room for all: a quarter, so that a bad image is found out by few.</summary>
    internal static int Batch(int surge, int replicas) => surge < replicas ? surge : Math.Max(1, (replicas + 3) / 4);
}
