using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>The Pod that a rollout waits for: one in trouble, else the one that is not ready for the longest.</summary>
/// <param name="Name">The Pod's name.</param>
/// <param name="Reason">In the API's own word: ContainerCreating, ImagePullBackOff, NotReady ...</param>
/// <param name="Message">The same in a sentence.</param>
internal sealed record SlowestPod(string Name, string Reason, string Message)
{
    public static SlowestPod? Of(IEnumerable<Pod> pods)
    {
        var waitedFor = pods.Where(pod => pod.Metadata.DeletionTimestamp is null && !IsReady(pod)).ToList();
        if (waitedFor.Count == 0) return null;
        waitedFor.Sort(OldestFirst);
        return waitedFor.Select(PodTrouble.Of).FirstOrDefault(trouble => trouble is not null) is { } trouble ? new SlowestPod(trouble.Pod, trouble.Reason, trouble.Message) : Of(waitedFor[0]);
    }

    public static bool IsReady(Pod pod) => pod.Status.Conditions.Any(condition => condition is { Type: "Ready", Status: "True" });

    /// <summary>Whether it has been ready for so long, and so is available.</summary>
    public static bool IsReady(Pod pod, TimeSpan since, DateTimeOffset now) => pod.Status.Conditions.Any(condition => condition is { Type: "Ready", Status: "True" } && now - (condition.LastTransitionTime ?? now) >= since);

    public override string ToString() => $"Pod {Name}: {Reason}. {Message}".TrimEnd();

    private static int OldestFirst(Pod one, Pod other)
    {
        var byAge = Nullable.Compare(one.Metadata.CreationTimestamp, other.Metadata.CreationTimestamp);
        return byAge != 0 ? byAge : string.CompareOrdinal(one.Metadata.Name, other.Metadata.Name);
    }

    private static SlowestPod Of(Pod pod)
    {
        var statuses = pod.Status.InitContainerStatuses.Concat(pod.Status.ContainerStatuses).ToList();
        var (reason, message) = pod.Status switch
        {
            { Reason: { Length: > 0 } reason1 } => (reason1, pod.Status.Message),
            _ when statuses.Find(status => status.State.Waiting is { Reason.Length: > 0 }) is { } waiting => (waiting.State.Waiting!.Reason, waiting.State.Waiting.Message),
            _ when pod.Spec.NodeName.Length == 0 => ("Scheduling", "It has no node yet."),
            _ when statuses.Find(status => status is { Ready: false, State.Terminated: null }) is { } unready => ("NotReady", $"Container {unready.Name} is not ready."),
            _ => ("NotReady", "It is not ready."),
        };
        return new SlowestPod(pod.Metadata.Name, reason, message);
    }
}
