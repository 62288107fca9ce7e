using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>A Deployment (apps/v1).</summary>
[JsonConverter(typeof(ModelReader<Deployment>))]
public sealed record Deployment : IKubernetesObject, IReadable
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; set => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public DeploymentSpec Spec { get; set => field = value ?? new(); } = new();
    /// <summary>What is.</summary>
    public DeploymentStatus Status { get; set => field = value ?? new(); } = new();

    void IReadable.Take(ref Utf8JsonReader json) => json.Part(Metadata, Spec, Status);
}

/// <summary>spec of a Deployment.</summary>
public sealed record DeploymentSpec : IReadable
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

    void IReadable.Take(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("replicas"u8)) Replicas = json.Int();
        else if (json.ValueTextEquals("paused"u8)) Paused = json.Flag();
        else if (json.ValueTextEquals("minReadySeconds"u8)) MinReadySeconds = json.Int() ?? 0;
        else if (json.ValueTextEquals("progressDeadlineSeconds"u8)) ProgressDeadlineSeconds = json.Int();
        else if (json.ValueTextEquals("selector"u8)) json.Into(Selector);
        else if (json.ValueTextEquals("strategy"u8)) json.Into(Strategy);
        else if (json.ValueTextEquals("template"u8)) Template = json.Object();
        else json.TrySkip();
    }
}

/// <summary>strategy of a Deployment.</summary>
public sealed record DeploymentStrategy : IReadable
{
    /// <summary>RollingUpdate or Recreate.</summary>
    public string Type { get; set => field = value ?? ""; } = "";
    /// <summary>RollingUpdate's own.</summary>
    public DeploymentRollingUpdate RollingUpdate { get; set => field = value ?? new(); } = new();

    void IReadable.Take(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("type"u8)) Type = json.Text();
        else if (json.ValueTextEquals("rollingUpdate"u8)) json.Into(RollingUpdate);
        else json.TrySkip();
    }
}

/// <summary>rollingUpdate of a Deployment: each a number or a percentage.</summary>
public sealed record DeploymentRollingUpdate : IReadable
{
    /// <summary>Pods above the wanted number.</summary>
    public JsonNode? MaxSurge { get; set; }
    /// <summary>Pods that may be missing.</summary>
    public JsonNode? MaxUnavailable { get; set; }

    void IReadable.Take(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("maxSurge"u8)) MaxSurge = json.Node();
        else if (json.ValueTextEquals("maxUnavailable"u8)) MaxUnavailable = json.Node();
        else json.TrySkip();
    }
}

/// <summary>status of a Deployment.</summary>
public sealed record DeploymentStatus : IReadable
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

    void IReadable.Take(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("observedGeneration"u8)) ObservedGeneration = json.Long();
        else if (json.ValueTextEquals("replicas"u8)) Replicas = json.Int() ?? 0;
        else if (json.ValueTextEquals("updatedReplicas"u8)) UpdatedReplicas = json.Int() ?? 0;
        else if (json.ValueTextEquals("readyReplicas"u8)) ReadyReplicas = json.Int() ?? 0;
        else if (json.ValueTextEquals("availableReplicas"u8)) AvailableReplicas = json.Int() ?? 0;
        else if (json.ValueTextEquals("conditions"u8)) Conditions = json.List<Condition>();
        else json.TrySkip();
    }
}
