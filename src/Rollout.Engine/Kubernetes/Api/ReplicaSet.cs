using System.Text.Json.Nodes;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>A ReplicaSet (apps/v1).</summary>
public sealed record ReplicaSet : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; set => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public ReplicaSetSpec Spec { get; set => field = value ?? new(); } = new();
}

/// <summary>spec of a ReplicaSet.</summary>
public sealed record ReplicaSetSpec
{
    /// <summary>Pods wanted; null counts as 1.</summary>
    public int? Replicas { get; set; }
    /// <summary>The Pods' shape, as the API gave it.</summary>
    public JsonObject Template { get; set => field = value ?? []; } = [];
}
