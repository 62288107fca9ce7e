using Rollout.Engine.Health;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Strategies;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>The Pods of a rollout's present revision, for health checks.</summary>
internal sealed class PodStates(KubernetesTargets cluster) : IReplicaStates
{
    public async Task<IReadOnlyList<ReplicaState>> ReadAsync(RolloutStatus rollout, CancellationToken cancellation)
    {
        var (pods, _) = await PresentAsync(rollout, cancellation);
        return [.. pods.Select(pod => State(pod, rollout.StartedAt))];
    }

    public async Task<IReadOnlyList<ReplicaUsage>?> UsageAsync(RolloutStatus rollout, CancellationToken cancellation)
    {
        var (pods, selector) = await PresentAsync(rollout, cancellation);
        if (pods.Count == 0) return [];
        var metrics = await MetricsAsync(rollout.Namespace!, selector, cancellation);
        return [.. pods.Where(pod => metrics.ContainsKey(pod.Metadata.Name)).Select(pod => PodUsage.Of(pod, metrics[pod.Metadata.Name]))];
    }

    private async Task<IReadOnlyDictionary<string, PodMetrics>> MetricsAsync(string @namespace, string selector, CancellationToken cancellation)
    {
        try
        {
            var measured = await cluster.Client.ListAllAsync(Resources.PodMetrics, @namespace, new ListQuery { LabelSelector = selector }, cancellation);
            return measured.Items.ToDictionary(pod => pod.Metadata.Name, StringComparer.Ordinal);
        }
        catch (RolloutException missing) when (KubernetesErrors.IsKindNotServed(missing))
        {
            throw HealthErrors.MetricsNotServed(cluster.Client.Endpoint);
        }
    }

    private async Task<(IReadOnlyList<Pod> Pods, string Selector)> PresentAsync(RolloutStatus rollout, CancellationToken cancellation)
    {
        if (WorkloadKind.Find(rollout.Kind) is not { } kind || await kind.GetAsync(cluster.Client, rollout.Namespace!, rollout.Name, cancellation) is not { } found) return ([], "");
        var workload = await NewSideAsync(found, cancellation);
        var revisions = await kind.RevisionsAsync(cluster.Client, workload, cancellation);
        if (revisions.FirstOrDefault(workload.Wants) is not { } present) return ([], "");
        var pods = await cluster.Client.ListAllAsync(Resources.Pods, rollout.Namespace, new ListQuery { LabelSelector = workload.Selector.ToString() }, cancellation);
        return ([.. pods.Items.Where(pod => pod.Metadata.DeletionTimestamp is null && present.Owns(pod))], workload.Selector.ToString());
    }

    /// <summary>What has the new version: the set beside a workload in its steps, else that itself.</summary>
    private async Task<Workload> NewSideAsync(Workload workload, CancellationToken cancellation) =>
        workload.LastRecord?.Stepped is { Stage: SteppedStage.Stepping, IsInPlace: false } && await SetsBeside.FindAsync(cluster.Client, workload, cancellation) is { } second ? second : workload;

    /// <param name="pod">The Pod.</param>
    /// <param name="since">When the rollout began: an undo may go back to a Pod that was restarted long before. Of several ends a cluster remembers the last.</param>
    internal static ReplicaState State(Pod pod, DateTimeOffset? since)
    {
        var isReady = pod.Status.Conditions.Any(condition => condition is { Type: "Ready", Status: "True" });
        var recent = pod.Status.ContainerStatuses.Where(status => !(End(status)?.FinishedAt < since)).ToList();
        var ends = recent.Select(End).OfType<ContainerTerminated>().ToList();
        return new ReplicaState
        {
            Name = pod.Metadata.Name,
            Running = pod.Status.Phase == "Running",
            Status = pod.Status.Phase,
            Health = isReady ? "healthy" : "unhealthy",
            Restarts = recent.Sum(status => status.RestartCount),
            OutOfMemory = ends.Any(end => end.Reason == "OOMKilled"),
            ExitCode = ends.FirstOrDefault()?.ExitCode,
        };
    }

    private static ContainerTerminated? End(ContainerStatus status) => status.State.Terminated ?? status.LastState.Terminated;
}
