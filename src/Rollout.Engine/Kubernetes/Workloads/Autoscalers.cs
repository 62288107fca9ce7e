using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>Which autoscaler (HPA) sets a workload's replicas.</summary>
internal sealed class Autoscalers(IKubernetesClient client, TimeProvider time)
{
    private readonly NamespaceList<HorizontalPodAutoscaler> _all = new(client, Resources.HorizontalPodAutoscalers, time);

    /// <summary>The autoscaler of a workload; null where it has none, or they may not be listed.</summary>
    public async Task<HorizontalPodAutoscaler?> FindAsync(Workload workload, CancellationToken cancellation) =>
        (await _all.InAsync(workload.Metadata.Namespace, cancellation))
            .FirstOrDefault(scaler => scaler.Spec.ScaleTargetRef is { } target && target.Name == workload.Metadata.Name && target.Kind.Equals(workload.Kind, StringComparison.OrdinalIgnoreCase));
}
