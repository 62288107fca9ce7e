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
    /// <summary>True where it does its work.</summary>
    internal bool Serves => Phase == ReplicaPhase.Ready && (!Routable || Traffic == ReplicaTraffic.Serving);

    /// <summary>True where it still has to be retired.</summary>
    internal bool IsLeft => Phase is not (ReplicaPhase.Absent or ReplicaPhase.Stopped) || Traffic != ReplicaTraffic.None;

    /// <summary>True where the router has it though nothing can answer.</summary>
    internal bool IsStale => Traffic != ReplicaTraffic.None && Phase is ReplicaPhase.Absent or ReplicaPhase.Stopped;
}

/// <summary>All that the driver looks at.</summary>
/// <param name="New">A slot for every replica wanted, absent ones included, by index.</param>
/// <param name="Old">The replicas that are to go.</param>
/// <param name="Verified">Whether the checks have passed.</param>
internal sealed record Observation(IReadOnlyList<ObservedReplica> New, IReadOnlyList<ObservedReplica> Old, bool Verified);

/// <summary>The next thing to do.</summary>
internal abstract record RolloutAction
{
    private RolloutAction() { }

    /// <summary>Create the new replica of this index.</summary>
    internal sealed record Create(int Index) : RolloutAction;

    /// <summary>Start the new replica of this index.</summary>
    internal sealed record Start(int Index) : RolloutAction;

    /// <summary>Put the new replica of this index into the router.</summary>
    internal sealed record Admit(int Index) : RolloutAction;

    /// <summary>Drain and stop the old replica of this index.</summary>
    internal sealed record Retire(int Index) : RolloutAction;

    /// <summary>Take a replica out of the router that cannot answer any more.</summary>
    internal sealed record Withdraw(bool IsNew, int Index) : RolloutAction;

    /// <summary>Run the checks.</summary>
    internal sealed record Verify : RolloutAction;

    /// <summary>Nothing can be done until something changes.</summary>
    internal sealed record Wait : RolloutAction;

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

        var serving = observed.New.Count(replica => replica.Serves);
        var left = observed.Old.Where(replica => replica.IsLeft).ToList();
        var goal = path.Waypoints.FirstOrDefault(point => serving < point.New || left.Count > point.Old || (point.Verified && !observed.Verified));
        if (goal is null) return [new RolloutAction.Complete()];

        if (serving < goal.New) return now >= deadline ? [new RolloutAction.Fail(Furthest(observed.New).First().Index)] : BringUp(observed.New, goal.New - serving);
        if (left.Count > goal.Old) return Retire(left, left.Count - goal.Old);
        return [new RolloutAction.Verify()];
    }

    private static IEnumerable<RolloutAction> Stale(IEnumerable<ObservedReplica> replicas, bool isNew) =>
        replicas.Where(replica => replica.IsStale).Select(replica => new RolloutAction.Withdraw(isNew, replica.Index));

    /// <summary>Those that do not serve yet; the furthest first, so that a batch is completed before another is begun.</summary>
    private static IEnumerable<ObservedReplica> Furthest(IEnumerable<ObservedReplica> replicas) =>
        replicas.Where(replica => !replica.Serves).OrderByDescending(replica => replica.Phase).ThenBy(replica => replica.Index);

    private static IReadOnlyList<RolloutAction> BringUp(IEnumerable<ObservedReplica> replicas, int count)
    {
        var actions = Furthest(replicas)
            .Take(count)
            .Select(Advance)
            .OfType<RolloutAction>()
            .ToList();
        return actions.Count > 0 ? actions : [new RolloutAction.Wait()];
    }

    private static RolloutAction? Advance(ObservedReplica replica) => replica.Phase switch
    {
        ReplicaPhase.Absent => new RolloutAction.Create(replica.Index),
        ReplicaPhase.Stopped => new RolloutAction.Start(replica.Index),
        ReplicaPhase.Ready => new RolloutAction.Admit(replica.Index),
        _ => null,
    };

    /// <summary>Those that do not serve go first.</summary>
    private static List<RolloutAction> Retire(IEnumerable<ObservedReplica> left, int count) =>
        left.OrderBy(replica => replica.Serves)
            .ThenByDescending(replica => replica.Index)
            .Take(count)
            .Select(RolloutAction (replica) => new RolloutAction.Retire(replica.Index))
            .ToList();
}
