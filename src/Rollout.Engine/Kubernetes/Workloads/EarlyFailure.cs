using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>
/// Which troubles of a rollout's new Pods end it before its time: those that lasted longer than the grace, and of Pods that start and die those with more
/// restarts than are forgiven. Remembers since when each lasts; a container that backs off keeps the trouble it backs off from.
/// </summary>
internal sealed class EarlyFailure(int graceRestarts, TimeSpan grace)
{
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(10);
    private readonly Dictionary<string, (PodTrouble Trouble, DateTimeOffset Since)> _lasting = [];
    private readonly Dictionary<string, (string? Words, DateTimeOffset At)> _pullProblems = [];

    /// <summary>The Pods that back off from a pull whose failure was not seen: an event may say what it was.</summary>
    public IReadOnlyList<Pod> Unexplained(IEnumerable<Pod> pods, DateTimeOffset now) =>
        [.. pods.Where(pod => PodTrouble.IsPullUnexplained(pod) && !_lasting.ContainsKey(pod.Metadata.Uid) && MayAsk(pod.Metadata.Uid, now))];

    /// <summary>What an event says of a Pod's pull; null where none does.</summary>
    public void Hear(Pod pod, string? pullProblem, DateTimeOffset now) => _pullProblems[pod.Metadata.Uid] = (pullProblem, now);

    /// <summary>The trouble that ends the rollout, or null; and how soon to look again where nothing else happens.</summary>
    /// <param name="pods">The Pods of the new revision.</param>
    /// <param name="now">The time.</param>
    public (PodTrouble? Failure, TimeSpan? LookAgain) Look(IReadOnlyCollection<Pod> pods, DateTimeOffset now)
    {
        if (_lasting.Count > 0)
        {
            foreach (var gone in _lasting.Keys.Except(pods.Select(pod => pod.Metadata.Uid)).ToList()) _lasting.Remove(gone);
        }

        foreach (var pod in pods) Remember(pod, now);
        // Which nearly every look finds.
        if (_lasting.Count == 0) return (null, null);

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
        if (PodTrouble.Of(pod, _pullProblems.GetValueOrDefault(uid).Words) is { } trouble) _lasting[uid] = (trouble, known ? lasting.Since : now);
        else if (!known || !StillBacksOff(pod, lasting.Trouble)) _lasting.Remove(uid);
    }

    private bool MayAsk(string uid, DateTimeOffset now) => !_pullProblems.TryGetValue(uid, out var heard) || (heard.Words is null && now - heard.At >= AskAgainAfter);

    // "Back-off pulling image" does not say again why the pull failed; a container that crashed may run for a moment between two crashes.
    private static bool StillBacksOff(Pod pod, PodTrouble trouble) =>
        trouble.Container is not null && pod.Status.ContainerStatuses.Concat(pod.Status.InitContainerStatuses)
            .Any(status => status.Name == trouble.Container && (status.State.Waiting?.Reason is "ImagePullBackOff" or "ErrImagePull" || (trouble.Restarts is not null && !status.Ready)));
}
