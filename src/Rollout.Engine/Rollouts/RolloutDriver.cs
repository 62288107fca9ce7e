using Rollout.Engine.Traffic;

namespace Rollout.Engine.Rollouts;

/// <summary>Where a replica stands by itself, without regard to traffic.</summary>
internal enum ReplicaPhase
{
    /// <summary>There is none.</summary>
    Absent,
    /// <summary>It is there and does not run, and nobody tried to start it in this rollout.</summary>
    Stopped,
    /// <summary>It runs and is not known to be healthy yet.</summary>
    Starting,
    /// <summary>It runs and is healthy.</summary>
    Ready,
    /// <summary>It was started and will not become healthy.</summary>
    Failed,
}

/// <summary>Where a replica stands with the traffic router.</summary>
internal enum ReplicaTraffic
{
    /// <summary>No router knows it.</summary>
    None,
    /// <summary>The router knows it and sends it nothing new.</summary>
    Held,
    /// <summary>The router has it in service with no share of the traffic yet.</summary>
    Idle,
    /// <summary>The router sends it traffic.</summary>
    Serving,
}

/// <summary>One replica as observed.</summary>
/// <param name="Index">Its number within its set, from 1.</param>
/// <param name="Phase">Where it stands by itself.</param>
/// <param name="Traffic">Where it stands with the router.</param>
/// <param name="Routable">True where a router is to send it traffic; without one a replica serves as soon as it is ready.</param>
internal sealed record ObservedReplica(int Index, ReplicaPhase Phase, ReplicaTraffic Traffic, bool Routable)
{
    /// <summary>The weight the router has for it.</summary>
    internal int Weight { get; init; }

    /// <summary>True where it does its work.</summary>
    internal bool Serves => Phase == ReplicaPhase.Ready && (!Routable || Traffic == ReplicaTraffic.Serving);

    /// <summary>True where it does its work as far as its share goes, which may be nothing.</summary>
    internal bool Stands => Serves || (Phase == ReplicaPhase.Ready && Traffic == ReplicaTraffic.Idle);

    /// <summary>True where the router shares traffic out to it.</summary>
    internal bool IsInRouter => Routable && Traffic is ReplicaTraffic.Idle or ReplicaTraffic.Serving;

    /// <summary>True where it still has to be retired.</summary>
    internal bool IsLeft => Phase is not (ReplicaPhase.Absent or ReplicaPhase.Stopped) || Traffic != ReplicaTraffic.None;

    /// <summary>True where the router has it though nothing can answer.</summary>
    internal bool IsStale => Traffic != ReplicaTraffic.None && Phase is ReplicaPhase.Absent or ReplicaPhase.Stopped;
}

/// <summary>All that the driver looks at.</summary>
/// <param name="New">A slot for every replica wanted, absent ones included, by index.</param>
/// <param name="Old">The replicas that are to go.</param>
/// <param name="Verified">Whether the checks have passed.</param>
/// <param name="Progress">How far the steps have come.</param>
internal sealed record Observation(IReadOnlyList<ObservedReplica> New, IReadOnlyList<ObservedReplica> Old, bool Verified, StepProgress Progress = default)
{
    /// <summary>The new side's share, where the router knows sides and not replicas; null where it weighs each replica.</summary>
    internal TrafficShare? Share { get; init; }
}

/// <summary>How far the steps have come: what is kept with the workload, as nothing that can be observed tells it.</summary>
/// <param name="Passed">How many steps have been passed.</param>
/// <param name="Since">When the last of them was.</param>
internal readonly record struct StepProgress(int Passed, DateTimeOffset Since);

/// <summary>The next thing to do.</summary>
internal abstract record RolloutAction
{
    private RolloutAction() { }

    /// <summary>Create the new replica of this index.</summary>
    internal sealed record Create(int Index) : RolloutAction;

    /// <summary>Start the new replica of this index.</summary>
    internal sealed record Start(int Index) : RolloutAction;

    /// <summary>Put a replica into the router; idle means without a share of the traffic.</summary>
    internal sealed record Admit(int Index, bool IsNew = true, bool Idle = false) : RolloutAction;

    /// <summary>Give the new side this share: the replicas that the router has these weights, by the order they are observed in.</summary>
    internal sealed record Shift(TrafficShare Share, IReadOnlyList<(ObservedReplica Replica, bool IsNew, int Weight)> Weights) : RolloutAction;

    /// <summary>Drain and stop the old replica of this index.</summary>
    internal sealed record Retire(int Index) : RolloutAction;

    /// <summary>Take a replica out of the router that cannot answer any more.</summary>
    internal sealed record Withdraw(bool IsNew, int Index) : RolloutAction;

    /// <summary>Run the checks.</summary>
    internal sealed record Verify : RolloutAction;

    /// <summary>Run the checks of this step; where they pass, the step is passed.</summary>
    internal sealed record Check(int Step) : RolloutAction;

    /// <summary>This step is passed.</summary>
    internal sealed record Pass(int Step) : RolloutAction;

    /// <summary>Nobody resumed it in the time that this step gives.</summary>
    internal sealed record Expire(int Step) : RolloutAction
    {
        /// <summary>One word for why, on every platform.</summary>
        internal const string Reason = "ApprovalExpired";

        /// <summary>The same in a sentence.</summary>
        internal static string Message(RolloutStep? step) => $"Nobody resumed it in the time that the step '{step}' gives.";
    }

    /// <summary>Nothing can be done until somebody resumes it, and nobody need wait for that.</summary>
    internal sealed record Hold : RolloutAction;

    /// <summary>Nothing can be done until something changes, or until that time.</summary>
    internal sealed record Wait(DateTimeOffset? Until = null) : RolloutAction;

    /// <summary>It will not get there: the new replica of this index failed, or time is up and it is what is waited for.</summary>
    internal sealed record Fail(int Index) : RolloutAction;

    /// <summary>The end of the path is reached.</summary>
    internal sealed record Complete : RolloutAction;
}

/// <summary>
/// Decides, and does nothing: from the path, what is observed and the clock to the next actions, which may be done at the same time. Knows no platform.
/// Going back is the same function with the sets exchanged.
/// </summary>
internal static class RolloutDriver
{
    /// <summary>What is to be done next; never empty.</summary>
    internal static IReadOnlyList<RolloutAction> Next(RolloutPath path, Observation observed, DateTimeOffset now, DateTimeOffset deadline)
    {
        var stale = Stale(observed.New, isNew: true).Concat(Stale(observed.Old, isNew: false)).ToList();
        if (stale.Count > 0) return stale;

        var failed = observed.New.FirstOrDefault(replica => replica.Phase == ReplicaPhase.Failed);
        if (failed is not null) return [new RolloutAction.Fail(failed.Index)];

        return path.Waypoints
            .Where(point => point.Step >= observed.Progress.Passed)
            .Select(point => Towards(point, path.IsWeighted, observed, now, deadline))
            .FirstOrDefault(actions => actions.Count > 0) ?? [new RolloutAction.Complete()];
    }

    /// <summary>What is to be done to reach a point; nothing where it is reached.</summary>
    private static IReadOnlyList<RolloutAction> Towards(Waypoint point, bool isWeighted, Observation observed, DateTimeOffset now, DateTimeOffset deadline)
    {
        if (isWeighted && point.Old is > 0 and < int.MaxValue && Lost(observed.Old) is { Count: > 0 } lost) return lost;

        var missing = point.New - observed.New.Count(replica => Counts(replica, isWeighted));
        if (missing > 0) return now >= deadline ? [new RolloutAction.Fail(Furthest(observed.New, isWeighted).First().Index)] : BringUp(observed.New, missing, isWeighted);

        var left = observed.Old.Where(replica => replica.IsLeft).ToList();
        var going = Leaving(left, left.Count - point.Old);
        var share = going.Count > 0 ? point.Share ?? point.ShareMeanwhile : point.Share;
        if (share is not null && Shift(share, observed, going) is { } shift) return [shift];
        if (going.Count > 0) return [.. going.Select(replica => new RolloutAction.Retire(replica.Index))];
        if (point.Verified && !observed.Verified) return [new RolloutAction.Verify()];
        return point.Gate is { } gate ? [At(gate, point.Step, observed.Progress.Since, now)] : [];
    }

    private static RolloutAction At(RolloutStep gate, int step, DateTimeOffset since, DateTimeOffset now) => gate switch
    {
        CheckStep => new RolloutAction.Check(step),
        PauseStep { IsOpenEnded: true } => new RolloutAction.Hold(),
        PauseStep { Duration: { } duration } => now - since >= duration ? new RolloutAction.Pass(step) : new RolloutAction.Wait(since + duration),
        PauseStep { ApprovalLimit: { } limit } => now - since >= limit ? new RolloutAction.Expire(step) : new RolloutAction.Wait(since + limit),
        _ => new RolloutAction.Pass(step),
    };

    /// <summary>The weights for a share, where not all are in force. What is about to go loses its own first, so that the rest keep to theirs.</summary>
    private static RolloutAction.Shift? Shift(TrafficShare wanted, Observation observed, IReadOnlyCollection<ObservedReplica> going)
    {
        if (observed.Share is { } share) return share == wanted ? null : new RolloutAction.Shift(wanted, []);

        var fresh = observed.New.Where(replica => replica.IsInRouter).ToList();
        var old = observed.Old.Where(replica => replica.IsInRouter).Except(going).ToList();
        var given = ServerWeights.For(wanted.Percent, fresh.Count, old.Count);
        var weights = fresh.Zip(given.New, (replica, weight) => (Replica: replica, IsNew: true, Weight: weight))
            .Concat(old.Zip(given.Old, (replica, weight) => (Replica: replica, IsNew: false, Weight: weight)))
            .Concat(going.Where(replica => replica.IsInRouter).Select(replica => (Replica: replica, IsNew: false, Weight: 0)))
            .ToList();
        return weights.All(one => one.Replica.Weight == one.Weight) ? null : new RolloutAction.Shift(wanted, weights);
    }

    /// <summary>Old replicas that are well and that the router has lost: as long as they are to stay they have their share.</summary>
    private static List<RolloutAction> Lost(IEnumerable<ObservedReplica> old) =>
        [.. old.Where(replica => replica is { Phase: ReplicaPhase.Ready, Routable: true, Traffic: ReplicaTraffic.None or ReplicaTraffic.Held }).Select(replica => new RolloutAction.Admit(replica.Index, IsNew: false, Idle: true))];

    private static bool Counts(ObservedReplica replica, bool isWeighted) => isWeighted ? replica.Stands : replica.Serves;

    private static IEnumerable<RolloutAction> Stale(IEnumerable<ObservedReplica> replicas, bool isNew) =>
        replicas.Where(replica => replica.IsStale).Select(replica => new RolloutAction.Withdraw(isNew, replica.Index));

    /// <summary>Those that do not serve yet; the furthest first, so that a batch is completed before another is begun.</summary>
    private static IEnumerable<ObservedReplica> Furthest(IEnumerable<ObservedReplica> replicas, bool isWeighted) =>
        replicas.Where(replica => !Counts(replica, isWeighted)).OrderByDescending(replica => replica.Phase).ThenBy(replica => replica.Index);

    private static IReadOnlyList<RolloutAction> BringUp(IEnumerable<ObservedReplica> replicas, int count, bool isWeighted)
    {
        var actions = Furthest(replicas, isWeighted)
            .Take(count)
            .Select(replica => Advance(replica, isWeighted))
            .OfType<RolloutAction>()
            .ToList();
        return actions.Count > 0 ? actions : [new RolloutAction.Wait()];
    }

    private static RolloutAction? Advance(ObservedReplica replica, bool isWeighted) => replica.Phase switch
    {
        ReplicaPhase.Absent => new RolloutAction.Create(replica.Index),
        ReplicaPhase.Stopped => new RolloutAction.Start(replica.Index),
        ReplicaPhase.Ready => new RolloutAction.Admit(replica.Index, Idle: isWeighted),
        _ => null,
    };

    /// <summary>Those that are to go; what does not serve goes first.</summary>
    private static List<ObservedReplica> Leaving(IEnumerable<ObservedReplica> left, int count) =>
        [.. left.OrderBy(replica => replica.Serves).ThenByDescending(replica => replica.Index).Take(count)];
}
