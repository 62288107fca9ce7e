namespace Rollout.Engine.Kubernetes.Api;

/// <summary>A HorizontalPodAutoscaler (autoscaling/v2).</summary>
public sealed record HorizontalPodAutoscaler : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; set => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public HorizontalPodAutoscalerSpec Spec { get; set => field = value ?? new(); } = new();
}

/// <summary>spec of a HorizontalPodAutoscaler.</summary>
public sealed record HorizontalPodAutoscalerSpec
{
    /// <summary>Whose replicas it sets.</summary>
    public ObjectReference ScaleTargetRef { get; set => field = value ?? new(); } = new();
    /// <summary>Pods at least; null counts as 1.</summary>
    public int? MinReplicas { get; set; }
    /// <summary>Pods at most.</summary>
    public int MaxReplicas { get; set; }
}
