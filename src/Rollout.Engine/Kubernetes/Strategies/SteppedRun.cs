using Rollout.Engine.Health;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Traffic.Kubernetes;

namespace Rollout.Engine.Kubernetes.Strategies;

/// <summary>
/// Takes a rollout along its steps, and back where it is to go back. All it knows stands in the workload's record, which is written before the next step is
/// begun: any shell goes on where one died, and what another shell writes there (a pause, a promotion, an end) is done by the one at work.
/// </summary>
internal sealed class SteppedRun(WorkloadStore store, ISides sides, Action<RolloutStatus>? changed, IReporter reporter) : IAsyncDisposable
{
    /// <summary>The reason of a rollout that another's change took the place of.</summary>
    internal const string Superseded = "Superseded";

    private const int ShiftsAtMost = 3;
    private static readonly TimeSpan LookAtLeastEvery = TimeSpan.FromSeconds(30);
    // No watch tells of a route: what somebody else writes there would take the new its traffic away for as long.
    private static readonly TimeSpan LookAtRouteEvery = TimeSpan.FromSeconds(5);

    private readonly PodEvidence _evidence = new(store.Client);
    private readonly DateTimeOffset _begun = store.Now;
    private EarlyFailure? _early;
    private (TrafficShare? Share, int Times) _shifts;
    private TrafficShare? _written;
    private RolloutStatus? _last;

    /// <summary>Goes on until it is held, over, or past its steps.</summary>
    /// <param name="first">The workload, with its record.</param>
    /// <param name="checks">The checks as this shell knows them.</param>
    /// <param name="cancellation">Stops at once; nothing is lost.</param>
    /// <returns>Where it stands; and the workload where it is itself to be brought the rest of the way.</returns>
    public async Task<(RolloutStatus Status, Workload? Left)> RunAsync(Workload first, StepChecks checks, CancellationToken cancellation)
    {
        await store.DespiteOutagesAsync(() => sides.BeginAsync(first, cancellation), reporter, cancellation);
        var template = first.Template;
        while (true)
        {
            var sight = sides.Look();
            if (sight.Workload is not { } now || now.Progress.Reason == "Deleted") return (await GoneAsync(first, cancellation), null);
            if (now.LastRecord is not { Stepped: { } begun } record || begun.Stage == SteppedStage.Over) return (StatusOf.AtEnd(now, store.Client.Endpoint), null);
            var state = begun with { Replicas = sight.Replicas ?? begun.Replicas };
            var isSuperseded = sight.IsSuperseded || !PodTemplate.AreSame(now.Template, template);
            if (isSuperseded && state.Stage == SteppedStage.Stepping) await WriteAsync(now, Overtaken, cancellation);
            else if (state.Old is { } left && left != now.Progress.Desired) await WriteAsync(now, (same, at) => Scaled(same, at, now.Progress.Desired), cancellation);
            else if (state is { Stage: SteppedStage.Returning, IsInPlace: true } && PodTemplate.Image(now.Template, record.Container) == record.Image) return (Told(now, record, sight), now);
            else if (state.Stage == SteppedStage.Returning)
            {
                if (await ReturnAsync(now, record, sight, cancellation) is { } back) return back;
            }
            else if (state.IsHeld || record is { Phase: RolloutPhase.Paused } && state.Current is PauseStep { IsOpenEnded: true }) return (Told(now, record, sight, await store.DespiteOutagesAsync(() => RouteAstray.LookAsync(store.Client, now, cancellation), reporter, cancellation)), null);
            else if (state.Passed >= state.Steps.Count) return (Told(now, record, sight), now);
            else if (await StepOrFailAsync(now, record with { Stepped = state.AtLeastOne }, sight, checks, cancellation) is { } ended) return (ended, null);
        }
    }

    public ValueTask DisposeAsync() => sides.DisposeAsync();

    // ---- forward

    /// <summary>What the cluster refuses (a right, a quota, an admission rule, a route that is gone) fails the rollout as a Pod that cannot run does.</summary>
    private async Task<RolloutStatus?> StepOrFailAsync(Workload now, RolloutRecord record, SidesSight sight, StepChecks checks, CancellationToken cancellation)
    {
        try
        {
            return await StepAsync(now, record, sight, checks, cancellation);
        }
        catch (RolloutException problem) when (!KubernetesErrors.IsTransient(problem) && !KubernetesErrors.IsConflict(problem) && problem.Id != "WorkloadChangedMeanwhile")
        {
            if (KubernetesErrors.IsNotFound(problem) && await store.DespiteOutagesAsync(() => store.ReadAsync(cancellation), reporter, cancellation) is null) return await GoneAsync(now, cancellation);
            return await FailAsync(now, problem.Id, problem.Message, cancellation, verdict: null);
        }
    }

    private async Task<RolloutStatus?> StepAsync(Workload now, RolloutRecord record, SidesSight sight, StepChecks checks, CancellationToken cancellation)
    {
        var state = record.Stepped!;
        Told(now, record, sight);
        var deadline = (state.Since > _begun ? state.Since : _begun) + TimeSpan.FromSeconds(record.TimeoutSec);
        if (!sight.IsSettled && store.Now < deadline)
        {
            await WaitAsync(null, deadline, cancellation);
            return null;
        }

        _early ??= new EarlyFailure(record.GraceRestarts, TimeSpan.FromSeconds(record.GraceSec));
        await _evidence.ExplainAsync(_early, sight.NewPods, store.Now, cancellation);
        var (trouble, lookAgain) = _early.Look(sight.NewPods, store.Now);

        var share = await ShareAsync(state, cancellation);
        var path = Path(state);
        var actions = RolloutDriver.Next(path, sight.Observed(state, share ?? _written, trouble is not null), store.Now, deadline);
        if (state.Route is not null && share is null && actions[0] is not (RolloutAction.Fail or RolloutAction.Create))
        {
            if (store.Now >= deadline) return await FailAsync(now, "RouteNotInForce", $"{state.Route.Router} '{state.Route.Name}' did not take on in time what was written to it.", cancellation, verdict: null);
            await WaitAsync(SecondSide.LookEvery, null, cancellation);
            return null;
        }

        switch (actions[0])
        {
            case RolloutAction.Shift shift when _shifts.Share == shift.Share && _shifts.Times >= ShiftsAtMost:
                return await FailAsync(now, "RouterSharesNotKept", $"Somebody else changes the weights or rules of {state.Route!.Router} '{state.Route.Name}' again and again.", cancellation, verdict: null);
            case RolloutAction.Shift shift:
                _shifts = (shift.Share, _shifts.Share == shift.Share ? _shifts.Times + 1 : 1);
                _written = shift.Share;
                await store.DespiteOutagesAsync(() => Router(state, state.Route!).SetAsync(shift.Share, cancellation), reporter, cancellation);
                return null;
            case RolloutAction.Create:
                await store.DespiteOutagesAsync(() => sides.RaiseNewAsync(sight, actions.Count, cancellation), reporter, cancellation);
                return null;
            case RolloutAction.Retire:
                await store.DespiteOutagesAsync(() => sides.LowerOldAsync(sight, actions.Count, cancellation), reporter, cancellation);
                return null;
            case RolloutAction.Fail:
                var why = trouble is null ? Late(record, sight) : await _evidence.ToldAsync(trouble, sight.NewPods, cancellation);
                // Where every new Pod that there is serves, something else held it up.
                return await FailAsync(now, trouble?.Reason ?? "Timeout", why, cancellation, sight.NewPods.All(SlowestPod.IsReady) ? null : HealthVerdict.Unhealthy);
            case RolloutAction.Check or RolloutAction.Pass or RolloutAction.Hold when sight.IsBaselineBehind:
                await store.DespiteOutagesAsync(() => sides.RaiseNewAsync(sight, 0, cancellation), reporter, cancellation);
                await WaitAsync(lookAgain, null, cancellation);
                return null;
            case RolloutAction.Check check:
                return await CheckAsync(now, record, sight, check.Step, checks, cancellation);
            case RolloutAction.Pass:
                await PassAsync(now, state, cancellation);
                return null;
            case RolloutAction.Expire:
                return await FailAsync(now, RolloutAction.Expire.Reason, RolloutAction.Expire.Message(state.Current), cancellation, verdict: null);
            case RolloutAction.Hold:
                await WriteAsync(now, (same, _) => same with { Phase = RolloutPhase.Paused }, cancellation);
                return null;
            case RolloutAction.Wait wait when wait.Until is not null && state.Current is PauseStep { ApprovalLimit: not null } && record.Phase != RolloutPhase.Paused:
                await WriteAsync(now, (same, _) => same with { Phase = RolloutPhase.Paused }, cancellation);
                return null;
            case RolloutAction.Wait wait:
                await WaitAsync(state.Route is null || lookAgain < LookAtRouteEvery ? lookAgain : LookAtRouteEvery, wait.Until ?? deadline, cancellation);
                return null;
            default:
                throw new InvalidOperationException($"{actions[0]} is not done in a cluster.");
        }
    }

    /// <summary>Somebody set the replicas of the workload, and means all that run.</summary>
    private static RolloutRecord Scaled(RolloutRecord record, DateTimeOffset at, int replicas) => (record with { Stepped = record.Stepped! with { Replicas = replicas, Old = replicas } })
        .With(new RolloutDecision(at, "Scaled", $"Somebody else set its replicas to {replicas}, in place of {record.Stepped.Replicas} in all."));

    /// <summary>The way along the steps; what comes after them is the workload's own rolling update.</summary>
    private static RolloutPath Path(SteppedState state)
    {
        // Behind a router the old side stays whole.
        var whole = state.Route is null
            ? RolloutPath.Stepped(state.Steps, state.Replicas, state.Replicas, state.Surge, routed: false, state.Unavailable)
            : RolloutPath.Stepped(state.Steps, state.Replicas, state.Replicas, state.Replicas, routed: true);
        return whole with { Waypoints = [.. whole.Waypoints.Where(point => point.Step < state.Steps.Count)] };
    }

    /// <summary>The share in force; null without a router, and while one has not taken on what was written.</summary>
    private async Task<TrafficShare?> ShareAsync(SteppedState state, CancellationToken cancellation) =>
        state.Route is { } route ? await store.DespiteOutagesAsync(() => Router(state, route).ShareAsync(cancellation), reporter, cancellation) : null;

    private IShareRouter Router(SteppedState state, ShareRoute route) => ShareRouters.Open(store.Client, store.Namespace, route, state.Steps);

    private Task PassAsync(Workload now, SteppedState state, CancellationToken cancellation) => WriteAsync(
        now,
        (same, at) => (same with { Phase = RolloutPhase.Progressing, Stepped = same.Stepped!.Passing(at) }).With(new RolloutDecision(at, "StepPassed", $"{state.StepText}.")),
        cancellation);

    private async Task<RolloutStatus?> CheckAsync(Workload now, RolloutRecord record, SidesSight sight, int step, StepChecks checks, CancellationToken cancellation)
    {
        if (checks.AreLost)
        {
            reporter.Warning($"The checks of {now.Title} hold secrets, so that only the shell that began the rollout has them. Look for yourself, and go on with Resume-Rollout.");
            await WriteAsync(now, (same, _) => same with { Phase = RolloutPhase.Paused, Stepped = same.Stepped! with { IsHeld = true } }, cancellation);
            return null;
        }

        RolloutHealth health;
        try
        {
            var status = StatusOf.Build(sight.Second ?? now, store.Client.Endpoint, record with { Stepped = null }, RolloutPhase.Progressing, null, null) with { Desired = sight.New.Wanted };
            var runner = new HealthCheckRunner(new PodStates(store.Cluster), store.Cluster.Time) { EndsAtFirstUnhealthy = true };
            if (await Race.FirstAsync<RolloutHealth?>(async end => await runner.RunAsync(status, checks.At(step), reporter, end), end => CommandedAsync(now, end), cancellation) is not { } found) return null;
            health = found;
        }
        catch (RolloutException problem) when (!KubernetesErrors.IsTransient(problem))
        {
            return await FailAsync(now, problem.Id, problem.Message, cancellation);
        }

        if (health.Verdict != HealthVerdict.Healthy && record.OnFailure != FailureAction.Continue) return await FailAsync(now, "HealthCheckFailed", health.Findings, cancellation, health.Verdict, health.ToDecisions());
        await WriteAsync(
            now,
            (same, at) => (same with { Stepped = same.Stepped!.Passing(at) }).With([.. health.ToDecisions()]),
            cancellation);
        return null;
    }

    /// <summary>Ends, without a judgement, when somebody said what is to be done or changed the workload: its record or template is another than it was.</summary>
    private async Task<RolloutHealth?> CommandedAsync(Workload before, CancellationToken cancellation)
    {
        while (sides.Look().Workload is { } now && now.LastRecord?.Stepped?.Turn == before.LastRecord!.Stepped!.Turn && PodTemplate.AreSame(now.Template, before.Template)) await sides.WaitAsync(LookAtLeastEvery, cancellation);
        return null;
    }

    // ---- back

    /// <summary>What is done when it failed: with Undo it turns back, else it is left as it is.</summary>
    private async Task<RolloutStatus?> FailAsync(
        Workload now, string reason, string message, CancellationToken cancellation, HealthVerdict? verdict = HealthVerdict.Unhealthy, IEnumerable<RolloutDecision>? found = null)
    {
        // Who looks where to go back to must not find it. What stands beside the workload is no revision of its own.
        if (now.IsInPlace && verdict == HealthVerdict.Unhealthy) await store.DespiteOutagesAsync(() => store.MarkAsync(now, [], HealthVerdict.Unhealthy, cancellation), reporter, cancellation);
        var failed = (RolloutRecord record, DateTimeOffset at) => (record with { Reason = reason, Message = ForeignText.Neutralise(message) }).With([.. found ?? [], new RolloutDecision(at, "Failed", ForeignText.Neutralise(message), verdict)]);
        if (now.LastRecord!.OnFailure == FailureAction.Undo)
        {
            await WriteAsync(now, (record, at) => Returning(failed(record, at), at), cancellation);
            return null;
        }

        var left = await WriteAsync(now, (record, at) => failed(record, at) with { Phase = RolloutPhase.Failed, CompletedAt = at }, cancellation);
        return Told(left, left.LastRecord!, sides.Look());
    }

    /// <summary>The record of a rollout that turns back from its steps: what ran before is what is wanted.</summary>
    public static RolloutRecord Returning(RolloutRecord record, DateTimeOffset now) => record.Stepped!.Stage == SteppedStage.Returning ? record : (record with
    {
        Phase = RolloutPhase.Progressing,
        Image = record.PreviousImage,
        PreviousImage = record.Image,
        IsUndo = true,
        CompletedAt = null,
        Stepped = record.Stepped! with { Stage = SteppedStage.Returning, IsHeld = false, Since = now },
    }).With(new RolloutDecision(now, "Undoing", $"Back to {record.PreviousImage}."));

    /// <summary>Somebody else's change is what is wanted now: what was made beside it goes, and its replicas are given back.</summary>
    private static RolloutRecord Overtaken(RolloutRecord record, DateTimeOffset at) =>
        Returning(record, at) with { Reason = Superseded, Message = "Somebody else started another rollout over this one.", IsAsked = false };

    /// <summary>The old side first gets all its Pods back; only then the new goes, unless it serves nothing anyway.</summary>
    private async Task<(RolloutStatus Status, Workload? Left)?> ReturnAsync(Workload now, RolloutRecord record, SidesSight sight, CancellationToken cancellation)
    {
        var state = record.Stepped!;
        Told(now, record, sight);
        if (state.IsInPlace) return await ReturnedAsync(now, Overtaken(record, store.Now), sight, cancellation);
        if (state.Route is not null)
        {
            await SecondSide.RetireAsync(store, now, record, reporter, cancellation);
            return await ReturnedAsync(now, record, sight, cancellation);
        }

        if (sight.Old.Wanted < state.Replicas)
        {
            await WriteAsync(now, (same, _) => same, cancellation, state.Replicas);
            return null;
        }

        var isOldBack = now.Progress.Reason != "NotObserved" && sight.Old.Available >= state.Replicas;
        if (!isOldBack && sight.New.Available > 0)
        {
            var deadline = (state.Since > _begun ? state.Since : _begun) + TimeSpan.FromSeconds(record.TimeoutSec);
            if (store.Now >= deadline) return (await EndAsync(now, record, RolloutPhase.Failed, "Failed", "What ran before did not get all its Pods back in time, so the new ones were left too.", isOver: false, cancellation), null);
            await WaitAsync(null, deadline, cancellation);
            return null;
        }

        await store.DespiteOutagesAsync(() => SetsBeside.RemoveAsync(store.Client, now, cancellation), reporter, cancellation);
        return await ReturnedAsync(now, record, sight, cancellation);
    }

    /// <summary>Nothing stands beside it any more. Whether what ran before serves again is for its own controller to show; another's change is theirs.</summary>
    private async Task<(RolloutStatus Status, Workload? Left)> ReturnedAsync(Workload now, RolloutRecord record, SidesSight sight, CancellationToken cancellation)
    {
        if (record.Reason != Superseded && now.Overtaken is null) return (Told(now, record, sight), now);
        var ended = record.Reason == Superseded ? record : Overtaken(record, store.Now);
        return (await EndAsync(now, ended, RolloutPhase.Failed, "Failed", ended.Message!, isOver: true, cancellation), null);
    }

    private async Task<RolloutStatus> EndAsync(Workload now, RolloutRecord record, RolloutPhase phase, string action, string message, bool isOver, CancellationToken cancellation)
    {
        var written = await WriteAsync(
            now,
            (same, at) => (same with { Phase = phase, CompletedAt = at, Stepped = isOver ? same.Stepped! with { Stage = SteppedStage.Over } : same.Stepped }).With(new RolloutDecision(at, action, message)),
            cancellation);
        var ended = written.LastRecord!;
        var status = StatusOf.Build(written, store.Client.Endpoint, ended, phase, record.Reason, record.Message);
        changed?.Invoke(status);
        return status;
    }

    // ---- both

    /// <summary>Writes the record. Each try writes the same, so that one whose answer got lost is known again, and no step is passed twice.</summary>
    private async Task<Workload> WriteAsync(Workload now, Func<RolloutRecord, DateTimeOffset, RolloutRecord> change, CancellationToken cancellation, int? replicas = null)
    {
        var at = store.Now;
        var changing = (Workload fresh) => SteppedPatch.Of(fresh, change(fresh.LastRecord ?? throw WorkloadErrors.ChangedMeanwhile(fresh.Title), at), replicas);
        var written = await store.DespiteOutagesAsync(() => store.PatchAsync(now, changing, cancellation), reporter, cancellation);
        sides.Wrote(written);
        return written;
    }

    private Task WaitAsync(TimeSpan? lookAgain, DateTimeOffset? until, CancellationToken cancellation)
    {
        var limit = until - store.Now ?? LookAtLeastEvery;
        if (lookAgain < limit) limit = lookAgain.Value;
        if (limit > LookAtLeastEvery) limit = LookAtLeastEvery;
        return sides.WaitAsync(limit < TimeSpan.Zero ? TimeSpan.Zero : limit, cancellation);
    }

    private static string Late(RolloutRecord record, SidesSight sight) =>
        $"The step '{record.Stepped!.StepText}' was not done within {record.TimeoutSec:0} s: {sight.New.Available} of {sight.New.Wanted} new Pods are available. {SlowestPod.Of(sight.NewPods) ?? SlowestPod.Of(sight.OldPods)}".TrimEnd();

    private RolloutStatus Told(Workload now, RolloutRecord record, SidesSight sight, RouteAstray? astray = null)
    {
        var status = StatusOf.Read(now, store.Client.Endpoint, sight.Second, astray);
        if (status.LooksLike(_last)) return status;
        _last = status;
        changed?.Invoke(status);
        reporter.Progress(new ProgressReport($"Rolling out {now.Title}", $"Step {record.Stepped!.StepText}: {sight.New.Available} of {sight.New.Wanted} new and {sight.Old.Available} of {sight.Old.Wanted} old available", 100 * record.Stepped.Passed / Math.Max(1, record.Stepped.Steps.Count)));
        return status;
    }

    /// <summary>What was made beside it goes with it; the route does not.</summary>
    private async Task<RolloutStatus> GoneAsync(Workload first, CancellationToken cancellation)
    {
        var record = first.LastRecord!;
        if (record.Stepped is { Route: { } route } state) await store.DespiteOutagesAsync(() => Router(state, route).RestoreAsync(cancellation), reporter, cancellation);
        return StatusOf.Build(first, store.Client.Endpoint, record with { CompletedAt = store.Now }, RolloutPhase.Failed, "Deleted", "It was deleted meanwhile.");
    }
}
