using System.Text.Json.Nodes;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>A Deployment (apps/v1).</summary>
public sealed record Deployment : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; set => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public DeploymentSpec Spec { get; set => field = value ?? new(); } = new();
    /// <summary>What is.</summary>
    public DeploymentStatus Status { get; set => field = value ?? new(); } = new();
}

/// <summary>spec of a Deployment.</summary>
public sealed record DeploymentSpec
{
    /// <summary>Pods wanted; null counts as 1.</summary>
    public int? Replicas { get; set; }
    /// <summary>True while the controller leaves new templates alone.</summary>
    public bool Paused { get; set; }
    /// <summary>Seconds a Pod must be ready before it is available.</summary>
    public int MinReadySeconds { get; set; }
    /// <summary>Seconds without progress after which the controller says so; null counts as 600.</summary>
    public int? ProgressDeadlineSeconds { get; set; }
    /// <summary>Which Pods are its own.</summary>
    public LabelSelector Selector { get; set => field = value ?? new(); } = new();
    /// <summary>How the new replaces the old.</summary>
    public DeploymentStrategy Strategy { get; set => field = value ?? new(); } = new();
    /// <summary>The Pods' shape, as the API gave it.</summary>
    public JsonObject Template { get; set => field = value ?? []; } = [];
}

/// <summary>strategy of a Deployment.</summary>
public sealed record DeploymentStrategy
{
    /// <summary>RollingUpdate or Recreate.</summary>
    public string Type { get; set => field = value ?? ""; } = "";
    /// <summary>RollingUpdate's own.</summary>
    public DeploymentRollingUpdate RollingUpdate { get; set => field = value ?? new(); } = new();
}

/// <summary>rollingUpdate of a Deployment: each a number or a percentage.</summary>
public sealed record DeploymentRollingUpdate
{
    /// <summary>Pods above the wanted number.</summary>
    public JsonNode? MaxSurge { get; set; }
    /// <summary>Pods that may be missing.</summary>
    public JsonNode? MaxUnavailable { get; set; }
}

/// <summary>status of a Deployment.</summary>
public sealed record DeploymentStatus
{
    /// <summary>The generation this status is about.</summary>
    public long ObservedGeneration { get; set; }
    /// <summary>Pods of every revision.</summary>
    public int Replicas { get; set; }
    /// <summary>Pods of the wanted revision.</summary>
    public int UpdatedReplicas { get; set; }
    /// <summary>Ready Pods of every revision.</summary>
    public int ReadyReplicas { get; set; }
    /// <summary>Available Pods of every revision.</summary>
    public int AvailableReplicas { get; set; }
    /// <summary>Available, Progressing, ReplicaFailure.</summary>
    public IReadOnlyList<Condition> Conditions { get; set => field = value ?? []; } = [];
}
