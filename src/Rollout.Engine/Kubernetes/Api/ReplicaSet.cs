using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>A ReplicaSet (apps/v1).</summary>
[JsonConverter(typeof(ModelReader<ReplicaSet>))]
public sealed record ReplicaSet : IKubernetesObject, IReadable
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; set => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public ReplicaSetSpec Spec { get; set => field = value ?? new(); } = new();

    void IReadable.Take(ref Utf8JsonReader json) => json.Part(Metadata, Spec);
}

/// <summary>spec of a ReplicaSet.</summary>
public sealed record ReplicaSetSpec : IReadable
{
    /// <summary>Pods wanted; null counts as 1.</summary>
    public int? Replicas { get; set; }
    /// <summary>The Pods' shape, as the API gave it.</summary>
    public JsonObject Template { get; set => field = value ?? []; } = [];

    void IReadable.Take(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("replicas"u8)) Replicas = json.Int();
        else if (json.ValueTextEquals("template"u8)) Template = json.Object();
        else json.TrySkip();
    }
}
