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
    /// <param name="pod">The Pod.</param>
    /// <param name="pullProblem">What an event said of its pull, where the Pod itself says no more than that it backs off.</param>
    public static PodTrouble? Of(Pod pod, string? pullProblem)
    {
        if (pod.Metadata.DeletionTimestamp is not null) return null;
        var scheduled = pod.Status.Conditions.FirstOrDefault(condition => condition.Type == "PodScheduled");
        if (scheduled is { Status: "False", Reason: "Unschedulable" })
        {
            return new PodTrouble(pod.Metadata.Name, null, "Unschedulable", scheduled.Message) { Patience = SchedulerPatience };
        }

        return pod.Status.InitContainerStatuses.Concat(pod.Status.ContainerStatuses).Select(status => Of(pod, status, pullProblem)).FirstOrDefault(trouble => trouble is not null);
    }

    public static PodTrouble? Of(Pod pod) => Of(pod, null);

    /// <summary>Whether it backs off from a pull, and does not say why.</summary>
    public static bool IsPullUnexplained(Pod pod) =>
        Of(pod) is null && pod.Status.InitContainerStatuses.Concat(pod.Status.ContainerStatuses).Any(status => status.State.Waiting?.Reason == "ImagePullBackOff");

    private static PodTrouble? Of(Pod pod, ContainerStatus status, string? pullProblem)
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
            "ImagePullBackOff" when pullProblem is not null && SaysNoSuchImage(pullProblem) => Named(waiting.Reason, pullProblem),
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
