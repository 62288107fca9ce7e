using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Rollout.Engine.Health;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>A Deployment, StatefulSet or DaemonSet as a rollout target.</summary>
internal sealed class KubernetesTarget(TargetName name, string @namespace, WorkloadKind kind, KubernetesTargets cluster) : IRolloutTarget
{
    private const int PatchTries = 5;

    public TargetName Name => name;

    private IKubernetesClient Client => cluster.Client;

    private DateTimeOffset Now => cluster.Time.GetUtcNow();

    public async Task<RolloutStatus?> ReadAsync(CancellationToken cancellation) =>
        await kind.GetAsync(Client, @namespace, name.Name, cancellation) is { } workload ? StatusOf.Read(workload, Client.Endpoint) : null;

    public async Task<RolloutPlan> PlanAsync(RolloutRequest request, IReporter reporter, CancellationToken cancellation)
    {
        if (request.Strategy != RolloutStrategy.Rolling) throw WorkloadErrors.StrategyNotSupported(name, request.Strategy);
        var workload = await FoundAsync(cancellation);
        CheckOwner(workload, request.Force, reporter);
        var container = PodTemplate.Choose(workload.Template, request.Container, workload.Title);
        var image = Wanted(request);
        return new RolloutOf(workload, container, image, request)
        {
            Target = name,
            Before = StatusOf.Read(workload, Client.Endpoint),
            Description = $"Set the image of container {container} of {workload.Title} to {image} in place of {PodTemplate.Image(workload.Template, container)}",
        };
    }

    public async Task<RolloutPlan> PlanUndoAsync(UndoRequest request, CancellationToken cancellation)
    {
        var workload = await FoundAsync(cancellation);
        CheckOwner(workload, request.Force, SilentReporter.Instance);
        var target = UndoChoice.Choose(workload, await kind.RevisionsAsync(Client, workload, cancellation), request, ContainerOf(workload));
        return new UndoOf(workload, target, request)
        {
            Target = name,
            Before = StatusOf.Read(workload, Client.Endpoint),
            Description = $"Take {workload.Title} back to revision {target.Number}, {PodTemplate.Image(target.Template, ContainerOf(workload))}",
        };
    }

    public Task<RolloutStatus> ApplyAsync(RolloutPlan plan, Action<RolloutStatus>? changed, IReporter reporter, CancellationToken cancellation) => plan switch
    {
        RolloutOf rollout => RollOutAsync(rollout, new Sinks(changed, reporter), cancellation),
        UndoOf undo => UndoAsync(undo, new Sinks(changed, reporter), cancellation),
        _ => throw new ArgumentException("The plan is another target's.", nameof(plan)),
    };

    public async Task<RolloutStatus> CarryOnAsync(Action<RolloutStatus>? changed, IReporter reporter, CancellationToken cancellation)
    {
        var workload = await FoundAsync(cancellation);
        if (workload.Record is not { CompletedAt: null } record) return StatusOf.Read(workload, Client.Endpoint);
        await using var lease = await TargetLease.TakeAsync(Client, workload, cluster.Time, cancellation);
        // What is left of its time counts from its start, wherever that was.
        var left = Math.Max(1, record.TimeoutSec - (Now - record.StartedAt).TotalSeconds);
        return await FollowAsync(workload, record with { TimeoutSec = left }, [], new Sinks(changed, reporter), cancellation);
    }

    public async IAsyncEnumerable<RolloutStatus> WatchAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var workload = await FoundAsync(cancellation);
        await using var watch = kind.Watch(cluster.Watch, @namespace);
        await watch.BeginAsync(workload.Metadata.Uid, cancellation);
        RolloutStatus? last = null;
        while (watch.Look().Workload is { } now)
        {
            var status = StatusOf.Read(now, Client.Endpoint);
            if (last is null || !AreSame(status, last)) yield return status;
            last = status;
            await watch.WaitAsync(TimeSpan.FromMinutes(5), cluster.Time, cancellation);
        }
    }

    public async Task<IReadOnlyList<RolloutRevision>> HistoryAsync(CancellationToken cancellation)
    {
        var workload = await FoundAsync(cancellation);
        var container = ContainerOf(workload);
        return
        [
            .. from revision in await kind.RevisionsAsync(Client, workload, cancellation)
               let image = StatusOf.Parsed(PodTemplate.Image(revision.Template, container))
               where image is not null
               select new RolloutRevision
               {
                   Target = name.ToString(),
                   Revision = (int)revision.Number,
                   Image = image,
                   CreatedAt = revision.Metadata.CreationTimestamp ?? default,
                   ChangeCause = revision.Metadata.Annotation(RolloutRecord.ChangeCause) is { } cause ? ForeignText.Neutralise(cause) : null,
                   Verdict = revision.Verdict,
                   Current = PodTemplate.AreSame(revision.Template, workload.Template),
               },
        ];
    }

    private async Task<RolloutStatus> RollOutAsync(RolloutOf plan, Sinks sinks, CancellationToken cancellation)
    {
        var request = plan.Request;
        await using var lease = await TargetLease.TakeAsync(Client, plan.Workload, cluster.Time, cancellation);
        var record = new RolloutRecord
        {
            Phase = RolloutPhase.Progressing,
            Container = plan.Container,
            Image = plan.Image.ToString(),
            PreviousImage = PodTemplate.Image(plan.Workload.Template, plan.Container),
            OnFailure = request.OnFailure,
            TimeoutSec = request.Timeout.TotalSeconds,
            GraceSec = request.Grace.TotalSeconds,
            GraceRestarts = request.GraceRestarts,
            StartedAt = Now,
        }.With(new RolloutDecision(Now, "Started", $"{plan.Image} in container {plan.Container}."));
        var changed = await PatchedAsync(plan.Workload, workload => ImagePatch(workload, plan, record), cancellation);
        return await FollowAsync(changed, record, request.HealthChecks, sinks, cancellation);
    }

    private async Task<RolloutStatus> UndoAsync(UndoOf plan, Sinks sinks, CancellationToken cancellation)
    {
        await using var lease = await TargetLease.TakeAsync(Client, plan.Workload, cluster.Time, cancellation);
        if (plan.Request.Verdict == HealthVerdict.Unhealthy || StatusOf.Read(plan.Workload, Client.Endpoint).Phase is RolloutPhase.Failed or RolloutPhase.Degraded)
        {
            await MarkAsync(plan.Workload, await kind.RevisionsAsync(Client, plan.Workload, cancellation), HealthVerdict.Unhealthy, cancellation);
        }

        return await UndoneAsync(plan.Workload, plan.Revision, plan.Request.Timeout, plan.Workload.Record, sinks, cancellation);
    }

    /// <summary>Goes to a revision and follows it there. A failed undo is told and not undone again.</summary>
    private async Task<RolloutStatus> UndoneAsync(Workload workload, Revision target, TimeSpan timeout, RolloutRecord? before, Sinks sinks, CancellationToken cancellation)
    {
        var container = ContainerOf(workload);
        var image = PodTemplate.Image(target.Template, container);
        var record = new RolloutRecord
        {
            Phase = RolloutPhase.Progressing,
            Container = container,
            Image = image,
            PreviousImage = PodTemplate.Image(workload.Template, container),
            OnFailure = FailureAction.Continue,
            TimeoutSec = timeout.TotalSeconds,
            GraceSec = before?.GraceSec ?? 0,
            GraceRestarts = before?.GraceRestarts ?? 0,
            IsUndo = true,
            StartedAt = Now,
            Reason = before?.Reason,
            Message = before?.Message,
            Decisions = before?.Decisions ?? [],
        }.With(new RolloutDecision(Now, "Undoing", $"Back to revision {target.Number}, {image}."));
        var changed = await PatchedAsync(workload, now => UndoChoice.Patch(now, target, record), cancellation);
        return await FollowAsync(changed, record, [], sinks, cancellation);
    }

    private async Task<RolloutStatus> FollowAsync(Workload changed, RolloutRecord record, IReadOnlyList<RolloutHealthCheck> checks, Sinks sinks, CancellationToken cancellation)
    {
        var activity = $"Rolling out {changed.Title}";
        try
        {
            await using var watch = kind.Watch(cluster.Watch, @namespace);
            RolloutStatus? last = null;
            var run = new WorkloadRun(Client, watch, cluster.Time, changed, record, (sight, trouble) =>
            {
                var progress = sight.Workload!.Progress;
                var status = StatusOf.Build(sight.Workload, Client.Endpoint, record, RolloutPhase.Progressing, trouble?.Reason ?? progress.Reason, trouble is null ? progress.Message : $"Pod {trouble.Pod}: {trouble.Message}");
                if (last is not null && AreSame(status, last)) return;
                last = status;
                sinks.Changed?.Invoke(status);
                sinks.Reporter.Progress(new ProgressReport(activity, $"{status.Updated} updated, {status.Ready} ready, {status.Available} available of {status.Desired}: {status.Message}", status.Desired == 0 ? null : Math.Min(100, 100 * Math.Min(status.Updated, status.Available) / status.Desired)));
            });
            var outcome = await run.FollowAsync(cancellation);
            if (outcome.Phase == RolloutPhase.Healthy && checks.Count > 0) outcome = await CheckedAsync(outcome, record, checks, sinks, cancellation);
            return await EndAsync(outcome, changed, record, sinks, cancellation);
        }
        finally
        {
            sinks.Reporter.Progress(new ProgressReport(activity, "", Completed: true));
        }
    }

    private async Task<Outcome> CheckedAsync(Outcome outcome, RolloutRecord record, IReadOnlyList<RolloutHealthCheck> checks, Sinks sinks, CancellationToken cancellation)
    {
        var status = StatusOf.Build(outcome.Sight.Workload!, Client.Endpoint, record, RolloutPhase.Progressing, "Checking", "Its health is checked.");
        var health = await new HealthCheckRunner(new PodStates(cluster), cluster.Time).RunAsync(status, checks, sinks.Reporter, cancellation);
        if (health.Verdict != HealthVerdict.Unhealthy) return outcome;
        var worst = health.Checks.First(check => check.Verdict == HealthVerdict.Unhealthy);
        return outcome with { Phase = RolloutPhase.Failed, Reason = "HealthCheckFailed", Message = $"{worst.Name}: {worst.Message}", IsRevisionBad = true };
    }

    /// <summary>Writes down how it ended, and does what is to be done where it failed.</summary>
    private async Task<RolloutStatus> EndAsync(Outcome outcome, Workload changed, RolloutRecord record, Sinks sinks, CancellationToken cancellation)
    {
        if (outcome.IsOver)
        {
            // Another's change, or nothing at all, is there now: it is not Rollout's to write on.
            return StatusOf.Build(outcome.Sight.Workload ?? changed, Client.Endpoint, record with { CompletedAt = Now }, RolloutPhase.Failed, outcome.Reason, outcome.Message);
        }

        var workload = outcome.Sight.Workload!;
        if (outcome.Phase == RolloutPhase.Paused) return StatusOf.Build(workload, Client.Endpoint, record, RolloutPhase.Paused, outcome.Reason, outcome.Message);
        if (outcome.Phase == RolloutPhase.Healthy || outcome.IsRevisionBad)
        {
            await MarkAsync(workload, outcome.Sight.Revisions, outcome.Phase == RolloutPhase.Healthy ? HealthVerdict.Healthy : HealthVerdict.Unhealthy, cancellation);
        }

        var isUndone = outcome.Phase == RolloutPhase.Healthy && record.IsUndo;
        var ended = (record with
        {
            Phase = isUndone ? RolloutPhase.Undone : outcome.Phase,
            Reason = isUndone ? record.Reason : outcome.Reason,
            Message = isUndone ? record.Message : outcome.Message,
            CompletedAt = Now,
        }).With(new RolloutDecision(Now, isUndone ? "Undone" : outcome.Phase == RolloutPhase.Healthy ? "Completed" : "Failed", outcome.Message ?? $"{record.Image} serves."));
        var written = await WrittenAsync(workload, ended, cancellation);
        var status = StatusOf.Build(written, Client.Endpoint, ended, ended.Phase, ended.Reason, ended.Message);
        sinks.Changed?.Invoke(status);
        return outcome.Phase == RolloutPhase.Failed && !record.IsUndo ? await AfterFailureAsync(written, ended, status, sinks, cancellation) : status;
    }

    private async Task<RolloutStatus> AfterFailureAsync(Workload workload, RolloutRecord failed, RolloutStatus status, Sinks sinks, CancellationToken cancellation)
    {
        switch (failed.OnFailure)
        {
            case FailureAction.Freeze when workload.Kind == "deployment":
                var paused = await PatchedAsync(workload, _ => Patch.Merge(new JsonObject
                {
                    ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [RolloutRecord.Annotation] = (failed with { HasPaused = true }).ToJson() } },
                    ["spec"] = new JsonObject { ["paused"] = true },
                }), cancellation);
                return StatusOf.Build(paused, Client.Endpoint, failed, RolloutPhase.Failed, failed.Reason, failed.Message);
            case FailureAction.Undo:
                try
                {
                    var target = UndoChoice.Choose(workload, await kind.RevisionsAsync(Client, workload, cancellation), new UndoRequest(), failed.Container);
                    return await UndoneAsync(workload, target, TimeSpan.FromSeconds(failed.TimeoutSec), failed, sinks, cancellation);
                }
                catch (RolloutException e) when (e.Id is "NothingToUndo" or "WorkloadChangedMeanwhile")
                {
                    sinks.Reporter.Warning($"{name} was not undone: {e.Message}");
                    return status;
                }

            default:
                return status;
        }
    }

    /// <summary>Changes the workload as it is now; where it moved on meanwhile only in its status, once more.</summary>
    private async Task<Workload> PatchedAsync(Workload planned, Func<Workload, Patch> patch, CancellationToken cancellation)
    {
        var workload = planned;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await kind.PatchAsync(Client, workload, patch(workload), cancellation);
            }
            catch (RolloutException e) when (KubernetesErrors.IsConflict(e) && attempt < PatchTries)
            {
                workload = await FoundAsync(cancellation);
                if (workload.Metadata.Uid != planned.Metadata.Uid || !PodTemplate.AreSame(workload.Template, planned.Template)) throw WorkloadErrors.ChangedMeanwhile(planned.Title);
            }
        }
    }

    private Task<Workload> WrittenAsync(Workload workload, RolloutRecord record, CancellationToken cancellation) =>
        kind.PatchAsync(Client, workload, Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["uid"] = workload.Metadata.Uid, ["annotations"] = new JsonObject { [RolloutRecord.Annotation] = record.ToJson() } } }), cancellation);

    private async Task MarkAsync(Workload workload, IReadOnlyList<Revision> revisions, HealthVerdict verdict, CancellationToken cancellation)
    {
        var present = revisions.FirstOrDefault(revision => PodTemplate.AreSame(revision.Template, workload.Template));
        if (present is not null && present.Verdict != verdict) await kind.AnnotateAsync(Client, present, RolloutRecord.VerdictAnnotation, verdict.ToString(), cancellation);
    }

    private static Patch ImagePatch(Workload workload, RolloutOf plan, RolloutRecord record)
    {
        var annotations = new JsonObject { [RolloutRecord.Annotation] = record.ToJson(), [RolloutRecord.ChangeCause] = plan.Request.ChangeCause ?? $"Rollout: {plan.Container}={plan.Image}" };
        var spec = new JsonObject { ["template"] = PodTemplate.ImagePatch(workload.Template, plan.Container, plan.Image.ToString()) };
        var rolling = new JsonObject();
        if (plan.Request.MaxSurge is { } surge) rolling["maxSurge"] = Share(surge);
        if (plan.Request.MaxUnavailable is { } unavailable) rolling["maxUnavailable"] = Share(unavailable);
        if (workload is { IsPaused: true, Record.HasPaused: true }) spec["paused"] = false;
        if (rolling.Count > 0) spec[workload.Kind == "deployment" ? "strategy" : "updateStrategy"] = new JsonObject { ["rollingUpdate"] = rolling };
        return Patch.StrategicMerge(new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = workload.Metadata.ResourceVersion, ["annotations"] = annotations },
            ["spec"] = spec,
        });
    }

    /// <summary>A number is a JSON number, a percentage a text; the server says what else is wrong.</summary>
    private static JsonValue Share(string text) =>
        int.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number) ? JsonValue.Create(number) : JsonValue.Create(text);

    private static ImageReference Wanted(RolloutRequest request)
    {
        var reference = request.Image.Reference;
        if (!request.ByTag) return reference;
        return reference.Tag is { } tag ? reference.WithTag(tag) : reference;
    }

    private static void CheckOwner(Workload workload, bool force, IReporter reporter)
    {
        if (Ownership.Of(workload.Metadata) is not { } ownership) return;
        if (ownership.Reverts && !force) throw WorkloadErrors.OwnedByGitOps(workload.Title, ownership.Owner, ownership.Source);
        reporter.Warning($"{workload.Title} belongs to {ownership.Owner}, which will set the image back unless {ownership.Source} change too.");
    }

    private static string ContainerOf(Workload workload) =>
        workload.Record is { Container.Length: > 0 } record && PodTemplate.Image(workload.Template, record.Container) is not null ? record.Container : PodTemplate.First(workload.Template) ?? "";

    private async Task<Workload> FoundAsync(CancellationToken cancellation)
    {
        if (await kind.GetAsync(Client, @namespace, name.Name, cancellation) is { } found) return found;
        if (await cluster.HasNamespaceAsync(@namespace, cancellation) == false) throw WorkloadErrors.NamespaceNotFound(@namespace);
        throw RolloutErrors.WorkloadNotFound($"{@namespace}/{name}", $"the cluster has no such {name.Kind}");
    }

    private static bool AreSame(RolloutStatus one, RolloutStatus other) =>
        one.Decisions.Count == other.Decisions.Count && one with { Decisions = [] } == other with { Decisions = [] };

    private sealed record Sinks(Action<RolloutStatus>? Changed, IReporter Reporter);

    private sealed record RolloutOf(Workload Workload, string Container, ImageReference Image, RolloutRequest Request) : RolloutPlan;

    private sealed record UndoOf(Workload Workload, Revision Revision, UndoRequest Request) : RolloutPlan;
}
