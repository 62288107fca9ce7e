using System.Text.Json.Nodes;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>A DaemonSet (apps/v1).</summary>
public sealed record DaemonSet : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; set => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public DaemonSetSpec Spec { get; set => field = value ?? new(); } = new();
    /// <summary>What is.</summary>
    public DaemonSetStatus Status { get; set => field = value ?? new(); } = new();
}

/// <summary>spec of a DaemonSet.</summary>
public sealed record DaemonSetSpec
{
    /// <summary>Seconds a Pod must be ready before it is available.</summary>
    public int MinReadySeconds { get; set; }
    /// <summary>Which Pods are its own.</summary>
    public LabelSelector Selector { get; set => field = value ?? new(); } = new();
    /// <summary>How the new replaces the old.</summary>
    public SetUpdateStrategy UpdateStrategy { get; set => field = value ?? new(); } = new();
    /// <summary>The Pods' shape, as the API gave it.</summary>
    public JsonObject Template { get; set => field = value ?? []; } = [];
}

/// <summary>status of a DaemonSet.</summary>
public sealed record DaemonSetStatus
{
    /// <summary>The generation this status is about.</summary>
    public long ObservedGeneration { get; set; }
    /// <summary>Nodes that should run a Pod.</summary>
    public int DesiredNumberScheduled { get; set; }
    /// <summary>Nodes that run a Pod and should.</summary>
    public int CurrentNumberScheduled { get; set; }
    /// <summary>Nodes that run a Pod of the wanted revision.</summary>
    public int UpdatedNumberScheduled { get; set; }
    /// <summary>Nodes whose Pod is ready.</summary>
    public int NumberReady { get; set; }
    /// <summary>Nodes whose Pod is available.</summary>
    public int NumberAvailable { get; set; }
}
