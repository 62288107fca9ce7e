using System.Globalization;
using System.Runtime.ExceptionServices;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Traffic;

namespace Rollout.Engine.Docker;

/// <summary>
/// The thin loop around the driver: looks, asks what is to be done, does it, waits until something happens, and so on until the end. Remembers nothing that matters:
/// whoever looks again sees how far it has come.
/// </summary>
internal sealed class RolloutRun(
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
    private const int PortTries = 10;
    private const string AllServe = "Every new replica is healthy and in service.";
    private const int ShiftTries = 10;

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

    /// <summary>Checks that the record cannot hold, as they carry secrets; null where they are the record's.</summary>
    internal IReadOnlyList<RolloutHealthCheck>? Checks { get; init; }

    /// <summary>The steps with checks that the record cannot hold; null where they are the record's.</summary>
    internal IReadOnlyList<RolloutStep>? Steps { get; init; }

    /// <summary>Goes to the end of the change under way.</summary>
    /// <param name="events">Wakes the loop when something happened to a container.</param>
    /// <param name="cancellation">Stops at once, and leaves the rest to who carries on.</param>
    internal async Task<WorkloadState> GoAsync(EngineWatch events, CancellationToken cancellation)
    {
        happenings = events;
        BeginWay();
        RolloutException? refusal = null;
        while (lease.State.Change is { Frozen: false, Suspended: false } && !holds)
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
        var snapshot = await reader.ReadAsync(names.Workload, cancellation);
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

    private static bool IsAway(RolloutException problem) =>
        problem.Id is "DockerEngineNotReachable" or "EngineConnectionLost" or "RouterNotReachable" or "RouterServerNotFound";

    /// <summary>Not a bad release but something that cannot be done here: everything is put back, and the user gets the error.</summary>
    private static bool IsRefusal(RolloutException problem) => !IsAway(problem) && problem.Id != "RolloutInProgress";

    private async Task RefuseAsync(RolloutException refused, CancellationToken cancellation)
    {
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

    private static ReplicaTraffic TrafficOf(RouterServer? server) => server switch
    {
        null => ReplicaTraffic.None,
        { State: RouterServerState.Ready } => ReplicaTraffic.Serving,
        { Dynamic: false, State: RouterServerState.Maintenance } => ReplicaTraffic.None,
        { State: RouterServerState.Draining, Weight: 0 } => ReplicaTraffic.Idle,
        _ => ReplicaTraffic.Held,
    };

    private Task DoAsync(RolloutAction action, WorkloadSnapshot snapshot, RolloutStatus status, CancellationToken cancellation)
    {
        return action switch
        {
            RolloutAction.Create create => replicas.CreateAsync(snapshot, Goal, create.Index, lease.Template, cancellation),
            RolloutAction.Start start => StartAsync(snapshot, snapshot.Find(Goal.Number, start.Index)!, cancellation),
            RolloutAction.Admit admit => AdmitAsync(ReplicaOf(snapshot, admit.IsNew, admit.Index), admit.Idle, cancellation),
            RolloutAction.Shift shift => ShiftAsync(snapshot, shift, cancellation),
            RolloutAction.Pass => PassAsync(cancellation),
            RolloutAction.Check => CheckAsync(snapshot, status, cancellation),
            RolloutAction.Expire => FailAsync("ApprovalTimedOut", $"Nobody resumed it at the step '{lease.State.Change!.Step}'.", null, cancellation),
            RolloutAction.Hold => HoldAsync(),
            RolloutAction.Withdraw withdraw => WithdrawAsync(snapshot, withdraw, cancellation),
            RolloutAction.Retire retire => RetireAsync(snapshot, OldOf(snapshot)[retire.Index - 1].Replica!, cancellation),
            RolloutAction.Verify => VerifyAsync(status, cancellation),
            RolloutAction.Fail fail => FailAsync(snapshot, fail.Index, cancellation),
            RolloutAction.Complete when IsBackUnverified => VerifyAsync(status, cancellation),
            RolloutAction.Complete => CompleteAsync(snapshot, cancellation),
            _ => Task.CompletedTask,
        };
    }

    private async Task StartAsync(WorkloadSnapshot snapshot, Replica replica, CancellationToken cancellation)
    {
        gate.Starts(replica.Id);
        try
        {
            await replicas.StartAsync(replica, lease.Template, cancellation);
        }
        catch (RolloutException taken) when (IsOwnPortTaken(taken, replica) && portTries++ < PortTries)
        {
            reporter.Verbose($"{replica.Name}: port {replica.HostPort} is taken; another is tried.");
            await replicas.MoveAsync(snapshot, replica, Goal, cancellation);
        }
        catch (RolloutException problem) when (IsTheContainersOwn(problem))
        {
            gate.CouldNotStart(replica.Id, problem.Message);
        }
    }

    private static bool IsOwnPortTaken(RolloutException problem, Replica replica) =>
        problem.Id == "PortTaken" && replica.HostPort is { } port && problem.Message.Contains($":{WorkloadLabels.Text(port)}", StringComparison.Ordinal);

    private Replica ReplicaOf(WorkloadSnapshot snapshot, bool isNew, int index) =>
        isNew ? snapshot.Find(Goal.Number, index)! : OldOf(snapshot)[index - 1].Replica!;

    /// <summary>What the router has in force is read again at the next look, and shared out again where it is not what was asked.</summary>
    private async Task ShiftAsync(WorkloadSnapshot snapshot, RolloutAction.Shift shift, CancellationToken cancellation)
    {
        if (shifts > ShiftTries) throw TrafficErrors.RouterSharesNotKept(names.Workload, shift.Percent, lease.State.Router!.Backend);
        var weights = shift.Weights.ToDictionary(one => snapshot.ServerOf(ReplicaOf(snapshot, one.IsNew, one.Replica.Index))!.Name, one => one.Weight);
        await replicas.ShareOutAsync(weights, cancellation);
        reporter.Verbose(string.Create(CultureInfo.InvariantCulture, $"{Goal.Image} gets {shift.Percent:0.####} % of the traffic: {string.Join(", ", weights.Select(one => $"{one.Key} {one.Value}"))}."));
    }

    private async Task PassAsync(CancellationToken cancellation)
    {
        await lease.SaveAsync(lease.State.Pass(Decision("Passed", $"The step '{lease.State.Change!.Step}' is done.")), cancellation);
        BeginStep();
    }

    private Task HoldAsync()
    {
        holds = true;
        return Task.CompletedTask;
    }

    private async Task AdmitAsync(Replica replica, bool idle, CancellationToken cancellation)
    {
        try
        {
            await replicas.AdmitAsync(replica, idle, cancellation);
            reporter.Verbose($"{replica.Name} is in service.");
        }
        catch (RolloutException problem) when (!IsAway(problem))
        {
            gate.CouldNotServe(replica.Id, problem.Message);
        }
    }

    private Task WithdrawAsync(WorkloadSnapshot snapshot, RolloutAction.Withdraw withdraw, CancellationToken cancellation)
    {
        if (withdraw.IsNew) return replicas.WithdrawAsync(snapshot.ServerOf(snapshot.Find(Goal.Number, withdraw.Index)!)!.Name, cancellation);
        var old = OldOf(snapshot)[withdraw.Index - 1];
        return replicas.WithdrawAsync((old.Server ?? snapshot.ServerOf(old.Replica!))!.Name, cancellation);
    }

    private async Task RetireAsync(WorkloadSnapshot snapshot, Replica replica, CancellationToken cancellation)
    {
        var cutOff = await replicas.RetireAsync(replica, snapshot.ServerOf(replica), cancellation);
        if (cutOff > 0) reporter.Warning($"{replica.Name} had {cutOff} requests in hand after {ReplicaOperations.DrainPatience.TotalSeconds:0} s; they were cut off.");
        reporter.Verbose($"{replica.Name} is out of service.");
    }

    /// <summary>What runs again is looked at by the same checks, once it has all the traffic: what failed is never waited for.</summary>
    private bool IsBackUnverified => lease.State.Change is { GoingBack: true, IsUndo: false, Verified: false, NothingRanBefore: false } && (Checks ?? lease.State.Checks).Count > 0;

    private async Task VerifyAsync(RolloutStatus status, CancellationToken cancellation)
    {
        var change = lease.State.Change!;
        if (change.IsMend)
        {
            // That it serves again says nothing new about the release.
            await lease.SaveAsync(lease.State.Verified(Decision("Checked", AllServe)), cancellation);
            return;
        }

        var checks = Checks ?? lease.State.Checks;
        var skipped = Checks is null ? change.SecretChecks : [];
        if (checks.Count == 0)
        {
            await PassAsync(lease.State, AllServe, skipped, Verified, cancellation);
            return;
        }

        await CheckAsync(status, checks, skipped, Verified, (state, reason, message, decision) => state.GoOn(reason, message, decision), cancellation);
    }

    /// <summary>The checks of a step look at the new replicas that there are by then.</summary>
    private async Task CheckAsync(WorkloadSnapshot snapshot, RolloutStatus status, CancellationToken cancellation)
    {
        var own = ((Steps ?? lease.State.Change!.Steps)[lease.State.Change!.Passed] as CheckStep)?.Checks ?? [];
        var ofRollout = Checks ?? lease.State.Checks;
        var checks = own.Count > 0 ? own : ofRollout.Count > 0 ? ofRollout : [new ContainerHealthCheck { Name = "containers" }];
        var present = snapshot.Live.Count(replica => replica.Release == lease.State.Change.Goal && replica.IsUp);
        await CheckAsync(status with { Desired = present }, checks, Steps is null ? lease.State.Change.SecretChecks : [], (state, decision) => state.Pass(decision), (state, reason, message, decision) => state.PassAllTheSame(reason, message, decision), cancellation);
        if (lease.State.Change is not null) BeginStep();
    }

    private async Task CheckAsync(
        RolloutStatus status, IReadOnlyList<RolloutHealthCheck> checks, IReadOnlyList<string> skipped,
        Func<WorkloadState, RolloutDecision, WorkloadState> passed, Func<WorkloadState, string, string, RolloutDecision, WorkloadState> failed, CancellationToken cancellation)
    {
        // What the release that is gone did is no evidence against the one before it.
        var isBack = lease.State.Change is { GoingBack: true } or { IsUndo: true };
        RolloutHealth health;
        try
        {
            if (await JudgeAsync(status, checks, isBack ? time.GetUtcNow() : null, cancellation) is not { } judgement) return;
            health = judgement;
        }
        catch (RolloutException problem) when (!IsAway(problem))
        {
            await FailAsync(problem.Id, problem.Message, null, cancellation);
            return;
        }

        var judged = health.ToDecisions().Aggregate(lease.State, (state, decision) => state.Decide(decision));
        if (health.Verdict == HealthVerdict.Healthy) await PassAsync(judged, health.Findings, skipped, passed, cancellation);
        else if (isBack) await StayAsync(judged, health.Verdict, health.Findings, cancellation);
        else if (lease.State.Change!.OnFailure == FailureAction.Continue) await lease.SaveAsync(failed(judged, "HealthCheckFailed", health.Findings, Decision("Checked", health.Findings, health.Verdict)), cancellation);
        else await FailAsync("HealthCheckFailed", health.Findings, health.Verdict, cancellation, judged);
    }

    /// <summary>Makes the checks, which may take long; null where meanwhile something happened that makes them pointless, and is seen to at the next look.</summary>
    private async Task<RolloutHealth?> JudgeAsync(RolloutStatus status, IReadOnlyList<RolloutHealthCheck> checks, DateTimeOffset? since, CancellationToken cancellation)
    {
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var judging = runChecks(status, checks, since, reporter, done.Token);
        var watching = UntilPointlessAsync(done.Token);
        var isPointless = await Task.WhenAny(judging, watching) == watching && !cancellation.IsCancellationRequested;
        await done.CancelAsync();
        // Neither is at work any more when this returns.
        await Task.WhenAll(judging.ContinueWith(_ => { }, TaskScheduler.Default), watching.ContinueWith(_ => { }, TaskScheduler.Default));
        return isPointless && !judging.IsCompletedSuccessfully ? null : await judging;
    }

    /// <summary>Until a new replica has failed, or another shell asks for something.</summary>
    private async Task UntilPointlessAsync(CancellationToken cancellation)
    {
        while (!await IsPointlessAsync(cancellation)) await happenings.WaitAsync(LookAtLeastEvery, cancellation);
    }

    private async Task<bool> IsPointlessAsync(CancellationToken cancellation)
    {
        try
        {
            var snapshot = await reader.ReadAsync(names.Workload, cancellation);
            if (snapshot.Command is not null) return true;
            var looks = await Task.WhenAll(snapshot.Live.Where(replica => replica.Release == Goal.Number).Select(replica => gate.LookAsync(replica, Goal.Port, cancellation)));
            return looks.Any(look => look.Phase == ReplicaPhase.Failed);
        }
        catch (RolloutException problem) when (IsAway(problem))
        {
            // Whether it comes back is no matter of the checks.
            return false;
        }
    }

    /// <summary>An undo is never undone: where what ran before does not pass either, that is told, and nothing is held against it.</summary>
    private async Task StayAsync(WorkloadState judged, HealthVerdict verdict, string findings, CancellationToken cancellation)
    {
        var told = $"What runs again is {verdict} by the same checks, so that they may be what is wrong. {findings}";
        reporter.Warning($"{names.Workload}: {told}");
        await lease.SaveAsync(judged.Verified(Decision("Checked", told)), cancellation);
    }

    private static WorkloadState Verified(WorkloadState state, RolloutDecision decision) => state.Verified(decision);

    /// <summary>Nothing that could be checked was bad. Checks that only another shell could have made leave the release without a verdict.</summary>
    private async Task PassAsync(WorkloadState judged, string findings, IReadOnlyList<string> skipped, Func<WorkloadState, RolloutDecision, WorkloadState> passed, CancellationToken cancellation)
    {
        var decision = Decision("Checked", findings, HealthVerdict.Healthy);
        if (skipped.Count > 0)
        {
            var unmade = $"Not made, as what they need is secret and only the shell that began had it: {string.Join(", ", skipped)}. The revision does not count as verified.";
            reporter.Warning(unmade);
            decision = Decision("Checked", $"{findings} {unmade}", HealthVerdict.Inconclusive);
        }

        await lease.SaveAsync(passed(judged, decision), cancellation);
    }

    private async Task FailAsync(WorkloadSnapshot snapshot, int index, CancellationToken cancellation)
    {
        var (reason, message) = snapshot.Find(Goal.Number, index) is { } replica
            ? await gate.ExplainAsync(replica, Goal.Port, cancellation)
            : ("Timeout", $"Replica {index} was not there in time.");
        await FailAsync(reason, message, HealthVerdict.Unhealthy, cancellation);
    }

    /// <param name="reason">One word for why.</param>
    /// <param name="message">The same in a sentence.</param>
    /// <param name="verdict">What was found of the release; null where it is not the release that failed.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="judged">The record with what the checks found; null where none were made.</param>
    private async Task FailAsync(string reason, string message, HealthVerdict? verdict, CancellationToken cancellation, WorkloadState? judged = null)
    {
        var state = judged ?? lease.State;
        var change = state.Change!;
        if (change.IsMend)
        {
            await lease.SaveAsync(state.GiveUpMending(Decision("Failed", message)), cancellation);
        }
        else if (change.GoingBack)
        {
            var both = change.Message is null ? $"What ran before could not be put back: {message}" : $"{change.Message} And what ran before could not be put back: {message}";
            await lease.SaveAsync(state.Freeze("UndoFailed", both, Decision("Failed", both, verdict)), cancellation);
        }
        else if (change.OnFailure == FailureAction.Undo)
        {
            await lease.SaveAsync(state.TurnBack(reason, message, Decision("Undoing", message, verdict)), cancellation);
            BeginWay();
        }
        else
        {
            await lease.SaveAsync(state.Freeze(reason, message, Decision("Failed", message, verdict)), cancellation);
        }
    }

    /// <summary>Before the record says that it is done, so that who finds it half done ends it the same.</summary>
    private async Task CompleteAsync(WorkloadSnapshot snapshot, CancellationToken cancellation)
    {
        var change = lease.State.Change!;
        foreach (var needless in Needless(snapshot, change)) await replicas.RemoveAsync(needless, cancellation);

        var (phase, decision) = change switch
        {
            { IsMend: true } => (RolloutPhase.Healthy, Decision("Mended", "Every replica runs and is in service.")),
            { GoingBack: true, IsAsked: true, NothingRanBefore: true } => (RolloutPhase.Undone, Decision("Undone", "What was half done was taken back. Nothing ran before, so nothing runs now.")),
            { GoingBack: true, IsAsked: true } => (RolloutPhase.Undone, Decision("Undone", $"What was half done was taken back. Revision {change.From} serves as before.")),
            { GoingBack: true, IsUndo: true } => (RolloutPhase.Failed, Decision("Failed", $"The undo failed; revision {change.From} serves as before.")),
            { GoingBack: true, NothingRanBefore: true } => (RolloutPhase.Failed, Decision("Removed", "The new containers were removed; nothing ran before.")),
            { GoingBack: true } when gate.LeavesIll => (RolloutPhase.Undone, Decision("Undone", $"Revision {change.From} runs as before, and is no better.")),
            { GoingBack: true } => (RolloutPhase.Undone, Decision("Undone", $"Revision {change.From} runs again.", HealthVerdict.Healthy)),
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

    /// <summary>What the engine says at a start about the container rather than about itself or the place it is to have.</summary>
    private static bool IsTheContainersOwn(RolloutException problem) =>
        problem.Id is not ("PortTaken" or "NetworkNotFound") && problem.Kind is ErrorKind.InvalidInput or ErrorKind.OperationFailed or ErrorKind.NotFound or ErrorKind.Conflict;

    /// <summary>Published loopback ports are the engine's machine's.</summary>
    private static bool PortsAreReachable(RolloutEndpoint endpoint) =>
        endpoint.DockerHost is { } host && (!host.StartsWith("tcp", StringComparison.Ordinal) || (Uri.TryCreate(host, UriKind.Absolute, out var uri) && uri.IsLoopback));

    private sealed record OldReplica(Replica? Replica, RouterServer? Server);
}

/// <summary>Runs health checks against a rollout; what was before <paramref name="since"/> is no evidence.</summary>
internal delegate Task<RolloutHealth> RunChecks(
    RolloutStatus rollout, IReadOnlyList<RolloutHealthCheck> checks, DateTimeOffset? since, IReporter reporter, CancellationToken cancellation);
