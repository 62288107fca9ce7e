using System.Runtime.ExceptionServices;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Traffic;

namespace Rollout.Engine.Docker;

/// <summary>
/// The thin loop around the driver: looks, asks what is to be done, does it, waits until something happens, and so on until the end. Remembers nothing that matters:
/// whoever looks again sees how far it has come.
/// </summary>
internal sealed partial class RolloutRun(
    IDockerClient engine,
    WorkloadNames names,
    WorkloadReader reader,
    ReplicaOperations replicas,
    Lease lease,
    Func<WorkloadSnapshot, RolloutStatus> statusOf,
    RunChecks runChecks,
    Action<RolloutStatus>? changed,
    IReporter reporter,
    TimeProvider time)
{
    private const int KeptReleases = 2;

    private static readonly TimeSpan ProbeEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LookAtLeastEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookForReturnEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan ReturnsWithin = TimeSpan.FromSeconds(60);

    private EngineWatch happenings = null!;
    private HealthGate gate = null!;
    private DateTimeOffset deadline;
    private DateTimeOffset? awaySince;
    private int portTries;
    private int shifts;
    private bool holds;
    private bool returned;
    private bool isToldBack;

    /// <summary>Checks that the record cannot hold, as they carry secrets; null where they are the record's.</summary>
    internal IReadOnlyList<RolloutHealthCheck>? Checks { get; init; }

    /// <summary>The steps with checks that the record cannot hold; null where they are the record's.</summary>
    internal IReadOnlyList<RolloutStep>? Steps { get; init; }

    /// <summary>True where what is held is to be brought to what it should be there (the router was reloaded, a new replica is gone), and held again.</summary>
    internal bool PutsInOrder { get; init; }

    /// <summary>The workload as it was looked at last.</summary>
    internal required WorkloadSnapshot Seen { get; set; }

    private bool IsHeld => lease.State.Change is { WaitsToBeResumed: true };

    /// <summary>Goes to the end of the change under way.</summary>
    /// <param name="events">Wakes the loop when something happened to a container.</param>
    /// <param name="cancellation">Stops at once, and leaves the rest to who carries on.</param>
    internal async Task<WorkloadState> GoAsync(EngineWatch events, CancellationToken cancellation)
    {
        happenings = events;
        BeginWay();
        RolloutException? refusal = null;
        while (lease.State.Change is { Frozen: false } change && !holds && (!change.Suspended || (PutsInOrder && lease.State.WayToHold is not null)))
        {
            try
            {
                await TakeOneStepAsync(events, cancellation);
                awaySince = null;
            }
            catch (RolloutException away) when (IsAway(away) && MayStillReturn())
            {
                reporter.Verbose($"{away.Message} It is waited for.");
                await Task.Delay(LookForReturnEvery, time, cancellation);
                returned = true;
            }
            catch (RolloutException away) when (IsAway(away))
            {
                throw LeftBy(away);
            }
            catch (RolloutException refused) when (IsRefusal(refused))
            {
                refusal = refused;
                await RefuseAsync(refused, cancellation);
            }
        }

        if (refusal is not null) ExceptionDispatchInfo.Throw(refusal);
        return lease.State;
    }

    private async Task TakeOneStepAsync(EngineWatch events, CancellationToken cancellation)
    {
        await lease.ConfirmAsync(cancellation);
        var snapshot = Seen = await reader.ReadAsync(names.Workload, cancellation);
        if (snapshot.RouterProblem is { } problem) ExceptionDispatchInfo.Throw(problem);
        if (returned) BeginWay();

        snapshot = snapshot with { State = lease.State };
        if (snapshot.Command is { } command)
        {
            await ObeyAsync(command, cancellation);
            return;
        }

        var status = Tell(snapshot);
        var change = lease.State.Change!;
        var observed = await ObserveAsync(snapshot, change, cancellation);
        var actions = RolloutDriver.Next(PathOf(change), observed, time.GetUtcNow(), deadline);
        shifts = actions[0] is RolloutAction.Shift ? shifts + 1 : 0;
        await Task.WhenAll(actions.Select(action => DoAsync(action, snapshot, status, cancellation)));
        if (actions[0] is RolloutAction.Wait wait) await events.WaitAsync(Patience(wait.Until), cancellation);
    }

    private TimeSpan Patience(DateTimeOffset? until)
    {
        var patience = gate.IsProbing ? ProbeEvery : LookAtLeastEvery;
        return until - time.GetUtcNow() is { } left && left < patience ? TimeSpan.FromTicks(Math.Max(0, left.Ticks)) : patience;
    }

    /// <summary>Does what another shell asks for, where it does not come too late.</summary>
    private async Task ObeyAsync(PostedCommand command, CancellationToken cancellation)
    {
        if (command.Apply(lease.State, time.GetUtcNow()) is { } next)
        {
            await lease.SaveAsync(next, cancellation);
            isToldBack |= command.Verb == RolloutVerb.Stop;
            BeginWay();
        }

        await engine.Containers.RemoveAsync(command.Id, cancellation);
    }

    /// <summary>A restart of the engine or the router is waited for: what was begun can only be ended with them.</summary>
    private bool MayStillReturn()
    {
        awaySince ??= time.GetUtcNow();
        return time.GetUtcNow() - awaySince < ReturnsWithin;
    }

    /// <summary>How it was left is told before the error, from what was seen last: the engine may be what stays away. What is held is where it was to be.</summary>
    private RolloutException LeftBy(RolloutException away)
    {
        var status = statusOf(Seen with { State = lease.State with { Holder = null } });
        changed?.Invoke(status);
        return IsHeld ? away : RolloutErrors.LeftHalfDone(names.Workload, status.Step, away);
    }

    private static bool IsAway(RolloutException problem) =>
        problem.Id is "DockerEngineNotReachable" or "EngineConnectionLost" or "RouterNotReachable" or "RouterServerNotFound";

    /// <summary>Not a bad release but something that cannot be done here: everything is put back, and the user gets the error.</summary>
    private static bool IsRefusal(RolloutException problem) => problem.Id != "RolloutInProgress";

    private async Task RefuseAsync(RolloutException refused, CancellationToken cancellation)
    {
        if (PutsInOrder && IsHeld)
        {
            holds = true;
            return;
        }

        if (lease.State.Change is { GoingBack: false, IsMend: false })
        {
            await lease.SaveAsync(lease.State.TurnBack(refused.Id, refused.Message, Decision("Undoing", refused.Message)), cancellation);
            BeginWay();
        }
        else
        {
            await FailAsync(refused.Id, refused.Message, null, cancellation);
        }
    }

    private Release Goal => lease.State.Find(lease.State.Change!.Goal)!;

    private void BeginWay()
    {
        var change = lease.State.Change!;
        returned = false;
        gate = new HealthGate(engine, time, change, (lease.State.StartedAt ?? time.GetUtcNow()) + engine.ClockAhead, PortsAreReachable(engine.Endpoint));
        BeginStep();
    }

    /// <summary>The time that new replicas have to become healthy counts from each step anew: pauses are none of it.</summary>
    private void BeginStep() => deadline = time.GetUtcNow() + TimeSpan.FromSeconds(lease.State.Change!.TimeoutSec);

    private RolloutStatus Tell(WorkloadSnapshot snapshot)
    {
        var status = statusOf(snapshot);
        changed?.Invoke(status);
        reporter.Progress(new ProgressReport(
            $"Rolling out {status.Target}",
            $"{status.Image}: {status.Updated} of {status.Desired} new, {status.Available} serving",
            status.Desired == 0 ? null : Math.Min(100, 100 * status.Updated / status.Desired)));
        return status;
    }

    private RolloutPath PathOf(Change change)
    {
        if (lease.State.WayToHold is { } wayToHold) return wayToHold;
        var wanted = WantedOf(change);
        var sideBySide = change.Strategy != RolloutStrategy.Recreate;
        var isRouted = lease.State.Router is not null;
        if (change.GoingBack && change.Steps.Count > 0 && isRouted) return RolloutPath.SwitchBack(wanted);
        if (change.GoingBack) return sideBySide ? RolloutPath.Back(wanted, change.Surge) : RolloutPath.BackAfterRecreate(wanted);
        if (change.Steps.Count > 0) return RolloutPath.Stepped(change.Steps, wanted, change.FromReplicas, change.Surge, isRouted);
        return sideBySide
            ? RolloutPath.Rolling(wanted, change.FromReplicas, change.Surge, RolloutPath.Batch(change.Surge, wanted))
            : RolloutPath.Recreate(wanted);
    }

    /// <summary>On the way back as many as ran before, which may be none.</summary>
    private int WantedOf(Change change) => change.GoingBack ? Math.Min(change.FromReplicas, SlotsOf(change)) : SlotsOf(change);

    /// <summary>How many the release has in all; before a first release there was none.</summary>
    private int SlotsOf(Change change) => lease.State.Find(change.Goal)?.Replicas ?? 0;

    private async Task<Observation> ObserveAsync(WorkloadSnapshot snapshot, Change change, CancellationToken cancellation)
    {
        gate.BeginRound();
        var wanted = Enumerable.Range(1, SlotsOf(change)).Select(index => ObserveNewAsync(snapshot, change.Goal, index, cancellation));
        return new Observation(await Task.WhenAll(wanted), [.. OldOf(snapshot).Select((old, position) => ObserveOld(snapshot, old, position + 1))], change.Verified, ProgressOf(change));
    }

    /// <summary>The way back has no steps.</summary>
    private static StepProgress ProgressOf(Change change) => change.GoingBack ? default : new StepProgress(change.Passed, change.Since);

    private async Task<ObservedReplica> ObserveNewAsync(WorkloadSnapshot snapshot, int release, int index, CancellationToken cancellation)
    {
        if (snapshot.Find(release, index) is not { } replica) return new ObservedReplica(index, ReplicaPhase.Absent, ReplicaTraffic.None, true);
        var health = await gate.LookAsync(replica, lease.State.Find(release)!.Port, cancellation);
        var server = snapshot.ServerOf(replica);

        // HAProxy would not take one that is not well; the traffic that one has, it keeps.
        var isRoutable = IsRoutable(replica) && !(gate.IsLeftIll(replica.Id) && TrafficOf(server) is ReplicaTraffic.None or ReplicaTraffic.Held);
        return Routed(new ObservedReplica(index, health.Phase, ReplicaTraffic.None, isRoutable), server);
    }

    private ObservedReplica ObserveOld(WorkloadSnapshot snapshot, OldReplica old, int position)
    {
        if (old.Replica is not { } replica) return Routed(new ObservedReplica(position, ReplicaPhase.Absent, ReplicaTraffic.None, true), old.Server);
        var phase = !replica.IsUp ? ReplicaPhase.Stopped : replica.IsWell && !gate.IsGivenUp(replica.Id) ? ReplicaPhase.Ready : ReplicaPhase.Starting;
        return Routed(new ObservedReplica(position, phase, ReplicaTraffic.None, IsRoutable(replica)), snapshot.ServerOf(replica));
    }

    private static ObservedReplica Routed(ObservedReplica replica, RouterServer? server) => replica with { Traffic = TrafficOf(server), Weight = server?.Weight ?? 0 };

    /// <summary>What is to go: whatever is not of the release that is to serve, and servers that nothing stands behind.</summary>
    private List<OldReplica> OldOf(WorkloadSnapshot snapshot)
    {
        var change = lease.State.Change!;
        var containers = snapshot.Live
            .Where(replica => replica.Release != change.Goal || replica.Index > SlotsOf(change))
            .OrderBy(replica => replica.Release).ThenBy(replica => replica.Index)
            .Select(replica => new OldReplica(replica, null));
        return [.. containers, .. snapshot.Ghosts(names).Select(server => new OldReplica(null, server))];
    }

    private bool IsRoutable(Replica replica) => lease.State.Router is not null && replica.Address is not null;

    internal static ReplicaTraffic TrafficOf(RouterServer? server) => server switch
    {
        null => ReplicaTraffic.None,
        { State: RouterServerState.Ready } => ReplicaTraffic.Serving,
        { Dynamic: false, State: RouterServerState.Maintenance } => ReplicaTraffic.None,
        { State: RouterServerState.Draining, Weight: 0 } => ReplicaTraffic.Idle,
        _ => ReplicaTraffic.Held,
    };

    /// <summary>Before the record says that it is done, so that who finds it half done ends it the same.</summary>
    private async Task CompleteAsync(WorkloadSnapshot snapshot, CancellationToken cancellation)
    {
        var change = lease.State.Change!;
        foreach (var needless in Needless(snapshot, change)) await replicas.RemoveAsync(needless, cancellation);

        var (phase, decision) = change switch
        {
            { IsMend: true } => (RolloutPhase.Healthy, Decision("Mended", "Every replica runs and is in service.")),
            { GoingBack: true, IsAsked: true, NothingRanBefore: true } => (RolloutPhase.Undone, Decision("Undone", "What was half done was taken back. Nothing ran before, so nothing runs now.")),
            { GoingBack: true, IsAsked: true } => (RolloutPhase.Undone, Decision("Undone", $"What was half done was taken back{(isToldBack ? ", as another shell asked of the one that was at work" : "")}. Revision {change.From} serves as before.")),
            { GoingBack: true, IsUndo: true } => (RolloutPhase.Failed, Decision("Failed", $"The undo failed; revision {change.From} serves as before.")),
            { GoingBack: true, NothingRanBefore: true } => (RolloutPhase.Failed, Decision("Removed", "The new containers were removed; nothing ran before.")),
            { GoingBack: true } when gate.LeavesIll => (RolloutPhase.Undone, Decision("Undone", $"Revision {change.From} runs as before, and is no better.")),
            // What is known of it is known already: that it runs again makes nothing good of what was bad.
            { GoingBack: true } => (RolloutPhase.Undone, Decision("Undone", $"Revision {change.From} runs again.")),
            { Reason: not null } => (RolloutPhase.Degraded, Decision("Completed", "It went on though a check failed.")),
            { IsUndo: true } => (RolloutPhase.Undone, Decision("Undone", $"Revision {change.To} runs again.")),
            _ => (RolloutPhase.Healthy, Decision("Completed", $"Revision {change.To} serves.")),
        };
        await lease.SaveAsync(lease.State.Arrive(phase, decision), cancellation);
    }

    /// <summary>
    /// The containers of a release that failed, and of those that are older than the kept ones; and copies of what is live. The present revision, the one
    /// before it and what an undo would go to are among the kept.
    /// </summary>
    private IEnumerable<Replica> Needless(WorkloadSnapshot snapshot, Change change)
    {
        var failed = change is { GoingBack: true, IsUndo: false } ? change.To : 0;
        var kept = snapshot.Replicas
            .Select(replica => replica.Release)
            .Where(release => release != change.Goal && release != failed)
            .Distinct()
            .OrderByDescending(release => release == change.From)
            .ThenByDescending(release => lease.State.Find(release)?.Verdict == HealthVerdict.Healthy)
            .ThenByDescending(release => release)
            .Take(KeptReleases)
            .ToHashSet();
        return snapshot.Replicas.Where(replica => replica.Release == change.Goal
            ? replica.IsParked || replica.Index > SlotsOf(change)
            : !kept.Contains(replica.Release));
    }

    private RolloutDecision Decision(string action, string message, HealthVerdict? verdict = null) => new(time.GetUtcNow(), action, message, verdict);

    /// <summary>Published loopback ports are the engine's machine's.</summary>
    private static bool PortsAreReachable(RolloutEndpoint endpoint) =>
        endpoint.DockerHost is { } host && (!host.StartsWith("tcp", StringComparison.Ordinal) || (Uri.TryCreate(host, UriKind.Absolute, out var uri) && uri.IsLoopback));

    private sealed record OldReplica(Replica? Replica, RouterServer? Server);
}
