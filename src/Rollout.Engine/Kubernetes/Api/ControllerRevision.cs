using System.Text.Json.Nodes;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>A ControllerRevision (apps/v1): one revision of a StatefulSet or DaemonSet.</summary>
public sealed record ControllerRevision : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; set => field = value ?? new(); } = new();
    /// <summary>Its number.</summary>
    public long Revision { get; set; }
    /// <summary>A strategic merge patch that brings the revision back.</summary>
    public JsonObject Data { get; set => field = value ?? []; } = [];
}
