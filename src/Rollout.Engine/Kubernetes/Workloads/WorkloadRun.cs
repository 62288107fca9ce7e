using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>How a rollout that was followed ended.</summary>
/// <param name="Phase">Healthy, Failed or Paused.</param>
/// <param name="Reason">One word for why, where it is not Healthy.</param>
/// <param name="Message">The same in a sentence.</param>
/// <param name="Sight">What was seen last.</param>
internal sealed record Outcome(RolloutPhase Phase, string? Reason, string? Message, Sight Sight)
{
    /// <summary>True where its own Pods were found bad: the revision is not to be gone back to.</summary>
    public bool IsRevisionBad { get; init; }

    /// <summary>True where somebody else's change took its place: nothing of theirs is undone.</summary>
    public bool IsOver { get; init; }
}

/// <summary>Follows one change of a workload to its end, by what the cluster tells and never by asking again and again.</summary>
internal sealed class WorkloadRun(IKubernetesClient client, WorkloadWatch watch, TimeProvider time, Workload changed, RolloutRecord record, Action<Sight, PodTrouble?> progressed)
{
    private const int LogLines = 10;
    private const int EventsShown = 5;
    private static readonly TimeSpan LookAtLeastEvery = TimeSpan.FromSeconds(30);

    private readonly EarlyFailure _early = new(record.GraceRestarts, TimeSpan.FromSeconds(record.GraceSec));
    private readonly HashSet<string> _freed = [];
    private long _ownGeneration = changed.Metadata.Generation;

    public async Task<Outcome> FollowAsync(CancellationToken cancellation)
    {
        await watch.BeginAsync(changed.Metadata.Uid, cancellation);
        var deadline = time.GetUtcNow() + TimeSpan.FromSeconds(record.TimeoutSec);
        while (true)
        {
            var sight = watch.Look();
            var (failure, lookAgain) = _early.Look(sight.NewPods, time.GetUtcNow());
            if (Ended(sight) is { } ended) return ended;
            if (IsUpToDate(sight.Workload!) && failure is not null) return await FailedAsync(failure.Reason, failure, sight, cancellation);
            if (time.GetUtcNow() >= deadline) return await LateAsync(sight, cancellation);
            if (record.IsUndo) await FreeAsync(sight, cancellation);

            progressed(sight, Slowest(sight));
            await watch.WaitAsync(Least(deadline - time.GetUtcNow(), lookAgain ?? LookAtLeastEvery, LookAtLeastEvery), time, cancellation);
        }
    }

    private Outcome? Ended(Sight sight)
    {
        if (sight.Workload is not { } now) return new Outcome(RolloutPhase.Failed, "Deleted", "It was deleted meanwhile.", sight) { IsOver = true };
        if (!IsUpToDate(now)) return null;
        if (IsAnothers(now)) return new Outcome(RolloutPhase.Failed, "Superseded", "Somebody else started another rollout over this one.", sight) { IsOver = true };
        return now.Progress.Kind switch
        {
            ProgressKind.Done => new Outcome(RolloutPhase.Healthy, null, null, sight),
            ProgressKind.Held => new Outcome(RolloutPhase.Paused, now.Progress.Reason, now.Progress.Message, sight),
            ProgressKind.Failed when now.Progress.Reason == "Deleted" => new Outcome(RolloutPhase.Failed, "Deleted", "It is being deleted.", sight) { IsOver = true },
            ProgressKind.Failed => new Outcome(RolloutPhase.Failed, now.Progress.Reason, Explained(now.Progress.Message, sight), sight) { IsRevisionBad = true },
            _ => null,
        };
    }

    /// <summary>Whether somebody else's template is there now. A spec changes with its generation only, so that templates are compared once for each.</summary>
    private bool IsAnothers(Workload now)
    {
        if (now.Metadata.Generation == _ownGeneration) return false;
        if (!PodTemplate.AreSame(now.Template, changed.Template)) return true;
        _ownGeneration = now.Metadata.Generation;
        return false;
    }

    /// <summary>The cache may still show the workload as it was before the change.</summary>
    private bool IsUpToDate(Workload now) => now.Metadata.Generation >= changed.Metadata.Generation;

    private async Task<Outcome> FailedAsync(string reason, PodTrouble trouble, Sight sight, CancellationToken cancellation)
    {
        var message = $"Pod {trouble.Pod}{(trouble.Container is null ? "" : $", container {trouble.Container}")}: {trouble.Reason}. {trouble.Message}{await EvidenceAsync(trouble, sight, cancellation)}";
        return new Outcome(RolloutPhase.Failed, reason, message, sight) { IsRevisionBad = true };
    }

    private async Task<Outcome> LateAsync(Sight sight, CancellationToken cancellation)
    {
        if (Slowest(sight) is { } trouble) return await FailedAsync("Timeout", trouble, sight, cancellation);
        var progress = sight.Workload!.Progress;
        return new Outcome(RolloutPhase.Failed, "Timeout", Explained($"It was not done within {record.TimeoutSec:0} s: {progress.Message}", sight), sight) { IsRevisionBad = true };
    }

    /// <summary>The last log lines and warnings of a Pod in trouble. They are a help: where they cannot be had, nothing is said.</summary>
    private async Task<string> EvidenceAsync(PodTrouble trouble, Sight sight, CancellationToken cancellation)
    {
        if (sight.NewPods.FirstOrDefault(pod => pod.Metadata.Name == trouble.Pod) is not { } pod) return "";
        try
        {
            var (space, uid) = (pod.Metadata.Namespace, pod.Metadata.Uid);
            var query = new ListQuery { FieldSelector = $"involvedObject.uid={uid}" };
            var events = (await client.ListAllAsync(Resources.Events, space, query, cancellation)).Items.Where(item => item.Type == "Warning").OrderBy(item => item.LastTimestamp ?? item.EventTime);
            var warnings = events.TakeLast(EventsShown).Select(item => $"{item.Reason}: {ForeignText.Neutralise(item.Message)}").ToList();
            IReadOnlyList<string> log = [];
            if (trouble.Container is { } container && trouble.Restarts is not null)
            {
                log = await client.LogTailAsync(space, pod.Metadata.Name, container, LogLines, previous: true, cancellation);
                if (log.Count == 0) log = await client.LogTailAsync(space, pod.Metadata.Name, container, LogLines, previous: false, cancellation);
            }

            return (warnings.Count == 0 ? "" : "\nIts warnings:\n" + string.Join('\n', warnings)) + (log.Count == 0 ? "" : "\nIts last log lines:\n" + string.Join('\n', log));
        }
        catch (RolloutException)
        {
            return "";
        }
    }

    private static PodTrouble? Slowest(Sight sight) => sight.NewPods.Select(PodTrouble.Of).FirstOrDefault(trouble => trouble is not null);

    private static string Explained(string message, Sight sight)
    {
        if (Slowest(sight) is { } trouble) return $"{message} Pod {trouble.Pod}: {trouble.Reason}. {trouble.Message}";
        var unready = sight.NewPods.FirstOrDefault(pod => !IsReady(pod));
        return unready is null ? message : $"{message} Pod {unready.Metadata.Name} is not ready.";
    }

    /// <summary>A StatefulSet in order waits for a Pod that does not serve before it replaces it: that Pod is deleted, once, for the undo to go on.</summary>
    private async Task FreeAsync(Sight sight, CancellationToken cancellation)
    {
        if (sight.Workload is not { IsOrdered: true } workload || !IsUpToDate(workload) || workload.Progress.Reason == "NotObserved") return;
        var stuck = sight.OldPods.FirstOrDefault(pod => pod.Metadata.DeletionTimestamp is null && !IsReady(pod) && _freed.Add(pod.Metadata.Uid));
        if (stuck is not null) await client.DeleteAsync(Resources.Pods, stuck.Metadata.Namespace, stuck.Metadata.Name, stuck.Metadata.Uid, cancellation);
    }

    private static bool IsReady(Pod pod) => pod.Status.Conditions.Any(condition => condition is { Type: "Ready", Status: "True" });

    private static TimeSpan Least(params ReadOnlySpan<TimeSpan> spans)
    {
        var least = TimeSpan.MaxValue;
        foreach (var span in spans) least = span < least ? span : least;
        return least < TimeSpan.Zero ? TimeSpan.Zero : least;
    }
}
