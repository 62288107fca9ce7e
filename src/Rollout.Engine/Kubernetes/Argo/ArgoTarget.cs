using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Kubernetes.Argo;

/// <summary>
/// A Rollout of Argo as a rollout target, on its custom resource alone: its controller does the work. Rolled out, followed and undone as every workload of a cluster;
/// held, promoted, aborted and restarted in Argo's own way, without a lease where another shell may follow it meanwhile.
/// </summary>
internal sealed class ArgoTarget(WorkloadStore store) : IRolloutTarget
{
    private const int PatchTries = 5;
    private static readonly TimeSpan CachePatience = TimeSpan.FromSeconds(10);

    private readonly KubernetesTarget _workload = new(store);

    public TargetName Name => store.Name;

    public string? Namespace => store.Namespace;

    private RolloutEndpoint Endpoint => store.Client.Endpoint;

    public Task<RolloutStatus?> ReadAsync(CancellationToken cancellation) => _workload.ReadAsync(cancellation);

    /// <summary>The strategy is the Rollout's own; of its settings those are set that were given. The pauses of its steps are not counted against the time it may take.</summary>
    public async Task<RolloutPlan> PlanAsync(RolloutRequest request, IReporter reporter, CancellationToken cancellation)
    {
        var (workload, rollout) = await FindAsync(cancellation);
        var settings = ArgoSettings.Of(request, rollout, workload.Title);
        var plain = request with { Strategy = RolloutStrategy.Rolling, AutoPromote = false, ScaleDownDelay = TimeSpan.Zero, MaxSurge = null, MaxUnavailable = null, Timeout = request.Timeout + ArgoSteps.Pauses(rollout) };
        var change = (ImageChange)await _workload.PlanAsync(plain, reporter, cancellation);
        return settings is null ? change : change with { Strategy = settings, Description = $"{change.Description}, and set spec.strategy {settings.ToJsonString()}" };
    }

    public async Task<RolloutPlan> PlanUndoAsync(UndoRequest request, IReporter reporter, CancellationToken cancellation)
    {
        await FindAsync(cancellation);
        return await _workload.PlanUndoAsync(request, reporter, cancellation);
    }

    public async Task<RolloutPlan> PlanAsync(RolloutCommand command, IReporter reporter, CancellationToken cancellation)
    {
        var (workload, rollout) = await FindAsync(cancellation);
        var what = command.Verb switch
        {
            RolloutVerb.Stop when rollout.IsFullyPromoted || rollout.Status.Abort => throw RolloutErrors.NothingToStop(workload.Title),
            RolloutVerb.Stop => "Abort, back to the stable revision",
            RolloutVerb.Restart => "Replace every Pod by a new one",
            RolloutVerb.Resume or RolloutVerb.Promote => Promotion(rollout, command)?.What,
            _ => null,
        };
        if (what is null) return await _workload.PlanAsync(command, reporter, cancellation);
        return new ArgoChange(workload, rollout, command) { Target = Name, Before = StatusOf.Read(workload, Endpoint), Description = $"{what}: {workload.Title}" };
    }

    public Task<IReadOnlyList<string>> PreviewAsync(RolloutPlan plan, CancellationToken cancellation) => _workload.PreviewAsync(plan, cancellation);

    public Task<RolloutStatus> ApplyAsync(RolloutPlan plan, Action<RolloutStatus>? changed, IReporter reporter, CancellationToken cancellation) => plan switch
    {
        ArgoChange { Command.Verb: RolloutVerb.Stop } stop => StopAsync(stop, changed, cancellation),
        ArgoChange { Command.Verb: RolloutVerb.Restart } restart => RestartAsync(restart, new FollowedRollout(store, changed, reporter), cancellation),
        ArgoChange resume => ResumeAsync(resume, new FollowedRollout(store, changed, reporter), cancellation),
        _ => _workload.ApplyAsync(plan, changed, reporter, cancellation),
    };

    public Task<RolloutStatus> CarryOnAsync(Action<RolloutStatus>? changed, IReporter reporter, CancellationToken cancellation) => _workload.CarryOnAsync(changed, reporter, cancellation);

    public IAsyncEnumerable<RolloutStatus> WatchAsync(CancellationToken cancellation) => _workload.WatchAsync(cancellation);

    public Task<IReadOnlyList<RolloutRevision>> HistoryAsync(CancellationToken cancellation) => _workload.HistoryAsync(cancellation);

    private static ArgoPromotion? Promotion(ArgoRollout rollout, RolloutCommand command) =>
        command.Verb == RolloutVerb.Promote ? ArgoPromotion.Full(rollout) : ArgoPromotion.Of(rollout);

    /// <summary>Aborts, and waits until the stable revision alone serves. The template stays as it is, as Argo has it: Resume tries it again, Undo takes it back.</summary>
    private async Task<RolloutStatus> StopAsync(ArgoChange plan, Action<RolloutStatus>? changed, CancellationToken cancellation)
    {
        await PatchedAsync(plan.Rollout, rollout => rollout.Status.Abort ? null : new ArgoPromotion(null, new JsonObject { ["abort"] = true }, ""), cancellation);
        await using var watch = store.Watch();
        await watch.BeginAsync(plan.Workload.Metadata.Uid, cancellation);
        var deadline = store.Now + plan.Command.Timeout;
        RolloutStatus? last = null;
        while (true)
        {
            var now = watch.Look().Workload ?? throw RolloutErrors.WorkloadNotFound(plan.Workload.Title, "it was deleted meanwhile");
            var status = StatusOf.Read(now, Endpoint);
            if (!status.LooksLike(last)) changed?.Invoke(status);
            last = status;
            if (IsStopped(now)) return await StoppedAsync(now, cancellation);
            if (store.Now >= deadline) return status with { Reason = "Timeout", Message = $"It was aborted, but the stable revision does not serve alone yet: {status.Message}" };
            await watch.WaitAsync(deadline - store.Now, store.Cluster.Time, cancellation);
        }
    }

    /// <summary>Back at the stable revision; or done, where another shell took the template back as well.</summary>
    private static bool IsStopped(Workload now) => now.Progress is { Kind: ProgressKind.Failed } ? now.Step is null : now.Progress.Kind == ProgressKind.Done;

    /// <summary>What Rollout began is over. Where another shell follows it, that one writes down how it ended.</summary>
    private async Task<RolloutStatus> StoppedAsync(Workload workload, CancellationToken cancellation)
    {
        if (workload.Record is not { CompletedAt: null } record) return StatusOf.Read(workload, Endpoint);
        var progress = workload.Progress;
        var ended = (record with { Phase = RolloutPhase.Degraded, Reason = progress.Reason, Message = progress.Message, CompletedAt = store.Now })
            .With(new RolloutDecision(store.Now, "Stopped", progress.Message));
        try
        {
            await using var lease = await store.LeaseAsync(workload, cancellation);
            return StatusOf.Read(await store.WriteAsync(workload, ended, cancellation), Endpoint);
        }
        catch (RolloutException e) when (e.Id == "RolloutInProgress")
        {
            return StatusOf.Read(workload, Endpoint);
        }
    }

    private async Task<RolloutStatus> ResumeAsync(ArgoChange plan, FollowedRollout followed, CancellationToken cancellation)
    {
        await PatchedAsync(plan.Rollout, rollout => Promotion(rollout, plan.Command), cancellation);
        var workload = await store.FindAsync(cancellation);
        try
        {
            await using var lease = await store.LeaseAsync(workload, cancellation);
            var record = (plan with { Workload = workload }).Begin(Promotion(plan.Rollout, plan.Command)!.What, store.Now);
            return await FollowAsync(await store.WriteAsync(workload, record, cancellation), record, followed, cancellation);
        }
        catch (RolloutException e) when (e.Id == "RolloutInProgress")
        {
            // The shell that holds it follows it.
            return StatusOf.Read(workload, Endpoint);
        }
    }

    private async Task<RolloutStatus> RestartAsync(ArgoChange plan, FollowedRollout followed, CancellationToken cancellation)
    {
        await using var lease = await store.LeaseAsync(plan.Workload, cancellation);
        var record = plan.Begin("", store.Now);
        var workload = await store.PatchAsync(plan.Workload, now => ArgoChange.RestartPatch(now, record), cancellation);
        return await FollowAsync(workload, record, followed, cancellation);
    }

    /// <summary>Status has no generation: that a cache shows the change is known by the record that was written after it.</summary>
    private async Task<RolloutStatus> FollowAsync(Workload written, RolloutRecord record, FollowedRollout followed, CancellationToken cancellation)
    {
        await using var watch = store.Watch();
        await watch.BeginAsync(written.Metadata.Uid, cancellation);
        var deadline = store.Now + CachePatience;
        while (store.Now < deadline && watch.Look().Workload is { } now && now.Metadata.Annotation(RolloutRecord.Annotation) != record.ToJson())
        {
            await watch.WaitAsync(deadline - store.Now, store.Cluster.Time, cancellation);
        }

        return await followed.FollowAsync(written, record, record.Checks, cancellation);
    }

    /// <summary>Changes the status and the spec as the Rollout is now; where it moved on meanwhile, once more. Nothing is done where nothing is left to do.</summary>
    private async Task PatchedAsync(ArgoRollout planned, Func<ArgoRollout, ArgoPromotion?> change, CancellationToken cancellation)
    {
        var rollout = planned;
        for (var attempt = 1; ; attempt++)
        {
            if (change(rollout) is not { } wanted) return;
            try
            {
                if (wanted.Status is { } status) rollout = await ArgoKind.PatchStatusAsync(store.Client, rollout.Metadata, status, cancellation);
                if (wanted.Spec is { } spec) await PatchSpecAsync(rollout.Metadata, spec, cancellation);
                return;
            }
            catch (RolloutException e) when (KubernetesErrors.IsConflict(e) && attempt < PatchTries)
            {
                rollout = (await FindAsync(cancellation)).Rollout;
                if (rollout.Metadata.Uid != planned.Metadata.Uid) throw WorkloadErrors.ChangedMeanwhile(Name.ToString());
            }
        }
    }

    private Task PatchSpecAsync(ObjectMeta rollout, JsonObject spec, CancellationToken cancellation) =>
        store.Client.PatchAsync(ArgoRollout.Resource, rollout.Namespace, rollout.Name, Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["uid"] = rollout.Uid }, ["spec"] = spec }), cancellation);

    private async Task<(Workload Workload, ArgoRollout Rollout)> FindAsync(CancellationToken cancellation)
    {
        if (await ArgoKind.ReadAsync(store.Client, store.Namespace, Name.Name, cancellation) is not { } rollout)
        {
            await store.FindAsync(cancellation);
            throw RolloutErrors.WorkloadNotFound($"{store.Namespace}/{Name}", "the cluster has no such rollout");
        }

        var referred = await ArgoKind.ReferredAsync(store.Client, rollout, cancellation);
        var workload = ArgoView.Of(rollout, referred);
        if (rollout.Spec.WorkloadRef is { } reference && referred is null) throw ArgoErrors.WorkloadRefNotSupported(workload.Title, reference.Kind, reference.Name);
        return (workload, rollout);
    }
}
