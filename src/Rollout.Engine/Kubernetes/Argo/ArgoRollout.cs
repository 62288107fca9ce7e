using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Argo;

// As in Api/KubernetesObject.cs: only what is read, null counts as empty, and nothing is written back whole.

/// <summary>A Rollout of Argo Rollouts (argoproj.io/v1alpha1).</summary>
internal sealed record ArgoRollout : IKubernetesObject
{
    public static Resource<ArgoRollout> Resource { get; } = new("argoproj.io", "v1alpha1", "rollouts", "Rollout", ArgoJson.Default.ArgoRollout, ArgoJson.Default.KubernetesListArgoRollout);

    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
    public ArgoSpec Spec { get; init => field = value ?? new(); } = new();
    public ArgoStatus Status { get; init => field = value ?? new(); } = new();

    /// <summary>True where every step is behind it: the wanted revision is the stable one.</summary>
    public bool IsFullyPromoted => Status.StableRS == Status.CurrentPodHash;
}

/// <summary>spec: what is wanted.</summary>
internal sealed record ArgoSpec
{
    /// <summary>Pods wanted; null counts as 1.</summary>
    public int? Replicas { get; init; }

    /// <summary>True while somebody holds it by hand.</summary>
    public bool Paused { get; init; }

    public LabelSelector Selector { get; init => field = value ?? new(); } = new();

    /// <summary>The Pods' shape, as the API gave it: without the defaults that the API fills into templates of its own kinds. Empty where <see cref="WorkloadRef"/> says where it is.</summary>
    public JsonObject Template { get; init => field = value ?? []; } = [];

    public ArgoWorkloadRef? WorkloadRef { get; init; }
    public ArgoStrategy Strategy { get; init => field = value ?? new(); } = new();

    /// <summary>Pods older than this are replaced.</summary>
    public DateTimeOffset? RestartAt { get; init; }
}

/// <summary>spec.workloadRef: whose template it is.</summary>
internal sealed record ArgoWorkloadRef
{
    public string Kind { get; init => field = value ?? ""; } = "";
    public string Name { get; init => field = value ?? ""; } = "";
}

/// <summary>spec.strategy: one of the two.</summary>
internal sealed record ArgoStrategy
{
    public ArgoCanary? Canary { get; init; }
    public ArgoBlueGreen? BlueGreen { get; init; }
}

/// <summary>spec.strategy.canary.</summary>
internal sealed record ArgoCanary
{
    public IReadOnlyList<ArgoStep> Steps { get; init => field = value ?? []; } = [];

    /// <summary>Null where replica counts alone make the weight.</summary>
    public ArgoTrafficRouting? TrafficRouting { get; init; }
}

/// <summary>trafficRouting of a canary.</summary>
internal sealed record ArgoTrafficRouting
{
    /// <summary>The weight that is all; null counts as 100.</summary>
    public int? MaxTrafficWeight { get; init; }
}

/// <summary>spec.strategy.blueGreen.</summary>
internal sealed record ArgoBlueGreen
{
    public string ActiveService { get; init => field = value ?? ""; } = "";
    public string PreviewService { get; init => field = value ?? ""; } = "";

    /// <summary>False: it waits for somebody before the switch; null counts as true.</summary>
    public bool? AutoPromotionEnabled { get; init; }

    /// <summary>The switch comes by itself after so long.</summary>
    public int AutoPromotionSeconds { get; init; }

    public JsonObject? PostPromotionAnalysis { get; init; }
}

/// <summary>status: what is, as the controller wrote it.</summary>
internal sealed record ArgoStatus
{
    public bool Abort { get; init; }
    public bool PromoteFull { get; init; }
    public bool ControllerPause { get; init; }
    public IReadOnlyList<ArgoPauseCondition> PauseConditions { get; init => field = value ?? []; } = [];

    /// <summary>The wanted revision's hash.</summary>
    public string CurrentPodHash { get; init => field = value ?? ""; } = "";

    /// <summary>The hash of the revision that last went all the way.</summary>
    public string StableRS { get; init => field = value ?? ""; } = "";

    /// <summary>Counts from 0; as many as there are steps when all are done.</summary>
    public int? CurrentStepIndex { get; init; }

    public int Replicas { get; init; }
    public int UpdatedReplicas { get; init; }
    public int ReadyReplicas { get; init; }
    public int AvailableReplicas { get; init; }

    /// <summary>A text, unlike in the API's own kinds; a hash in versions before 0.10.</summary>
    public string ObservedGeneration { get; init => field = value ?? ""; } = "";

    /// <summary>The same of the workload that <see cref="ArgoSpec.WorkloadRef"/> names.</summary>
    public string WorkloadObservedGeneration { get; init => field = value ?? ""; } = "";

    public IReadOnlyList<Condition> Conditions { get; init => field = value ?? []; } = [];
    public ArgoCanaryStatus Canary { get; init => field = value ?? new(); } = new();
    public ArgoBlueGreenStatus BlueGreen { get; init => field = value ?? new(); } = new();
    public DateTimeOffset? RestartedAt { get; init; }

    /// <summary>Healthy, Progressing, Paused, Degraded; empty in versions before 1.0.</summary>
    public string Phase { get; init => field = value ?? ""; } = "";

    /// <summary>Why it is in that phase.</summary>
    public string Message { get; init => field = value ?? ""; } = "";
}

/// <summary>One of status.pauseConditions.</summary>
internal sealed record ArgoPauseCondition
{
    /// <summary>CanaryPauseStep, BlueGreenPause, InconclusiveAnalysisRun, InconclusiveExperiment.</summary>
    public string Reason { get; init => field = value ?? ""; } = "";
    public DateTimeOffset? StartTime { get; init; }
}

/// <summary>status.canary.</summary>
internal sealed record ArgoCanaryStatus
{
    /// <summary>Null where no router is.</summary>
    public ArgoWeights? Weights { get; init; }
    public ArgoRunStatus? CurrentStepAnalysisRunStatus { get; init; }
}

/// <summary>status.canary.weights: what the router was told.</summary>
internal sealed record ArgoWeights
{
    public ArgoWeight Canary { get; init => field = value ?? new(); } = new();
}

/// <summary>One side's weight.</summary>
internal sealed record ArgoWeight
{
    public int Weight { get; init; }
}

/// <summary>status.blueGreen: the hashes that the two Services select.</summary>
internal sealed record ArgoBlueGreenStatus
{
    public string ActiveSelector { get; init => field = value ?? ""; } = "";
    public string PreviewSelector { get; init => field = value ?? ""; } = "";
    public ArgoRunStatus? PostPromotionAnalysisRunStatus { get; init; }
}

/// <summary>The state of an AnalysisRun.</summary>
internal sealed record ArgoRunStatus
{
    public string Status { get; init => field = value ?? ""; } = "";

    public bool IsCompleted => Status is "Successful" or "Failed" or "Error" or "Inconclusive";
}

/// <summary>The kind's types, for System.Text.Json.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(KubernetesList<ArgoRollout>))]
internal sealed partial class ArgoJson : JsonSerializerContext;
