using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Strategies;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>A Deployment, StatefulSet or DaemonSet as a rollout target.</summary>
internal sealed class KubernetesTarget(WorkloadStore store) : IRolloutTarget
{
    private static readonly TimeSpan LookAtLeastEvery = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LookForShellEvery = TimeSpan.FromSeconds(5);

    private readonly SteppedRollouts _stepped = new(store);

    public TargetName Name => store.Name;

    public string? Namespace => store.Namespace;

    private RolloutEndpoint Endpoint => store.Client.Endpoint;

    public async Task<RolloutStatus?> ReadAsync(CancellationToken cancellation) =>
        await store.ReadAsync(cancellation) is { } workload ? await StandingAsync(await store.NumberedAsync(workload, cancellation), cancellation) : null;

    public async Task<RolloutPlan> PlanAsync(RolloutRequest request, IReporter reporter, CancellationToken cancellation)
    {
        if (request.Strategy == RolloutStrategy.Recreate) throw WorkloadErrors.StrategyNotSupported(Name, request.Strategy);
        StrategySteps.Check(request);
        if (request.Strategy == RolloutStrategy.Rolling && request.Docker.NamesRouter) throw StepErrors.NotOfStrategy("-Router", request.Strategy, RolloutStrategy.Canary);
        await store.Cluster.Version.CheckAsync(reporter, cancellation);
        var workload = await store.FindAsync(cancellation);
        await Ownership.CheckAsync(workload, store.Client, request.Force, reporter, cancellation);
        SteppedRollouts.CheckNoneIsUnderWay(workload);
        await CheckRightsAsync(cancellation);
        var container = PodTemplate.Choose(workload.Template, request.Container, workload.Title);
        var image = await WantedImage.FindAsync(request, store.Cluster.Images, reporter, cancellation);
        var autoscaled = await AutoscaledAsync(workload, cancellation);
        if (autoscaled is not null) reporter.Verbose(autoscaled);
        var change = new ImageChange(workload, container, image, request)
        {
            Target = Name,
            Autoscaled = autoscaled,
            Before = StatusOf.Read(workload, Endpoint),
            Description = $"Set the image of container {container} of {workload.Title} to {image} in place of {PodTemplate.Image(workload.Template, container)}",
        };
        if (request.Strategy == RolloutStrategy.Rolling) await CheckRoomAsync(change, cancellation);
        var plan = request.Strategy == RolloutStrategy.Rolling ? change : await _stepped.PlanAsync(change, reporter, cancellation);
        await WarnOfLossAsync(plan, reporter, cancellation);
        return plan;
    }

    /// <summary>The API drops in silence what a kind, or its version of it, does not have: so it is asked what it would keep.</summary>
    private async Task CheckRoomAsync(ImageChange change, CancellationToken cancellation)
    {
        if (change.Room.Count == 0) return;
        var kept = (await store.PreviewAsync(change.Workload, change.Patch(change.Workload, change.Begin(store.Now)), cancellation))["spec"]?[change.RoomPlace]?["rollingUpdate"];
        if (change.Room.FirstOrDefault(asked => kept?[asked.Key] is null).Key is { } dropped) throw WorkloadErrors.RoomNotTaken(change.Workload.Title, dropped);
    }

    public async Task<RolloutPlan> PlanUndoAsync(UndoRequest request, IReporter reporter, CancellationToken cancellation)
    {
        var workload = await store.FindAsync(cancellation);
        await Ownership.CheckAsync(workload, store.Client, request.Force, reporter, cancellation);
        if (request is { ToRevision: null, ToImage: null } && _stepped.Plan(workload, RolloutVerb.Stop, request.AskedTimeout) is { } back) return back;
        SteppedRollouts.CheckNoneIsUnderWay(workload);
        await CheckRightsAsync(cancellation);
        var target = UndoChoice.Choose(workload, await store.RevisionsAsync(workload, cancellation), request, workload.Container);
        return new RevisionChange(workload, target, request)
        {
            Target = Name,
            Before = StatusOf.Read(workload, Endpoint),
            Description = $"Take {workload.Title} back to revision {target.Number}, {PodTemplate.Image(target.Template, workload.Container)}",
        };
    }

    public async Task<RolloutPlan> PlanAsync(RolloutCommand command, IReporter reporter, CancellationToken cancellation)
    {
        var workload = await store.FindAsync(cancellation);
        if (_stepped.Plan(workload, command.Verb, command.AskedTimeout) is { } stepped) return stepped;
        var before = StatusOf.Read(workload, Endpoint);
        if (command.Verb == RolloutVerb.Stop)
        {
            if (before.Phase is RolloutPhase.Healthy or RolloutPhase.Undone or RolloutPhase.Degraded) throw RolloutErrors.NothingToStop(workload.Title);
            return await PlanUndoAsync(new UndoRequest { AskedTimeout = command.AskedTimeout, Force = command.Force }, reporter, cancellation);
        }

        if (command.Verb == RolloutVerb.Restart)
        {
            if (workload.IsPaused) throw WorkloadErrors.Paused(workload.Title);
            // It would bring the bad template again, and what was to be done where that fails would be forgotten. Where all that is left is to take a second set away, it does that.
            if (workload.LastRecord?.Left is null && await StandingAsync(workload, cancellation) is { Reason: "Abandoned" }) throw RolloutErrors.HalfDone(workload.Title);
            await CheckRightsAsync(cancellation);
            return new RestartChange(workload, command) { Target = Name, Before = before, Description = $"Replace every Pod of {workload.Title} by a new one" };
        }

        if (command.Verb == RolloutVerb.Suspend) CheckCanPause(workload);
        else if (!workload.IsPaused) return new CarryOn { Target = Name, Before = before, Description = $"Carry on {workload.Title}, which is {before.Phase}, where anything is left to do" };
        return new PauseChange(workload, command) { Target = Name, Before = before, Description = $"{(command.Verb == RolloutVerb.Suspend ? "Pause" : "Lift the pause of")} {workload.Title}" };
    }

    public async Task<IReadOnlyList<string>> PreviewAsync(RolloutPlan plan, CancellationToken cancellation)
    {
        var (workload, patch) = plan switch
        {
            SteppedChange steps => (steps.Change.Workload, steps.Change.Patch(steps.Change.Workload, steps.Change.Begin(store.Now))),
            ImageChange change => (change.Workload, change.Patch(change.Workload, change.Begin(store.Now))),
            RevisionChange change => (change.Workload, UndoChoice.Patch(change.Workload, change.Revision, change.Begin(change.Workload.Record, store.Now))),
            RestartChange change => (change.Workload, RestartChange.Patch(change.Workload, change.Begin(store.Now))),
            _ => (null, null),
        };
        if (workload is null || patch is null) return [];
        var after = await store.PreviewAsync(workload, patch, cancellation);
        var template = after["spec"]?["template"] as JsonObject ?? [];
        return [.. TemplateDifference.Lines(PodTemplate.WithoutHash(workload.Template), PodTemplate.WithoutHash(template)), .. (plan as ImageChange)?.RoomLines(after) ?? [], .. (plan as SteppedChange)?.RouteLines ?? []];
    }

    public Task<RolloutStatus> ApplyAsync(RolloutPlan plan, Action<RolloutStatus>? changed, IReporter reporter, CancellationToken cancellation) => plan switch
    {
        SteppedChange steps => _stepped.StartAsync(steps, changed, reporter, cancellation),
        SteppedCommand command => _stepped.DoAsync(command, changed, reporter, cancellation),
        ImageChange rollout => RollOutAsync(rollout, new FollowedRollout(store, changed, reporter), reporter, cancellation),
        RevisionChange undo => UndoAsync(undo, new FollowedRollout(store, changed, reporter), cancellation),
        RestartChange restart => RestartAsync(restart, new FollowedRollout(store, changed, reporter), reporter, cancellation),
        PauseChange { Command.Verb: RolloutVerb.Suspend } pause => SuspendAsync(pause, changed, cancellation),
        PauseChange pause => ResumeAsync(pause, new FollowedRollout(store, changed, reporter), cancellation),
        CarryOn => CarryOnAsync(changed, reporter, cancellation),
        _ => throw new ArgumentException("The plan is another target's.", nameof(plan)),
    };

    public async Task<RolloutStatus> CarryOnAsync(Action<RolloutStatus>? changed, IReporter reporter, CancellationToken cancellation)
    {
        var workload = await store.FindAsync(cancellation);
        var isStepped = workload.LastRecord is { CompletedAt: null, Stepped: { IsUnderWay: true } or { Stage: SteppedStage.Promoting } };
        if (workload.Record is not { CompletedAt: null } && !isStepped) return await _stepped.ReadAsync(await store.NumberedAsync(workload, cancellation), cancellation);
        await using var lease = await store.LeaseAsync(workload, cancellation);
        if (isStepped) return await _stepped.DriveAsync(workload, null, changed, reporter, cancellation);
        var record = workload.Record!;
        // What is left of its time counts from its start, wherever that was.
        var left = Math.Max(1, record.TimeoutSec - (store.Now - record.StartedAt).TotalSeconds);
        return await new FollowedRollout(store, changed, reporter).FollowAsync(workload, record with { TimeoutSec = left }, record.Checks, cancellation);
    }

    public async IAsyncEnumerable<RolloutStatus> WatchAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var workload = await store.FindAsync(cancellation);
        await using var watch = store.Watch();
        await watch.BeginAsync(workload.Metadata.Uid, cancellation);
        RolloutStatus? last = null;
        while (watch.Look() is { Workload: { } now } sight)
        {
            var status = HeldUp(await StandingAsync(now, cancellation), sight);
            if (!status.LooksLike(last)) yield return status;
            last = status;
            // Nothing tells that a shell died but its lease, which runs out.
            await watch.WaitAsync(now.Record is { CompletedAt: null } ? LookForShellEvery : LookAtLeastEvery, store.Cluster.Time, cancellation);
        }
    }

    public async Task<IReadOnlyList<RolloutRevision>> HistoryAsync(CancellationToken cancellation)
    {
        var workload = await store.FindAsync(cancellation);
        var revisions = await store.RevisionsAsync(workload, cancellation);
        return [.. revisions.Select(revision => History.Of(revision, workload, Endpoint)).OfType<RolloutRevision>()];
    }

    /// <summary>With what holds up the slowest new Pod, whoever began it, where nothing but its own progress was to be told.</summary>
    private static RolloutStatus HeldUp(RolloutStatus status, Sight sight) =>
        status.Phase == RolloutPhase.Progressing && status.Reason == sight.Workload!.Progress.Reason && SlowestPod.Of(sight.NewPods) is { } pod
            ? status with { Reason = pod.Reason, Message = ForeignText.Neutralise($"{status.Message} {pod}") }
            : status;

    /// <summary>Where it stands; of a rollout that was begun and not ended, also whether anybody is at work on it still.</summary>
    private async Task<RolloutStatus> StandingAsync(Workload workload, CancellationToken cancellation)
    {
        var status = await _stepped.ReadAsync(workload, cancellation);
        if ((workload.Record ?? workload.Overtaken) is not { CompletedAt: null } || status.Phase is RolloutPhase.Healthy or RolloutPhase.Undone or RolloutPhase.Paused) return status;
        if (await TargetLease.IsHeldAsync(store.Client, workload, store.Cluster.Time, cancellation)) return status;
        return status with
        {
            Phase = RolloutPhase.Progressing,
            Reason = "Abandoned",
            Message = $"Nobody follows it any more: {status.Message} Wait-Rollout or Resume-Rollout carries it on; Undo-Rollout goes back.",
        };
    }

    private async Task<RolloutStatus> RollOutAsync(ImageChange plan, FollowedRollout followed, IReporter reporter, CancellationToken cancellation)
    {
        await using var lease = await store.LeaseAsync(plan.Workload, cancellation);
        var record = plan.Begin(store.Now);
        var workload = await store.DespiteOutagesAsync(() => store.PatchAsync(plan.Workload, now => plan.Patch(now, record), cancellation), reporter, cancellation);
        return await followed.FollowAsync(workload, record, plan.Request.HealthChecks, cancellation);
    }

    private async Task<RolloutStatus> UndoAsync(RevisionChange plan, FollowedRollout followed, CancellationToken cancellation)
    {
        if (plan.IsStop) return await StopAsync(plan, followed, cancellation);
        await using var lease = await store.LeaseAsync(plan.Workload, cancellation);
        await MarkLeftAsync(plan, cancellation);
        return await followed.GoBackAsync(plan with { IsAsked = true }, plan.Workload.Record, plan.Workload.Record?.Checks ?? [], cancellation);
    }

    /// <summary>It is written down for whoever is at work on it, who goes back; where nobody is, or they end before they see it, it is done here.</summary>
    private async Task<RolloutStatus> StopAsync(RevisionChange plan, FollowedRollout followed, CancellationToken cancellation)
    {
        await MarkLeftAsync(plan, cancellation);
        var asked = await store.PatchAsync(plan.Workload, now => plan.Asking(now, store.Now), cancellation);
        return await store.WhenFreeAsync(asked, BackAsync, async free => await BackAsync(free) ?? free.Record switch
        {
            null or { CompletedAt: not null, Phase: not RolloutPhase.Failed } => throw RolloutErrors.NothingToStop(free.Title),
            var record => await followed.GoBackAsync(plan with { Workload = free, IsAsked = true }, record, record.Checks, cancellation),
        }, cancellation);

        async Task<RolloutStatus?> BackAsync(Workload now) =>
            now.Record is { CompletedAt: not null, IsUndo: true } ? StatusOf.AtEnd(await store.NumberedAsync(now, cancellation), Endpoint) : null;
    }

    private async Task MarkLeftAsync(RevisionChange plan, CancellationToken cancellation)
    {
        if (LeavesABadOne(plan)) await store.MarkAsync(plan.Workload, await store.RevisionsAsync(plan.Workload, cancellation), HealthVerdict.Unhealthy, cancellation);
    }

    private async Task<RolloutStatus> RestartAsync(RestartChange plan, FollowedRollout followed, IReporter reporter, CancellationToken cancellation)
    {
        await using var lease = await store.LeaseAsync(plan.Workload, cancellation);
        var record = plan.Begin(store.Now);
        var workload = await store.DespiteOutagesAsync(() => store.PatchAsync(plan.Workload, now => RestartChange.Patch(now, record), cancellation), reporter, cancellation);
        return await followed.FollowAsync(workload, record, [], cancellation);
    }

    /// <summary>No lease is taken: who follows the rollout sees the pause, and ends.</summary>
    private async Task<RolloutStatus> SuspendAsync(PauseChange plan, Action<RolloutStatus>? changed, CancellationToken cancellation)
    {
        var record = plan.Begin(store.Now);
        var paused = await store.PatchAsync(plan.Workload, now => plan.Patch(now, record), cancellation);
        var status = StatusOf.Read(paused, Endpoint);
        // Its own status may be from before the pause.
        if (status.Phase == RolloutPhase.Progressing) status = status with { Phase = RolloutPhase.Paused, Reason = "Paused", Message = "It is paused. Resume-Rollout lets it go on." };
        changed?.Invoke(status);
        return status;
    }

    private async Task<RolloutStatus> ResumeAsync(PauseChange plan, FollowedRollout followed, CancellationToken cancellation)
    {
        await using var lease = await store.LeaseAsync(plan.Workload, cancellation);
        var record = plan.Begin(store.Now);
        var workload = await store.PatchAsync(plan.Workload, now => plan.Patch(now, record), cancellation);
        return await followed.FollowAsync(workload, record, record.Checks, cancellation);
    }

    private async Task WarnOfLossAsync(RolloutPlan plan, IReporter reporter, CancellationToken cancellation)
    {
        if (RequestLoss.Of(plan) is not { } loss) return;
        var (services, budgets) = (store.Cluster.Services.InAsync(store.Namespace, cancellation), store.Cluster.DisruptionBudgets.InAsync(store.Namespace, cancellation));
        try
        {
            foreach (var risk in loss.Risks(await services, await budgets)) reporter.Warning(risk);
        }
        catch (RolloutException e) when (e.Id == "InvalidMaxSurge")
        {
            // The server says what is wrong with it.
        }
    }

    private Task CheckRightsAsync(CancellationToken cancellation) => store.Cluster.Rights.CheckAsync(Name.Kind, store.Namespace, cancellation);

    private static void CheckCanPause(Workload workload)
    {
        if (workload.Kind == "statefulset") throw RolloutErrors.CommandNotSupported(workload.Title, RolloutVerb.Suspend, "a StatefulSet has no pause", "Go back with Stop-Rollout, or hold it by hand with spec.updateStrategy.rollingUpdate.partition.");
        if (workload.Kind == "daemonset") throw RolloutErrors.CommandNotSupported(workload.Title, RolloutVerb.Suspend, "a DaemonSet has no pause", "Go back with Stop-Rollout, or hold it by hand with spec.updateStrategy.type: OnDelete.");
    }

    /// <summary>An image's patch leaves the replicas alone, so that they stay whoever's they are.</summary>
    private async Task<string?> AutoscaledAsync(Workload workload, CancellationToken cancellation) =>
        await store.Cluster.Autoscalers.FindAsync(workload, cancellation) is { } scaler
            ? $"The HorizontalPodAutoscaler '{scaler.Metadata.Name}' keeps {workload.Title} at {scaler.Spec.MinReplicas ?? 1} to {scaler.Spec.MaxReplicas} replicas; the rollout leaves them to it."
            : null;

    /// <summary>What Rollout itself followed to its end was judged then, or could not be; of anything else its present state says whether it is bad.</summary>
    private bool LeavesABadOne(RevisionChange plan)
    {
        if (plan.Request.Verdict == HealthVerdict.Unhealthy) return true;
        if (plan.Workload.Record?.Phase is RolloutPhase.Failed or RolloutPhase.Degraded) return false;
        return StatusOf.Read(plan.Workload, Endpoint).Phase is RolloutPhase.Failed or RolloutPhase.Degraded;
    }

    /// <summary>The plan of going on with what there is.</summary>
    private sealed record CarryOn : RolloutPlan;
}
