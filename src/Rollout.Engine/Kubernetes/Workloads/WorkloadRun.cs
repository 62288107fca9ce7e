using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>Follows one change of a workload to its end, by what the cluster tells and never by asking again and again.</summary>
internal sealed class WorkloadRun(WorkloadStore store, WorkloadWatch watch, Workload changed, RolloutRecord record, Action<Sight, SlowestPod?> progressed)
{
    private static readonly TimeSpan LookAtLeastEvery = TimeSpan.FromSeconds(30);

    private readonly PodEvidence _evidence = new(store.Client);
    private readonly EarlyFailure _early = new(record.GraceRestarts, TimeSpan.FromSeconds(record.GraceSec));
    private readonly HashSet<string> _freed = [];
    private (long Spec, long Template) _ownGeneration = changed.Generation;
    private (string? Text, RolloutRecord? Record) _read;

    private TimeProvider Time => store.Cluster.Time;

    public async Task<Outcome> FollowAsync(CancellationToken cancellation)
    {
        await watch.BeginAsync(changed.Metadata.Uid, cancellation);
        var deadline = Time.GetUtcNow() + TimeSpan.FromSeconds(record.TimeoutSec);
        while (true)
        {
            var sight = watch.Look();
            await _evidence.ExplainAsync(_early, sight.NewPods, Time.GetUtcNow(), cancellation);
            var (failure, lookAgain) = _early.Look(sight.NewPods, Time.GetUtcNow());
            var ended = Ended(sight);
            if (await IsBeingFreedAsync(sight, ended, cancellation)) ended = null;
            if (ended is not null) return ended;
            if (IsUpToDate(sight.Workload!) && failure is not null) return await FailedAsync(failure.Reason, failure, sight, cancellation);
            if (Time.GetUtcNow() >= deadline) return await LateAsync(sight, cancellation);

            progressed(sight, SlowestPod.Of(sight.NewPods));
            await watch.WaitAsync(Least(deadline - Time.GetUtcNow(), lookAgain ?? LookAtLeastEvery, LookAtLeastEvery), Time, cancellation);
        }
    }

    /// <summary>Takes away what holds it up. True while that is what holds it.</summary>
    private async Task<bool> IsBeingFreedAsync(Sight sight, Outcome? ended, CancellationToken cancellation) =>
        ended is null or { Phase: RolloutPhase.Paused } && IsUpToDate(sight.Workload!) && sight.Workload!.Progress.Reason != "NotObserved" && await store.FreeAsync(sight, record.IsUndo, _freed, cancellation);

    /// <summary>Waits until somebody else puts an end to it, or one of its Pods does that ran already.</summary>
    public async Task<Outcome> BrokenOffAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var sight = watch.Look();
            if (BrokenOff(sight) is { } outcome) return outcome;
            var (failure, lookAgain) = _early.Look(Placed(sight.NewPods), Time.GetUtcNow());
            if (failure is not null) return await FailedAsync(failure.Reason, failure, sight, cancellation);
            await watch.WaitAsync(Least(lookAgain ?? LookAtLeastEvery, LookAtLeastEvery), Time, cancellation);
        }
    }

    /// <summary>Once all was there, a Pod without room says nothing against the version: an autoscaler asked for more than there is.</summary>
    private static IReadOnlyCollection<Pod> Placed(IEnumerable<Pod> pods) => [.. pods.Where(pod => PodTrouble.Of(pod)?.Reason != "Unschedulable")];

    private Outcome? Ended(Sight sight)
    {
        if (BrokenOff(sight) is { } outcome) return outcome;
        var now = sight.Workload!;
        if (!IsUpToDate(now)) return null;
        return now.Progress.Kind switch
        {
            ProgressKind.Done => new Outcome(RolloutPhase.Healthy, null, null, sight) { Verdict = now.Progress.Desired > 0 ? HealthVerdict.Healthy : null },
            ProgressKind.Held when now.Progress.Until is null => new Outcome(RolloutPhase.Paused, now.Progress.Reason, now.Progress.Message, sight),
            ProgressKind.Failed when now.Progress.Reason == "Deleted" => new Outcome(RolloutPhase.Failed, "Deleted", "It is being deleted.", sight) { IsOver = true },
            ProgressKind.Failed => new Outcome(RolloutPhase.Failed, now.Progress.Reason, Explained(now.Progress.Message, sight), sight) { Verdict = Late(sight) },
            _ => null,
        };
    }

    /// <summary>The end that somebody else put to it; null where nobody did.</summary>
    private Outcome? BrokenOff(Sight sight)
    {
        if (sight.Workload is not { } now) return new Outcome(RolloutPhase.Failed, "Deleted", "It was deleted meanwhile.", sight) { IsOver = true };
        if (!IsUpToDate(now)) return null;
        if (IsAnothers(now)) return new Outcome(RolloutPhase.Failed, "Superseded", "Somebody else started another rollout over this one.", sight) { IsOver = true };
        return RecordOf(now) is { BackTo: { } number, Decisions: [.., var asked] } ? new Outcome(RolloutPhase.Failed, "Stopped", asked.Message, sight) { BackTo = number } : null;
    }

    /// <summary>Its record as it is there, where another shell may have written; read once for each text.</summary>
    private RolloutRecord? RecordOf(Workload now)
    {
        var text = now.Metadata.Annotation(RolloutRecord.Annotation);
        if (text != _read.Text) _read = (text, now.LastRecord);
        return _read.Record;
    }

    /// <summary>Whether somebody else's template is there now. A spec changes with its generation only, so that templates are compared once for each.</summary>
    private bool IsAnothers(Workload now)
    {
        if (now.Generation == _ownGeneration) return false;
        if (!PodTemplate.AreSame(now.Template, changed.Template)) return true;
        _ownGeneration = now.Generation;
        return false;
    }

    /// <summary>The cache may still show the workload as it was before the change.</summary>
    private bool IsUpToDate(Workload now) => now.Generation.Spec >= changed.Generation.Spec && now.Generation.Template >= changed.Generation.Template;

    private async Task<Outcome> FailedAsync(string reason, PodTrouble trouble, Sight sight, CancellationToken cancellation) =>
        new(RolloutPhase.Failed, reason, await _evidence.ToldAsync(trouble, sight.NewPods, cancellation), sight) { Verdict = HealthVerdict.Unhealthy };

    private async Task<Outcome> LateAsync(Sight sight, CancellationToken cancellation)
    {
        if (sight.NewPods.Select(PodTrouble.Of).FirstOrDefault(found => found is not null) is { } trouble) return await FailedAsync("Timeout", trouble, sight, cancellation);
        var progress = sight.Workload!.Progress;
        return new Outcome(RolloutPhase.Failed, "Timeout", Explained($"It was not done within {record.TimeoutSec:0} s: {progress.Message}", sight), sight) { Verdict = Late(sight) };
    }

    /// <summary>A revision is bad where its Pods are there and do not get ready; where there are none (a quota, a controller that stands still), nothing is known of it.</summary>
    private static HealthVerdict? Late(Sight sight) => sight.NewPods.All(SlowestPod.IsReady) ? null : HealthVerdict.Unhealthy;

    private static string Explained(string message, Sight sight) => SlowestPod.Of(sight.NewPods) is { } slowest ? $"{message} {slowest}" : message;

    private static TimeSpan Least(params ReadOnlySpan<TimeSpan> spans)
    {
        var least = TimeSpan.MaxValue;
        foreach (var span in spans) least = span < least ? span : least;
        return least < TimeSpan.Zero ? TimeSpan.Zero : least;
    }
}
