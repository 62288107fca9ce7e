using System.Collections.Concurrent;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>Which autoscaler (HPA) sets a workload's replicas. One list a namespace serves a whole fleet.</summary>
internal sealed class Autoscalers(IKubernetesClient client, TimeProvider time)
{
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<string, (Task<IReadOnlyList<HorizontalPodAutoscaler>> List, DateTimeOffset At)> _lists = new();

    /// <summary>The autoscaler of a workload; null where it has none, or they may not be listed.</summary>
    public async Task<HorizontalPodAutoscaler?> FindAsync(Workload workload, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var (list, _) = _lists.AddOrUpdate(workload.Metadata.Namespace, space => (ListAsync(space), now), (space, known) => now - known.At < Kept ? known : (ListAsync(space), now));
        var all = await list.WaitAsync(cancellation);
        return all.FirstOrDefault(scaler => scaler.Spec.ScaleTargetRef is { } target && target.Name == workload.Metadata.Name && target.Kind.Equals(workload.Kind, StringComparison.OrdinalIgnoreCase));
    }

    private async Task<IReadOnlyList<HorizontalPodAutoscaler>> ListAsync(string @namespace)
    {
        try
        {
            return (await client.ListAllAsync(Resources.HorizontalPodAutoscalers, @namespace, new ListQuery(), CancellationToken.None)).Items;
        }
        catch (RolloutException e) when (e.Kind is ErrorKind.PermissionDenied or ErrorKind.NotFound)
        {
            // A help, not a condition: replicas are never set by a rollout.
            return [];
        }
    }
}
