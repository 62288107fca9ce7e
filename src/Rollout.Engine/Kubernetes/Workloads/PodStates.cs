using Rollout.Engine.Health;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>The Pods of a rollout's present revision, for health checks.</summary>
internal sealed class PodStates(KubernetesTargets cluster) : IReplicaStates
{
    public async Task<IReadOnlyList<ReplicaState>> ReadAsync(RolloutStatus rollout, CancellationToken cancellation)
    {
        if (WorkloadKind.Find(rollout.Kind) is not { } kind || await kind.GetAsync(cluster.Client, rollout.Namespace!, rollout.Name, cancellation) is not { } workload) return [];
        var revisions = await kind.RevisionsAsync(cluster.Client, workload, cancellation);
        if (revisions.FirstOrDefault(workload.Wants) is not { } present) return [];
        var pods = await cluster.Client.ListAllAsync(Resources.Pods, rollout.Namespace, new ListQuery { LabelSelector = workload.Selector.ToString() }, cancellation);
        return [.. pods.Items.Where(pod => pod.Metadata.DeletionTimestamp is null && present.Owns(pod)).Select(State)];
    }

    private static ReplicaState State(Pod pod)
    {
        var isReady = pod.Status.Conditions.Any(condition => condition is { Type: "Ready", Status: "True" });
        var ended = pod.Status.ContainerStatuses.Select(status => status.State.Terminated ?? status.LastState.Terminated).FirstOrDefault(last => last is not null);
        return new ReplicaState
        {
            Name = pod.Metadata.Name,
            Running = pod.Status.Phase == "Running",
            Status = pod.Status.Phase,
            Health = isReady ? "healthy" : "unhealthy",
            Restarts = pod.Status.ContainerStatuses.Sum(status => status.RestartCount),
            OutOfMemory = ended?.Reason == "OOMKilled",
            ExitCode = ended?.ExitCode,
        };
    }
}
