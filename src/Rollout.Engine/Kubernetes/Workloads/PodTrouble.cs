using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>What keeps a Pod from serving and will hardly mend itself.</summary>
/// <param name="Pod">The Pod's name.</param>
/// <param name="Container">The container; null where the Pod itself is the matter.</param>
/// <param name="Reason">In the API's own word: CrashLoopBackOff, ErrImagePull, OOMKilled, Unschedulable ...</param>
/// <param name="Message">The same in a sentence.</param>
internal sealed record PodTrouble(string Pod, string? Container, string Reason, string Message)
{
    /// <summary>kstatus gives the scheduler this long.</summary>
    private static readonly TimeSpan SchedulerPatience = TimeSpan.FromSeconds(15);

    /// <summary>Restarts so far, where the container starts and dies; null for what does not start.</summary>
    public int? Restarts { get; private init; }

    /// <summary>How long it may last at least: what a scheduler or an autoscaler may still mend.</summary>
    public TimeSpan Patience { get; private init; }

    /// <summary>
    /// The worst trouble of a Pod; null where it has none, or one that may well pass: a registry that does not answer, a readiness probe that fails, a
    /// cache that is being filled. The reasons are those of krane.
    /// </summary>
    public static PodTrouble? Of(Pod pod)
    {
        if (pod.Metadata.DeletionTimestamp is not null) return null;
        var scheduled = pod.Status.Conditions.FirstOrDefault(condition => condition.Type == "PodScheduled");
        if (scheduled is { Status: "False", Reason: "Unschedulable" })
        {
            return new PodTrouble(pod.Metadata.Name, null, "Unschedulable", scheduled.Message) { Patience = SchedulerPatience };
        }

        return pod.Status.InitContainerStatuses.Concat(pod.Status.ContainerStatuses).Select(status => Of(pod, status)).FirstOrDefault(trouble => trouble is not null);
    }

    private static PodTrouble? Of(Pod pod, ContainerStatus status)
    {
        var last = status.LastState.Terminated ?? status.State.Terminated;
        if (status.State.Waiting is not { } waiting)
        {
            return status.State.Terminated is { Reason: "ContainerCannotRun" } cannot && cannot.ExitCode != 128 ? Named(cannot.Reason, cannot.Message) : null;
        }

        return waiting.Reason switch
        {
            "CrashLoopBackOff" => Named(last?.Reason == "OOMKilled" ? "OOMKilled" : waiting.Reason, Ending(last) ?? waiting.Message) with { Restarts = status.RestartCount },
            "ErrImagePull" or "ImagePullBackOff" when SaysNoSuchImage(waiting.Message) => Named(waiting.Reason, waiting.Message),
            "InvalidImageName" or "ErrImageNeverPull" => Named(waiting.Reason, waiting.Message),
            "CreateContainerConfigError" when !IsCacheBeingFilled(waiting.Message) => Named(waiting.Reason, waiting.Message),
            // 128: the runtime itself, which tries again and may succeed.
            "RunContainerError" when last?.ExitCode != 128 => Named(waiting.Reason, waiting.Message),
            _ => null,
        };

        PodTrouble Named(string reason, string message) => new(pod.Metadata.Name, status.Name, reason, message);
    }

    private static string? Ending(ContainerTerminated? last) => last switch
    {
        null => null,
        { Reason: "OOMKilled" } => $"It used more memory than its limit and was killed (exit code {last.ExitCode}).",
        { Signal: > 0 } => $"It was ended by signal {last.Signal}.",
        _ => $"It ends with exit code {last.ExitCode}.{(last.Message.Length > 0 ? " " + last.Message.Trim() : "")}",
    };

    private static bool SaysNoSuchImage(string message) =>
        Says(message, "not found") || Says(message, "denied") || Says(message, "unauthorized") || Says(message, "manifest unknown") || Says(message, "forbidden");

    private static bool IsCacheBeingFilled(string message) => Says(message, "failed to sync") && Says(message, "cache");

    private static bool Says(string message, string words) => message.Contains(words, StringComparison.OrdinalIgnoreCase);
}

/// <summary>
/// Which troubles of a rollout's new Pods end it before its time: those that lasted longer than the grace, and of Pods that start and die those with more
/// restarts than are forgiven. Remembers since when each lasts; a container that backs off keeps the trouble it backs off from.
/// </summary>
internal sealed class EarlyFailure(int graceRestarts, TimeSpan grace)
{
    private readonly Dictionary<string, (PodTrouble Trouble, DateTimeOffset Since)> _lasting = [];

    /// <summary>The trouble that ends the rollout, or null; and how soon to look again where nothing else happens.</summary>
    /// <param name="pods">The Pods of the new revision.</param>
    /// <param name="now">The time.</param>
    public (PodTrouble? Failure, TimeSpan? LookAgain) Look(IReadOnlyCollection<Pod> pods, DateTimeOffset now)
    {
        foreach (var gone in _lasting.Keys.Except(pods.Select(pod => pod.Metadata.Uid)).ToList()) _lasting.Remove(gone);
        foreach (var pod in pods) Remember(pod, now);

        TimeSpan? soonest = null;
        foreach (var (trouble, since) in _lasting.Values.OrderBy(lasting => lasting.Since).ThenBy(lasting => lasting.Trouble.Pod, StringComparer.Ordinal))
        {
            if (trouble.Restarts <= graceRestarts) continue;
            var left = (trouble.Patience > grace ? trouble.Patience : grace) - (now - since);
            if (left <= TimeSpan.Zero) return (trouble, null);
            if (soonest is null || left < soonest) soonest = left;
        }

        return (null, soonest);
    }

    private void Remember(Pod pod, DateTimeOffset now)
    {
        var uid = pod.Metadata.Uid;
        var known = _lasting.TryGetValue(uid, out var lasting);
        if (PodTrouble.Of(pod) is { } trouble) _lasting[uid] = (trouble, known ? lasting.Since : now);
        else if (!known || !StillBacksOff(pod, lasting.Trouble)) _lasting.Remove(uid);
    }

    // "Back-off pulling image" does not say again why the pull failed; a container that crashed may run for a moment between two crashes.
    private static bool StillBacksOff(Pod pod, PodTrouble trouble) =>
        trouble.Container is not null && pod.Status.ContainerStatuses.Concat(pod.Status.InitContainerStatuses)
            .Any(status => status.Name == trouble.Container && (status.State.Waiting?.Reason is "ImagePullBackOff" or "ErrImagePull" || (trouble.Restarts is not null && !status.Ready)));
}
