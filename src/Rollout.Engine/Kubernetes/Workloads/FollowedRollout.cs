using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Strategies;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>Takes a change that was made to a workload to its end: follows it, judges it, writes down how it ended, and does what is to be done where it failed.</summary>
/// <param name="store">The workload.</param>
/// <param name="changed">Gets each status on the way.</param>
/// <param name="reporter">Where progress goes.</param>
internal sealed class FollowedRollout(WorkloadStore store, Action<RolloutStatus>? changed, IReporter reporter)
{
    /// <summary>Follows a change to its end.</summary>
    /// <param name="workload">The workload as the change left it.</param>
    /// <param name="record">The record that was written with the change.</param>
    /// <param name="checks">What must be well besides.</param>
    /// <param name="cancellation">Stops following.</param>
    public async Task<RolloutStatus> FollowAsync(Workload workload, RolloutRecord record, IReadOnlyList<RolloutHealthCheck> checks, CancellationToken cancellation)
    {
        var activity = $"Rolling out {workload.Title}";
        try
        {
            await using var watch = store.Watch();
            RolloutStatus? last = null;
            (Workload? Workload, SlowestPod? Holdup) seen = default;
            var run = new WorkloadRun(store, watch, workload, record, (sight, holdup) =>
            {
                // Most looks are at another Pod's change, which shows in neither.
                if (ReferenceEquals(sight.Workload, seen.Workload) && holdup == seen.Holdup) return;
                seen = (sight.Workload, holdup);
                var progress = sight.Workload!.Progress;
                var phase = progress.Kind == ProgressKind.Held ? RolloutPhase.Paused : RolloutPhase.Progressing;
                var status = Status(sight.Workload, record, phase, holdup?.Reason ?? progress.Reason, holdup is null ? progress.Message : $"{progress.Message} {holdup}");
                if (status.LooksLike(last)) return;
                last = status;
                changed?.Invoke(status);
                reporter.Progress(new ProgressReport(activity, $"{status.Updated} updated, {status.Ready} ready, {status.Available} available of {status.Desired}: {status.Message}", status.Desired == 0 ? null : Math.Min(100, 100 * Math.Min(status.Updated, status.Available) / status.Desired)));
            });
            var outcome = await run.FollowAsync(cancellation);
            // What must hold besides, unless somebody puts an end to it meanwhile.
            if (outcome.Phase == RolloutPhase.Healthy) outcome = await Race.FirstAsync(end => new RolloutGate(store, reporter).PassAsync(outcome, record, checks, end), run.BrokenOffAsync, cancellation);
            if (record.Left is not null && (outcome.IsOver || outcome.Phase is RolloutPhase.Healthy or RolloutPhase.Degraded)) await SecondSide.RetireAsync(store, workload, record, reporter, cancellation);
            return await EndAsync(outcome, workload, record, checks, cancellation);
        }
        finally
        {
            reporter.Progress(new ProgressReport(activity, "", Completed: true));
        }
    }

    /// <summary>Goes back to a revision and follows it there. A failed undo is told and not undone again.</summary>
    /// <param name="undo">What to go back to.</param>
    /// <param name="before">The record of what is left.</param>
    /// <param name="checks">What must be well besides: the checks of what is left.</param>
    /// <param name="cancellation">Stops following.</param>
    public async Task<RolloutStatus> GoBackAsync(RevisionChange undo, RolloutRecord? before, IReadOnlyList<RolloutHealthCheck> checks, CancellationToken cancellation)
    {
        var record = undo.Begin(before, store.Now);
        if (record.Stepped is not null) await SecondSide.GiveBackAsync(store, record, reporter, cancellation);
        var workload = await store.DespiteOutagesAsync(() => store.PatchAsync(undo.Workload, now => UndoChoice.Patch(now, undo.Revision, record), cancellation), reporter, cancellation);
        return await FollowAsync(workload, record, checks, cancellation);
    }

    private async Task<RolloutStatus> EndAsync(Outcome outcome, Workload begun, RolloutRecord record, IReadOnlyList<RolloutHealthCheck> checks, CancellationToken cancellation)
    {
        // Another's change, or nothing at all, is there now: it is not Rollout's to write on.
        if (outcome.IsOver)
        {
            // Save that nothing stands beside it any more.
            if (outcome is { Reason: SteppedRun.Superseded, Sight.Workload: { LastRecord: { Left: not null } last } theirs } && last.StartedAt == record.StartedAt) await store.WriteAsync(theirs, last with { CompletedAt = store.Now, Stepped = null }, cancellation);
            return Status(outcome.Sight.Workload ?? begun, record with { CompletedAt = store.Now }, RolloutPhase.Failed, outcome.Reason, outcome.Message);
        }

        var workload = outcome.Sight.Workload!;
        if (outcome.Phase == RolloutPhase.Paused) return Status(workload, record, RolloutPhase.Paused, outcome.Reason, outcome.Message);
        var marking = outcome.Verdict is { } verdict ? store.DespiteOutagesAsync(() => store.MarkAsync(workload, outcome.Sight.Revisions, verdict, cancellation), reporter, cancellation) : Task.CompletedTask;
        var ended = record.End(outcome, store.Now);
        // What is undone is not over yet: where this shell died before the undo is written, another carries on with that.
        if (outcome.Phase == RolloutPhase.Failed && !record.IsUndo && (outcome.BackTo is not null || record.OnFailure == FailureAction.Undo))
        {
            await marking;
            if (await UndoneAsync(workload, ended, checks, cancellation) is { } undone) return undone;
        }

        var writing = store.DespiteOutagesAsync(() => store.WriteAsync(workload, ended, cancellation), reporter, cancellation);
        await Task.WhenAll(marking, writing);
        var written = await writing;
        var status = Status(written with { Revision = workload.Revision }, ended, ended.Phase, ended.Reason, ended.Message);
        changed?.Invoke(status);
        return outcome.Phase == RolloutPhase.Failed && record is { IsUndo: false, OnFailure: FailureAction.Freeze } && outcome.BackTo is null ? await FrozenAsync(written, ended, status, cancellation) : status;
    }

    /// <summary>Only a Deployment can be held as it is.</summary>
    private async Task<RolloutStatus> FrozenAsync(Workload workload, RolloutRecord failed, RolloutStatus status, CancellationToken cancellation)
    {
        if (workload.Kind is not ("deployment" or "rollout")) return status;
        var pause = Patch.Merge(new JsonObject
        {
            ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [RolloutRecord.Annotation] = (failed with { HasPaused = true }).ToJson() } },
            ["spec"] = new JsonObject { ["paused"] = true },
        });
        var paused = await store.DespiteOutagesAsync(() => store.PatchAsync(workload, _ => pause, cancellation), reporter, cancellation);
        return Status(paused, failed, RolloutPhase.Failed, failed.Reason, failed.Message);
    }

    /// <summary>What ran before, put back; null where there is nothing to go back to.</summary>
    private async Task<RolloutStatus?> UndoneAsync(Workload workload, RolloutRecord failed, IReadOnlyList<RolloutHealthCheck> checks, CancellationToken cancellation)
    {
        try
        {
            var request = new UndoRequest { ToRevision = (int?)failed.BackTo, Timeout = TimeSpan.FromSeconds(failed.TimeoutSec) };
            var revisions = await store.DespiteOutagesAsync(() => store.RevisionsAsync(workload, cancellation), reporter, cancellation);
            var target = UndoChoice.Choose(workload, revisions, request, failed.Container);
            var undo = new RevisionChange(workload, target, request) { Target = store.Name, Description = "", IsAsked = failed.BackTo is not null };
            return await GoBackAsync(undo, failed, checks, cancellation);
        }
        catch (RolloutException e) when (e.Id is "NothingToUndo" or "RevisionNotFound" or "WorkloadChangedMeanwhile")
        {
            reporter.Warning($"{store.Name} was not undone: {e.Message}");
            return null;
        }
    }

    private RolloutStatus Status(Workload workload, RolloutRecord record, RolloutPhase phase, string? reason, string? message) =>
        StatusOf.Build(workload, store.Client.Endpoint, record, phase, reason, message);
}
