namespace Rollout.Engine.Kubernetes.Api;

/// <summary>A Namespace (v1).</summary>
public sealed record Namespace : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; set => field = value ?? new(); } = new();
}
