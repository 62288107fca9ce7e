using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Traffic.Kubernetes;

namespace Rollout.Engine.Kubernetes.Strategies;

/// <summary>Rollouts of a workload in steps: planned, begun, carried on, and told what to do from any shell.</summary>
internal sealed class SteppedRollouts(WorkloadStore store)
{
    private const int ServiceNameAtMost = 63;

    // ---- plans

    /// <summary>Works out a rollout in steps.</summary>
    /// <param name="change">The change that it ends with.</param>
    /// <param name="reporter">Where warnings go.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<RolloutPlan> PlanAsync(ImageChange change, IReporter reporter, CancellationToken cancellation)
    {
        var (workload, request) = (change.Workload, change.Request);
        // Its traffic may be there, which a second set of this rollout would take the place of.
        if (workload.LastRecord?.Left is { IsInPlace: false } left) throw StepErrors.UnderWay(workload.Title, left.Strategy, left.StepText!);
        if (request.Strategy != RolloutStrategy.Canary && (request.Strategy != RolloutStrategy.BlueGreen || workload.IsInPlace)) throw WorkloadErrors.StrategyNotSupported(store.Name, request.Strategy);
        if (workload is { IsPaused: true, IsPauseOurs: false }) throw WorkloadErrors.Paused(workload.Title);
        if (workload.Strategy == RolloutStrategy.Recreate) throw StrategyErrors.NoRoom(workload.Title);
        if (workload.IsInPlace) await CheckInPlaceAsync(workload, request, cancellation);
        var replicas = workload.Replaceable;
        var steps = WithChecksAfterTheSwitch(StrategySteps.Of(request, Math.Max(1, replicas)), request);
        // Where nothing runs there is nothing to compare with, and nothing to lose.
        if (replicas == 0) return change;
        var route = workload.IsInPlace ? null : await RouteAsync(workload, request, steps, reporter, cancellation);
        if (route is { Router: ShareRouters.Service } && request.Strategy == RolloutStrategy.Canary) throw StepErrors.StepNotSupported(workload.Title, steps[0], "a Service's selector is switched as a whole", "Use -Strategy BlueGreen, or another -Router.");
        if (route is null && steps.OfType<HeaderStep>().FirstOrDefault() is { } header) throw StepErrors.StepNotSupported(workload.Title, header, "where the replicas themselves are the share, nothing tells requests apart by their headers", "Put a router in front (-Router Gateway or Istio), or leave the step out.");
        if (route is null && !workload.IsInPlace && await store.Cluster.Autoscalers.FindAsync(workload, cancellation) is { } scaler) throw StrategyErrors.Autoscaled(workload.Title, scaler.Metadata.Name);
        if (route is { Second: { Length: > ServiceNameAtMost } name } && !name.Contains('/', StringComparison.Ordinal)) throw StrategyErrors.NameTooLong(workload.Title, name, ServiceNameAtMost);
        if (!workload.IsInPlace) await SetsBeside.CheckNamesAsync(store.Client, workload, withServices: route is not null, cancellation);

        var (surge, unavailable) = SteppedChange.Room(workload, request, replicas);
        var state = new SteppedState { Strategy = request.Strategy, Replicas = replicas, Surge = surge, Unavailable = unavailable, Baseline = request.Baseline, ChangeCause = change.Cause, Route = route, Old = route is null && !workload.IsInPlace ? replicas : null };
        if (workload.IsInPlace) state = state with { IsInPlace = true, Partition = workload.Partition, Template = PodTemplate.Fingerprint(change.Template) };
        return new SteppedChange(change, new StepChecks(steps, request.HealthChecks), state)
        {
            Target = change.Target,
            Before = change.Before,
            Description = $"{change.Description}, in the steps {StepText.Write(steps)}",
        };
    }

    /// <exception cref="RolloutException">UpdatedByHand, RouterNotApplicable, StepNotSupported, BaselineNotSupported, WorkloadRoomNotSupported, OldPodHoldsItUp.</exception>
    private async Task CheckInPlaceAsync(Workload workload, RolloutRequest request, CancellationToken cancellation)
    {
        if (workload.IsOnDelete) throw StrategyErrors.UpdatedByHand(workload.Title);
        if (request.Docker.Router is { } router) throw StrategyErrors.RouterNotApplicable(workload.Title, router);
        if (request.MaxSurge is not null) throw WorkloadErrors.RoomNotTaken(workload.Title, "maxSurge");
        if (request.MaxUnavailable is not null && workload.Kind == "statefulset") throw WorkloadErrors.RoomNotTaken(workload.Title, "maxUnavailable");
        if (request.Steps.OfType<HeaderStep>().FirstOrDefault() is { } header) throw StepErrors.StepNotSupported(workload.Title, header, "its Pods are replaced in place, and no router tells old from new", "Leave the step out.");
        if (request.Baseline) throw StepErrors.BaselineNotSupported(workload.Title, "its Pods are replaced in place, and none are made beside them");
        if (!workload.IsOrdered) return;
        var pods = await store.Client.ListAllAsync(Resources.Pods, store.Namespace, new ListQuery { LabelSelector = workload.Selector.ToString() }, cancellation);
        if (pods.Items.Where(pod => pod.Metadata.IsControlledBy(workload.Metadata.Uid)).Select(PodTrouble.Of).FirstOrDefault(trouble => trouble is not null) is { } broken) throw StrategyErrors.HeldUp(workload.Title, $"Pod {broken.Pod}: {broken.Reason}. {broken.Message}".TrimEnd());
    }

    /// <summary>The router: as asked for, else as it was known before; a blue-green rollout has a Service's selector where nothing else is named.</summary>
    private async Task<ShareRoute?> RouteAsync(Workload workload, RolloutRequest request, IReadOnlyList<RolloutStep> steps, IReporter reporter, CancellationToken cancellation)
    {
        // A Service's selector, which is what a blue-green rollout has where nothing is named, cannot share the traffic of a canary.
        var known = workload.LastRecord?.Route is { } last && (request.Strategy == RolloutStrategy.BlueGreen || last.Router != ShareRouters.Service) ? last : null;
        var router = request.Docker.Router is { } named ? ShareRouters.Named(named) : known?.Router ?? (request.Strategy == RolloutStrategy.BlueGreen ? ShareRouters.Service : null);
        if (router is null) return request.Docker.NamesRouter ? throw RolloutErrors.RouterIncomplete(workload.Title, "-Router") : null;
        var same = known?.Router == router ? known : null;
        var asked = new ShareRoute { Router = router, Name = request.Docker.RouterEndpoint ?? same?.Name ?? "", Backend = request.Docker.Backend ?? same?.Backend.Split('/')[0] ?? "" };
        if (same?.Name == asked.Name) asked = asked with { Writers = same.Writers };
        return await ShareRouters.ResolveAsync(store.Client, store.Namespace, workload.Title, PodTemplate.Labels(workload.Template), asked, SecondSet.NameBeside(workload, SteppedState.RoleOf(request.Strategy)), steps, reporter, cancellation);
    }

    /// <summary>A switch is checked when it is made, while it can still be taken back at once.</summary>
    private static IReadOnlyList<RolloutStep> WithChecksAfterTheSwitch(IReadOnlyList<RolloutStep> steps, RolloutRequest request) =>
        request is { Strategy: RolloutStrategy.BlueGreen, HealthChecks.Count: > 0 } ? [.. steps.SelectMany(step => step is WeightStep ? (RolloutStep[])[step, new CheckStep([])] : [step])] : steps;

    /// <summary>Refuses what would be done over a rollout that is in its steps.</summary>
    public static void CheckNoneIsUnderWay(Workload workload)
    {
        if (workload.LastRecord?.Stepped is { IsUnderWay: true } state) throw StepErrors.UnderWay(workload.Title, state.Strategy, state.StepText ?? "back");
    }

    /// <summary>The plan of a command where a rollout is in its steps; null where none is.</summary>
    /// <param name="workload">The workload.</param>
    /// <param name="verb">The command; Stop is also what an undo is.</param>
    /// <param name="timeout">How long each step, or the way back, may take from now on; null for as long as before.</param>
    public RolloutPlan? Plan(Workload workload, RolloutVerb verb, TimeSpan? timeout)
    {
        if (workload.LastRecord is not { Stepped: { IsUnderWay: true } state } record) return null;
        if (verb == RolloutVerb.Restart) CheckNoneIsUnderWay(workload);
        if (verb == RolloutVerb.Suspend && state.Stage == SteppedStage.Returning) throw RolloutErrors.CommandNotSupported(workload.Title, verb, "it is on its way back to what ran before", "Wait for it (Wait-Rollout).");

        var (change, description) = (verb, state.Stage) switch
        {
            (RolloutVerb.Suspend, _) => (Held, $"Hold {workload.Title} at step {state.StepText}"),
            (RolloutVerb.Stop, SteppedStage.Stepping) => (Stopped, $"Take {workload.Title} back to {record.PreviousImage} from step {state.StepText}"),
            (RolloutVerb.Promote, SteppedStage.Stepping) => (Promoted, $"Take {workload.Title} past all its steps to {record.Image}"),
            (_, SteppedStage.Stepping) => (Resumed, $"Let {workload.Title} go on from step {state.StepText}"),
            _ => ((Func<RolloutRecord, DateTimeOffset, RolloutRecord>)((same, _) => same with { CompletedAt = null }), $"Take {workload.Title} back to {record.Image}, which is under way"),
        };
        return new SteppedCommand(workload, verb, Timed) { Target = store.Name, Before = StatusOf.Read(workload, store.Client.Endpoint), Description = description };

        RolloutRecord Timed(RolloutRecord same, DateTimeOffset at) => change(same with { TimeoutSec = timeout?.TotalSeconds ?? same.TimeoutSec }, at);
    }

    private static RolloutRecord Held(RolloutRecord record, DateTimeOffset now) =>
        (record with { Stepped = record.Stepped! with { IsHeld = true } }).With(new RolloutDecision(now, "Suspended", $"At step {record.Stepped.StepText}."));

    private static RolloutRecord Stopped(RolloutRecord record, DateTimeOffset now) => SteppedRun.Returning(record, now) with { IsAsked = true };

    private static RolloutRecord Promoted(RolloutRecord record, DateTimeOffset now) => Afresh(record, record.Stepped! with { Passed = record.Stepped.Steps.Count, Since = now, IsHeld = false })
        .With(new RolloutDecision(now, "Promoted", $"Past all steps from {record.Stepped.StepText}."));

    /// <summary>Lets go what is held: a pause is passed; where it was suspended in a timed one, it goes on where it was.</summary>
    private static RolloutRecord Resumed(RolloutRecord record, DateTimeOffset now)
    {
        var state = record.Stepped!;
        var passes = record.Phase == RolloutPhase.Paused ? state.Current is PauseStep or CheckStep : state is { IsHeld: false, Current: PauseStep };
        return Afresh(record, (passes ? state.Passing(now) : state) with { IsHeld = false })
            .With(new RolloutDecision(now, "Resumed", $"At step {state.StepText}."));
    }

    private static RolloutRecord Afresh(RolloutRecord record, SteppedState state) =>
        record with { Phase = RolloutPhase.Progressing, CompletedAt = null, Reason = null, Message = null, Stepped = state };

    // ---- work

    /// <summary>Begins a rollout in steps and takes it to its end, or to where it is held.</summary>
    public async Task<RolloutStatus> StartAsync(SteppedChange plan, Action<RolloutStatus>? changed, IReporter reporter, CancellationToken cancellation)
    {
        var planned = plan.Change.Workload;
        await using var lease = await store.LeaseAsync(planned, cancellation);
        await SetsBeside.RemoveAsync(store.Client, planned, cancellation);
        var record = plan.Begin(store.Now);
        var begun = await store.DespiteOutagesAsync(() => store.PatchAsync(planned, now => SteppedPatch.Begin(now, record), cancellation), reporter, cancellation);
        return await DriveAsync(begun, plan.Checks, changed, reporter, cancellation);
    }

    /// <summary>Does what was asked of a rollout in its steps: it is written down for whoever is at work on it; where nobody is, it is done here.</summary>
    public async Task<RolloutStatus> DoAsync(SteppedCommand plan, Action<RolloutStatus>? changed, IReporter reporter, CancellationToken cancellation)
    {
        var at = store.Now;
        var written = await store.PatchAsync(plan.Workload, now => SteppedPatch.Of(now, plan.Change(now.LastRecord!, at)), cancellation);
        if (plan.Verb == RolloutVerb.Suspend)
        {
            var status = await HeldAsync(written, cancellation);
            changed?.Invoke(status);
            return status;
        }

        return await store.WhenFreeAsync(written, ToldAsync, free => DriveAsync(free, null, changed, reporter, cancellation), cancellation);

        async Task<RolloutStatus?> ToldAsync(Workload now) => now.LastRecord switch
        {
            { CompletedAt: not null } => StatusOf.AtEnd(now, store.Client.Endpoint),
            { Phase: RolloutPhase.Paused } or { Stepped.IsHeld: true } => await ReadAsync(now, cancellation),
            _ => null,
        };
    }

    /// <summary>Held, and with its route put back where somebody else changed that while nobody was at work who would have kept it.</summary>
    private async Task<RolloutStatus> HeldAsync(Workload written, CancellationToken cancellation)
    {
        var status = await ReadAsync(written, cancellation);
        return status.Reason != RouteAstray.Changed ? status : await store.WhenFreeAsync(written, async now => now.LastRecord is { Stepped.IsHeld: true } ? null : await ReadAsync(now, cancellation), PutBackAsync, cancellation);

        async Task<RolloutStatus> PutBackAsync(Workload free)
        {
            await RouteAstray.PutBackAsync(store, free, cancellation);
            return await ReadAsync(free, cancellation);
        }
    }

    /// <summary>Carries on a rollout whose shell died; the lease is taken already.</summary>
    /// <param name="workload">The workload, with a record in its steps or past them.</param>
    /// <param name="known">The checks where this shell has them; null for those of the record.</param>
    /// <param name="changed">Gets each status on the way.</param>
    /// <param name="reporter">Where progress goes.</param>
    /// <param name="cancellation">Stops at once.</param>
    public async Task<RolloutStatus> DriveAsync(Workload workload, StepChecks? known, Action<RolloutStatus>? changed, IReporter reporter, CancellationToken cancellation)
    {
        if (workload.LastRecord?.Stepped is not { } state) return StatusOf.AtEnd(workload, store.Client.Endpoint);
        var checks = known ?? StepChecks.Of(workload.LastRecord);
        var left = workload;
        // What it watches is watched on behind it: a list that would be made anew could meet a server that is away.
        await using var run = new SteppedRun(store, state.IsInPlace ? new PodsInPlace(store) : new SetsBeside(store), changed, reporter);
        if (state.Stage != SteppedStage.Promoting)
        {
            (var status, left) = await run.RunAsync(workload, checks, cancellation);
            if (left is null) return status;
            if (left.LastRecord!.Stepped!.Stage == SteppedStage.Stepping) left = await PromoteAsync(left, reporter, cancellation);
        }

        // What is left is for the workload's own controller to do.
        var record = left.LastRecord!;
        return await new FollowedRollout(store, changed, reporter).FollowAsync(left, record, record.IsUndo ? [] : checks.Whole, cancellation);
    }

    private Task<Workload> PromoteAsync(Workload left, IReporter reporter, CancellationToken cancellation) =>
        store.DespiteOutagesAsync(() => store.PatchAsync(left, now => SteppedPatch.Promotion(now, now.LastRecord!), cancellation), reporter, cancellation);

    /// <summary>Where it stands, with the set beside it and what became of its route.</summary>
    public async Task<RolloutStatus> ReadAsync(Workload workload, CancellationToken cancellation)
    {
        var second = workload.Record?.Stepped is { IsUnderWay: true, IsInPlace: false } ? await SetsBeside.FindAsync(store.Client, workload, cancellation) : null;
        return StatusOf.Read(workload, store.Client.Endpoint, second, await RouteAstray.LookAsync(store.Client, workload, cancellation));
    }
}
