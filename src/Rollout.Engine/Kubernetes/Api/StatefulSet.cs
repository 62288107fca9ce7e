using System.Text.Json.Nodes;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>A StatefulSet (apps/v1).</summary>
public sealed record StatefulSet : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; set => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public StatefulSetSpec Spec { get; set => field = value ?? new(); } = new();
    /// <summary>What is.</summary>
    public StatefulSetStatus Status { get; set => field = value ?? new(); } = new();
}

/// <summary>spec of a StatefulSet.</summary>
public sealed record StatefulSetSpec
{
    /// <summary>Pods wanted; null counts as 1.</summary>
    public int? Replicas { get; set; }
    /// <summary>Seconds a Pod must be ready before it is available.</summary>
    public int MinReadySeconds { get; set; }
    /// <summary>OrderedReady or Parallel.</summary>
    public string PodManagementPolicy { get; set => field = value ?? ""; } = "";
    /// <summary>Which Pods are its own.</summary>
    public LabelSelector Selector { get; set => field = value ?? new(); } = new();
    /// <summary>How the new replaces the old.</summary>
    public SetUpdateStrategy UpdateStrategy { get; set => field = value ?? new(); } = new();
    /// <summary>The Pods' shape, as the API gave it.</summary>
    public JsonObject Template { get; set => field = value ?? []; } = [];
}

/// <summary>updateStrategy of a StatefulSet or DaemonSet.</summary>
public sealed record SetUpdateStrategy
{
    /// <summary>RollingUpdate or OnDelete.</summary>
    public string Type { get; set => field = value ?? ""; } = "";
    /// <summary>RollingUpdate's own.</summary>
    public SetRollingUpdate RollingUpdate { get; set => field = value ?? new(); } = new();
}

/// <summary>rollingUpdate of a StatefulSet or DaemonSet.</summary>
public sealed record SetRollingUpdate
{
    /// <summary>Pods with a lower ordinal keep the old revision (StatefulSet).</summary>
    public int Partition { get; set; }
    /// <summary>Pods that may be missing (DaemonSet): a number or a percentage.</summary>
    public JsonNode? MaxUnavailable { get; set; }
}

/// <summary>status of a StatefulSet.</summary>
public sealed record StatefulSetStatus
{
    /// <summary>The generation this status is about.</summary>
    public long ObservedGeneration { get; set; }
    /// <summary>Pods of every revision.</summary>
    public int Replicas { get; set; }
    /// <summary>Pods of <see cref="UpdateRevision"/>.</summary>
    public int UpdatedReplicas { get; set; }
    /// <summary>Ready Pods.</summary>
    public int ReadyReplicas { get; set; }
    /// <summary>Available Pods.</summary>
    public int AvailableReplicas { get; set; }
    /// <summary>The ControllerRevision that was complete last.</summary>
    public string CurrentRevision { get; set => field = value ?? ""; } = "";
    /// <summary>The ControllerRevision that is wanted.</summary>
    public string UpdateRevision { get; set => field = value ?? ""; } = "";
}
