using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Rollout.Engine.Kubernetes.Api;

// Only what Rollout reads. Nothing is ever written back whole: a change is a patch of the fields it is about, and a piece that is
// copied (a pod template, a revision's data) stays the JSON it came as, so that fields this version does not know survive.
//
// The server leaves zeros, false and empty lists out of its JSON, so a missing counter is 0, never "unknown". Each init accessor
// turns null into empty, because the JSON source generator assigns null to a property that was not in the text.

/// <summary>An object of the API.</summary>
public interface IKubernetesObject
{
    /// <summary>Name, namespace, version and the like.</summary>
    ObjectMeta Metadata { get; }
}

/// <summary>metadata of an object.</summary>
public record ObjectMeta
{
    /// <summary>The name.</summary>
    public string Name { get; init => field = value ?? ""; } = "";
    /// <summary>The namespace; empty for what is the cluster's.</summary>
    public string Namespace { get; init => field = value ?? ""; } = "";
    /// <summary>The identity that no second object of that name ever gets.</summary>
    public string Uid { get; init => field = value ?? ""; } = "";
    /// <summary>Changes with every write. Opaque: only equality means something.</summary>
    public string ResourceVersion { get; init => field = value ?? ""; } = "";
    /// <summary>Counts changes of spec; 0 where the kind has none.</summary>
    public long Generation { get; init; }
    /// <summary>When it was made.</summary>
    public DateTimeOffset? CreationTimestamp { get; init; }
    /// <summary>When it was asked to go; null while it was not.</summary>
    public DateTimeOffset? DeletionTimestamp { get; init; }
    /// <summary>The labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init => field = value ?? NoStrings; } = NoStrings;
    /// <summary>The annotations.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init => field = value ?? NoStrings; } = NoStrings;
    /// <summary>Who owns it.</summary>
    public IReadOnlyList<OwnerReference> OwnerReferences { get; init => field = value ?? []; } = [];

    private static readonly IReadOnlyDictionary<string, string> NoStrings = new Dictionary<string, string>();

    /// <summary>An annotation's value, or null.</summary>
    public string? Annotation(string key) => Annotations.TryGetValue(key, out var value) ? value : null;

    /// <summary>True where the object with this uid controls it.</summary>
    public bool IsControlledBy(string uid) => OwnerReferences.Any(owner => owner.Controller && owner.Uid == uid);
}

/// <summary>metadata of an object of which it matters who wrote which field; that is much text, which others leave out.</summary>
public sealed record ManagedMeta : ObjectMeta
{
    /// <summary>Who wrote which fields.</summary>
    public IReadOnlyList<ManagedFieldsEntry> ManagedFields { get; init => field = value ?? []; } = [];
}

/// <summary>An entry of metadata.managedFields.</summary>
public sealed record ManagedFieldsEntry
{
    /// <summary>Who: the name that a client gives itself.</summary>
    public string Manager { get; init => field = value ?? ""; } = "";
    /// <summary>Apply (declared, and kept) or Update.</summary>
    public string Operation { get; init => field = value ?? ""; } = "";
    /// <summary>status, scale ...; empty for the object itself.</summary>
    public string Subresource { get; init => field = value ?? ""; } = "";
    /// <summary>Which, as a tree of <c>f:name</c>.</summary>
    public JsonObject FieldsV1 { get; init => field = value ?? []; } = [];
}

/// <summary>An entry of metadata.ownerReferences.</summary>
public sealed record OwnerReference
{
    /// <summary>The owner's kind.</summary>
    public string Kind { get; init => field = value ?? ""; } = "";
    /// <summary>The owner's name.</summary>
    public string Name { get; init => field = value ?? ""; } = "";
    /// <summary>The owner's uid.</summary>
    public string Uid { get; init => field = value ?? ""; } = "";
    /// <summary>True for the one owner that manages it.</summary>
    public bool Controller { get; init; }
}

/// <summary>One page of a list.</summary>
/// <typeparam name="T">The items' type.</typeparam>
public sealed record KubernetesList<T>
{
    /// <summary>The list's version and the token of the next page.</summary>
    public ListMeta Metadata { get; init => field = value ?? new(); } = new();
    /// <summary>The items.</summary>
    public IReadOnlyList<T> Items { get; init => field = value ?? []; } = [];
}

/// <summary>metadata of a list.</summary>
public sealed record ListMeta
{
    /// <summary>The state the list shows; a watch goes on from here.</summary>
    public string ResourceVersion { get; init => field = value ?? ""; } = "";
    /// <summary>The next page's token; empty on the last page.</summary>
    public string Continue { get; init => field = value ?? ""; } = "";
}

/// <summary>A condition of an object's status.</summary>
public sealed record Condition
{
    /// <summary>Available, Progressing, Ready, PodScheduled ...</summary>
    public string Type { get; init => field = value ?? ""; } = "";
    /// <summary>True, False or Unknown.</summary>
    public string Status { get; init => field = value ?? ""; } = "";
    /// <summary>One word for why.</summary>
    public string Reason { get; init => field = value ?? ""; } = "";
    /// <summary>The same in a sentence.</summary>
    public string Message { get; init => field = value ?? ""; } = "";
    /// <summary>When the status last changed.</summary>
    public DateTimeOffset? LastTransitionTime { get; init; }
}

/// <summary>spec.selector of a workload.</summary>
public sealed record LabelSelector
{
    /// <summary>Labels that must be equal.</summary>
    public IReadOnlyDictionary<string, string> MatchLabels { get; init => field = value ?? new Dictionary<string, string>(); } = new Dictionary<string, string>();
    /// <summary>Further rules.</summary>
    public IReadOnlyList<LabelRequirement> MatchExpressions { get; init => field = value ?? []; } = [];

    /// <summary>Whether it selects what has these labels.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> labels) =>
        MatchLabels.All(label => labels.TryGetValue(label.Key, out var value) && value == label.Value) && MatchExpressions.All(rule => rule.Matches(labels));

    /// <summary>As a labelSelector parameter takes it: <c>app=shop,tier in (a,b)</c>.</summary>
    public override string ToString() => string.Join(',', MatchLabels.Select(label => $"{label.Key}={label.Value}").Concat(MatchExpressions.Select(rule => rule.ToString())));
}

/// <summary>One rule of matchExpressions.</summary>
public sealed record LabelRequirement
{
    /// <summary>The label.</summary>
    public string Key { get; init => field = value ?? ""; } = "";
    /// <summary>In, NotIn, Exists, DoesNotExist.</summary>
    public string Operator { get; init => field = value ?? ""; } = "";
    /// <summary>The values of In and NotIn.</summary>
    public IReadOnlyList<string> Values { get; init => field = value ?? []; } = [];

    /// <summary>Whether it holds for these labels.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> labels) => (Operator, labels.TryGetValue(Key, out var value)) switch
    {
        ("In", var has) => has && Values.Contains(value),
        ("NotIn", var has) => !has || !Values.Contains(value),
        ("Exists", var has) => has,
        var (_, has) => !has,
    };

    /// <inheritdoc/>
    public override string ToString() => Operator switch
    {
        "In" => $"{Key} in ({string.Join(',', Values)})",
        "NotIn" => $"{Key} notin ({string.Join(',', Values)})",
        "Exists" => Key,
        _ => "!" + Key,
    };
}

/// <summary>A Deployment (apps/v1).</summary>
public sealed record Deployment : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public DeploymentSpec Spec { get; init => field = value ?? new(); } = new();
    /// <summary>What is.</summary>
    public DeploymentStatus Status { get; init => field = value ?? new(); } = new();
}

/// <summary>spec of a Deployment.</summary>
public sealed record DeploymentSpec
{
    /// <summary>Pods wanted; null counts as 1.</summary>
    public int? Replicas { get; init; }
    /// <summary>True while the controller leaves new templates alone.</summary>
    public bool Paused { get; init; }
    /// <summary>Seconds a Pod must be ready before it is available.</summary>
    public int MinReadySeconds { get; init; }
    /// <summary>Seconds without progress after which the controller says so; null counts as 600.</summary>
    public int? ProgressDeadlineSeconds { get; init; }
    /// <summary>Which Pods are its own.</summary>
    public LabelSelector Selector { get; init => field = value ?? new(); } = new();
    /// <summary>How the new replaces the old.</summary>
    public DeploymentStrategy Strategy { get; init => field = value ?? new(); } = new();
    /// <summary>The Pods' shape, as the API gave it.</summary>
    public JsonObject Template { get; init => field = value ?? []; } = [];
}

/// <summary>strategy of a Deployment.</summary>
public sealed record DeploymentStrategy
{
    /// <summary>RollingUpdate or Recreate.</summary>
    public string Type { get; init => field = value ?? ""; } = "";
    /// <summary>RollingUpdate's own.</summary>
    public DeploymentRollingUpdate RollingUpdate { get; init => field = value ?? new(); } = new();
}

/// <summary>rollingUpdate of a Deployment: each a number or a percentage.</summary>
public sealed record DeploymentRollingUpdate
{
    /// <summary>Pods above the wanted number.</summary>
    public JsonNode? MaxSurge { get; init; }
    /// <summary>Pods that may be missing.</summary>
    public JsonNode? MaxUnavailable { get; init; }
}

/// <summary>status of a Deployment.</summary>
public sealed record DeploymentStatus
{
    /// <summary>The generation this status is about.</summary>
    public long ObservedGeneration { get; init; }
    /// <summary>Pods of every revision.</summary>
    public int Replicas { get; init; }
    /// <summary>Pods of the wanted revision.</summary>
    public int UpdatedReplicas { get; init; }
    /// <summary>Ready Pods of every revision.</summary>
    public int ReadyReplicas { get; init; }
    /// <summary>Available Pods of every revision.</summary>
    public int AvailableReplicas { get; init; }
    /// <summary>Available, Progressing, ReplicaFailure.</summary>
    public IReadOnlyList<Condition> Conditions { get; init => field = value ?? []; } = [];
}

/// <summary>A ReplicaSet (apps/v1).</summary>
public sealed record ReplicaSet : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public ReplicaSetSpec Spec { get; init => field = value ?? new(); } = new();
}

/// <summary>spec of a ReplicaSet.</summary>
public sealed record ReplicaSetSpec
{
    /// <summary>Pods wanted; null counts as 1.</summary>
    public int? Replicas { get; init; }
    /// <summary>The Pods' shape, as the API gave it.</summary>
    public JsonObject Template { get; init => field = value ?? []; } = [];
}

/// <summary>A StatefulSet (apps/v1).</summary>
public sealed record StatefulSet : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public StatefulSetSpec Spec { get; init => field = value ?? new(); } = new();
    /// <summary>What is.</summary>
    public StatefulSetStatus Status { get; init => field = value ?? new(); } = new();
}

/// <summary>spec of a StatefulSet.</summary>
public sealed record StatefulSetSpec
{
    /// <summary>Pods wanted; null counts as 1.</summary>
    public int? Replicas { get; init; }
    /// <summary>Seconds a Pod must be ready before it is available.</summary>
    public int MinReadySeconds { get; init; }
    /// <summary>OrderedReady or Parallel.</summary>
    public string PodManagementPolicy { get; init => field = value ?? ""; } = "";
    /// <summary>Which Pods are its own.</summary>
    public LabelSelector Selector { get; init => field = value ?? new(); } = new();
    /// <summary>How the new replaces the old.</summary>
    public SetUpdateStrategy UpdateStrategy { get; init => field = value ?? new(); } = new();
    /// <summary>The Pods' shape, as the API gave it.</summary>
    public JsonObject Template { get; init => field = value ?? []; } = [];
}

/// <summary>updateStrategy of a StatefulSet or DaemonSet.</summary>
public sealed record SetUpdateStrategy
{
    /// <summary>RollingUpdate or OnDelete.</summary>
    public string Type { get; init => field = value ?? ""; } = "";
    /// <summary>RollingUpdate's own.</summary>
    public SetRollingUpdate RollingUpdate { get; init => field = value ?? new(); } = new();
}

/// <summary>rollingUpdate of a StatefulSet or DaemonSet.</summary>
public sealed record SetRollingUpdate
{
    /// <summary>Pods with a lower ordinal keep the old revision (StatefulSet).</summary>
    public int Partition { get; init; }
    /// <summary>Pods that may be missing (DaemonSet): a number or a percentage.</summary>
    public JsonNode? MaxUnavailable { get; init; }
}

/// <summary>status of a StatefulSet.</summary>
public sealed record StatefulSetStatus
{
    /// <summary>The generation this status is about.</summary>
    public long ObservedGeneration { get; init; }
    /// <summary>Pods of every revision.</summary>
    public int Replicas { get; init; }
    /// <summary>Pods of <see cref="UpdateRevision"/>.</summary>
    public int UpdatedReplicas { get; init; }
    /// <summary>Ready Pods.</summary>
    public int ReadyReplicas { get; init; }
    /// <summary>Available Pods.</summary>
    public int AvailableReplicas { get; init; }
    /// <summary>The ControllerRevision that was complete last.</summary>
    public string CurrentRevision { get; init => field = value ?? ""; } = "";
    /// <summary>The ControllerRevision that is wanted.</summary>
    public string UpdateRevision { get; init => field = value ?? ""; } = "";
}

/// <summary>A DaemonSet (apps/v1).</summary>
public sealed record DaemonSet : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public DaemonSetSpec Spec { get; init => field = value ?? new(); } = new();
    /// <summary>What is.</summary>
    public DaemonSetStatus Status { get; init => field = value ?? new(); } = new();
}

/// <summary>spec of a DaemonSet.</summary>
public sealed record DaemonSetSpec
{
    /// <summary>Seconds a Pod must be ready before it is available.</summary>
    public int MinReadySeconds { get; init; }
    /// <summary>Which Pods are its own.</summary>
    public LabelSelector Selector { get; init => field = value ?? new(); } = new();
    /// <summary>How the new replaces the old.</summary>
    public SetUpdateStrategy UpdateStrategy { get; init => field = value ?? new(); } = new();
    /// <summary>The Pods' shape, as the API gave it.</summary>
    public JsonObject Template { get; init => field = value ?? []; } = [];
}

/// <summary>status of a DaemonSet.</summary>
public sealed record DaemonSetStatus
{
    /// <summary>The generation this status is about.</summary>
    public long ObservedGeneration { get; init; }
    /// <summary>Nodes that should run a Pod.</summary>
    public int DesiredNumberScheduled { get; init; }
    /// <summary>Nodes that run a Pod and should.</summary>
    public int CurrentNumberScheduled { get; init; }
    /// <summary>Nodes that run a Pod of the wanted revision.</summary>
    public int UpdatedNumberScheduled { get; init; }
    /// <summary>Nodes whose Pod is ready.</summary>
    public int NumberReady { get; init; }
    /// <summary>Nodes whose Pod is available.</summary>
    public int NumberAvailable { get; init; }
}

/// <summary>A ControllerRevision (apps/v1): one revision of a StatefulSet or DaemonSet.</summary>
public sealed record ControllerRevision : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
    /// <summary>Its number.</summary>
    public long Revision { get; init; }
    /// <summary>A strategic merge patch that brings the revision back.</summary>
    public JsonObject Data { get; init => field = value ?? []; } = [];
}

/// <summary>A Pod (v1).</summary>
public sealed record Pod : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public PodSpec Spec { get; init => field = value ?? new(); } = new();
    /// <summary>What is.</summary>
    public PodStatus Status { get; init => field = value ?? new(); } = new();
}

/// <summary>spec of a Pod.</summary>
public sealed record PodSpec
{
    /// <summary>The node it was put on; empty before.</summary>
    public string NodeName { get; init => field = value ?? ""; } = "";
    /// <summary>Its containers.</summary>
    public IReadOnlyList<Container> Containers { get; init => field = value ?? []; } = [];
    /// <summary>Its init containers and sidecars.</summary>
    public IReadOnlyList<Container> InitContainers { get; init => field = value ?? []; } = [];
}

/// <summary>A container of a Pod.</summary>
public sealed record Container
{
    /// <summary>The name.</summary>
    public string Name { get; init => field = value ?? ""; } = "";
    /// <summary>The image as wanted.</summary>
    public string Image { get; init => field = value ?? ""; } = "";
    /// <summary>What it may use.</summary>
    public ContainerResources Resources { get; init => field = value ?? new(); } = new();
}

/// <summary>resources of a container.</summary>
public sealed record ContainerResources
{
    /// <summary>Quantities by resource: cpu, memory.</summary>
    public IReadOnlyDictionary<string, string> Limits { get; init => field = value ?? new Dictionary<string, string>(); } = new Dictionary<string, string>();
}

/// <summary>What metrics.k8s.io tells of a Pod.</summary>
public sealed record PodMetrics : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
    /// <summary>One for each container.</summary>
    public IReadOnlyList<ContainerMetrics> Containers { get; init => field = value ?? []; } = [];
}

/// <summary>A container within <see cref="PodMetrics"/>.</summary>
public sealed record ContainerMetrics
{
    /// <summary>The container's name.</summary>
    public string Name { get; init => field = value ?? ""; } = "";
    /// <summary>Quantities by resource: cpu, memory.</summary>
    public IReadOnlyDictionary<string, string> Usage { get; init => field = value ?? new Dictionary<string, string>(); } = new Dictionary<string, string>();
}

/// <summary>status of a Pod.</summary>
public sealed record PodStatus
{
    /// <summary>Pending, Running, Succeeded, Failed, Unknown.</summary>
    public string Phase { get; init => field = value ?? ""; } = "";
    /// <summary>One word for why it is there: Evicted ...</summary>
    public string Reason { get; init => field = value ?? ""; } = "";
    /// <summary>The same in a sentence.</summary>
    public string Message { get; init => field = value ?? ""; } = "";
    /// <summary>PodScheduled, Ready ...</summary>
    public IReadOnlyList<Condition> Conditions { get; init => field = value ?? []; } = [];
    /// <summary>One for each container.</summary>
    public IReadOnlyList<ContainerStatus> ContainerStatuses { get; init => field = value ?? []; } = [];
    /// <summary>One for each init container and sidecar.</summary>
    public IReadOnlyList<ContainerStatus> InitContainerStatuses { get; init => field = value ?? []; } = [];
}

/// <summary>One container's status.</summary>
public sealed record ContainerStatus
{
    /// <summary>The container's name.</summary>
    public string Name { get; init => field = value ?? ""; } = "";
    /// <summary>The image as the runtime names it.</summary>
    public string Image { get; init => field = value ?? ""; } = "";
    /// <summary>What the runtime runs: with the digest of the index, the platform's manifest or the config.</summary>
    [JsonPropertyName("imageID")]
    public string ImageId { get; init => field = value ?? ""; } = "";
    /// <summary>True where it serves.</summary>
    public bool Ready { get; init; }
    /// <summary>How often it was started again.</summary>
    public int RestartCount { get; init; }
    /// <summary>Where it stands.</summary>
    public ContainerState State { get; init => field = value ?? new(); } = new();
    /// <summary>How its last run ended.</summary>
    public ContainerState LastState { get; init => field = value ?? new(); } = new();
}

/// <summary>A container's state: one of the three.</summary>
public sealed record ContainerState
{
    /// <summary>It waits.</summary>
    public ContainerWaiting? Waiting { get; init; }
    /// <summary>It runs.</summary>
    public ContainerRunning? Running { get; init; }
    /// <summary>It ended.</summary>
    public ContainerTerminated? Terminated { get; init; }
}

/// <summary>A container that waits.</summary>
public sealed record ContainerWaiting
{
    /// <summary>ContainerCreating, ErrImagePull, CrashLoopBackOff ...</summary>
    public string Reason { get; init => field = value ?? ""; } = "";
    /// <summary>The same in a sentence.</summary>
    public string Message { get; init => field = value ?? ""; } = "";
}

/// <summary>A container that runs.</summary>
public sealed record ContainerRunning
{
    /// <summary>Since when.</summary>
    public DateTimeOffset? StartedAt { get; init; }
}

/// <summary>A container that ended.</summary>
public sealed record ContainerTerminated
{
    /// <summary>The main process's exit code.</summary>
    public int ExitCode { get; init; }
    /// <summary>The signal that ended it; 0 where none did.</summary>
    public int Signal { get; init; }
    /// <summary>Completed, Error, OOMKilled ...</summary>
    public string Reason { get; init => field = value ?? ""; } = "";
    /// <summary>What the container left as its last word.</summary>
    public string Message { get; init => field = value ?? ""; } = "";
    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }
}

/// <summary>An Event (v1).</summary>
public sealed record Event : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
    /// <summary>Normal or Warning.</summary>
    public string Type { get; init => field = value ?? ""; } = "";
    /// <summary>One word for what happened.</summary>
    public string Reason { get; init => field = value ?? ""; } = "";
    /// <summary>The same in a sentence.</summary>
    public string Message { get; init => field = value ?? ""; } = "";
    /// <summary>How often.</summary>
    public int Count { get; init; }
    /// <summary>When last; null where the reporter uses <see cref="EventTime"/>.</summary>
    public DateTimeOffset? LastTimestamp { get; init; }
    /// <summary>When, for reporters of the newer kind.</summary>
    public DateTimeOffset? EventTime { get; init; }
}

/// <summary>A HorizontalPodAutoscaler (autoscaling/v2).</summary>
public sealed record HorizontalPodAutoscaler : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public HorizontalPodAutoscalerSpec Spec { get; init => field = value ?? new(); } = new();
}

/// <summary>spec of a HorizontalPodAutoscaler.</summary>
public sealed record HorizontalPodAutoscalerSpec
{
    /// <summary>Whose replicas it sets.</summary>
    public ObjectReference ScaleTargetRef { get; init => field = value ?? new(); } = new();
    /// <summary>Pods at least; null counts as 1.</summary>
    public int? MinReplicas { get; init; }
    /// <summary>Pods at most.</summary>
    public int MaxReplicas { get; init; }
}

/// <summary>A PodDisruptionBudget (policy/v1): how many Pods may be missing when nodes are emptied.</summary>
public sealed record PodDisruptionBudget : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public PodDisruptionBudgetSpec Spec { get; init => field = value ?? new(); } = new();
}

/// <summary>spec of a PodDisruptionBudget: one of the two, each a number or a percentage.</summary>
public sealed record PodDisruptionBudgetSpec
{
    /// <summary>Whose Pods; null for none.</summary>
    public LabelSelector? Selector { get; init; }
    /// <summary>Pods available at least.</summary>
    public JsonNode? MinAvailable { get; init; }
    /// <summary>Pods missing at most.</summary>
    public JsonNode? MaxUnavailable { get; init; }
}

/// <summary>Names another object.</summary>
public sealed record ObjectReference
{
    /// <summary>Its kind.</summary>
    public string Kind { get; init => field = value ?? ""; } = "";
    /// <summary>Its name.</summary>
    public string Name { get; init => field = value ?? ""; } = "";
}

/// <summary>An Application of Argo CD (argoproj.io/v1alpha1).</summary>
public sealed record Application : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public ApplicationSpec Spec { get; init => field = value ?? new(); } = new();
}

/// <summary>spec of an Application.</summary>
public sealed record ApplicationSpec
{
    /// <summary>Where it comes from.</summary>
    public ApplicationSource Source { get; init => field = value ?? new(); } = new();
    /// <summary>The same, where there are several.</summary>
    public IReadOnlyList<ApplicationSource> Sources { get; init => field = value ?? []; } = [];
}

/// <summary>A source of an Application.</summary>
public sealed record ApplicationSource
{
    /// <summary>The Git repository.</summary>
    [JsonPropertyName("repoURL")]
    public string RepoUrl { get; init => field = value ?? ""; } = "";
    /// <summary>The path in it; empty for a chart.</summary>
    public string Path { get; init => field = value ?? ""; } = "";
}

/// <summary>A Kustomization of Flux (kustomize.toolkit.fluxcd.io/v1).</summary>
public sealed record Kustomization : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public KustomizationSpec Spec { get; init => field = value ?? new(); } = new();
}

/// <summary>spec of a Kustomization.</summary>
public sealed record KustomizationSpec
{
    /// <summary>The path in the source.</summary>
    public string Path { get; init => field = value ?? ""; } = "";
    /// <summary>The source: a GitRepository mostly.</summary>
    public ObjectReference SourceRef { get; init => field = value ?? new(); } = new();
}

/// <summary>A Service, or an object of a kind that somebody installed: as the API gave it.</summary>
public sealed record PlainObject : IKubernetesObject
{
    /// <summary>Name, namespace, version, and who wrote what.</summary>
    public ManagedMeta Metadata { get; init => field = value ?? new(); } = new();
    ObjectMeta IKubernetesObject.Metadata => Metadata;
    /// <summary>What is wanted.</summary>
    public JsonObject Spec { get; init => field = value ?? []; } = [];
    /// <summary>What is.</summary>
    public JsonObject Status { get; init => field = value ?? []; } = [];
}

/// <summary>An EndpointSlice (discovery.k8s.io/v1): where a Service's traffic goes.</summary>
public sealed record EndpointSlice : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
    /// <summary>The Pods.</summary>
    public IReadOnlyList<SliceEndpoint> Endpoints { get; init => field = value ?? []; } = [];
}

/// <summary>One of an EndpointSlice's endpoints.</summary>
public sealed record SliceEndpoint
{
    /// <summary>Whether it gets traffic.</summary>
    public SliceConditions Conditions { get; init => field = value ?? new(); } = new();
    /// <summary>The Pod.</summary>
    public ObjectReference TargetRef { get; init => field = value ?? new(); } = new();
}

/// <summary>conditions of an endpoint.</summary>
public sealed record SliceConditions
{
    /// <summary>Whether it gets traffic; null counts as yes.</summary>
    public bool? Ready { get; init; }
}

/// <summary>A Namespace (v1).</summary>
public sealed record Namespace : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
}

/// <summary>A Lease (coordination.k8s.io/v1).</summary>
public sealed record Lease : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
    /// <summary>Who holds it.</summary>
    public LeaseSpec Spec { get; init => field = value ?? new(); } = new();
}

/// <summary>spec of a Lease.</summary>
public sealed record LeaseSpec
{
    /// <summary>Who holds it; null where nobody does.</summary>
    public string? HolderIdentity { get; init; }
    /// <summary>Seconds from <see cref="RenewTime"/> after which it may be taken over.</summary>
    public int? LeaseDurationSeconds { get; init; }
    /// <summary>Since when the present holder has it.</summary>
    public DateTimeOffset? AcquireTime { get; init; }
    /// <summary>When it was last renewed.</summary>
    public DateTimeOffset? RenewTime { get; init; }
    /// <summary>How often it changed hands.</summary>
    public int? LeaseTransitions { get; init; }
}

/// <summary>A SelfSubjectAccessReview (authorization.k8s.io/v1), as the server answers it.</summary>
public sealed record SelfSubjectAccessReview : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
    /// <summary>The answer.</summary>
    public AccessReviewStatus Status { get; init => field = value ?? new(); } = new();
}

/// <summary>status of a SelfSubjectAccessReview.</summary>
public sealed record AccessReviewStatus
{
    /// <summary>Whether it is allowed.</summary>
    public bool Allowed { get; init; }
    /// <summary>Why, where the authorizer says so.</summary>
    public string Reason { get; init => field = value ?? ""; } = "";
}

/// <summary>What a right is about.</summary>
/// <param name="Verb">get, list, watch, create, patch, delete.</param>
/// <param name="Group">The API group; empty for the core.</param>
/// <param name="Resource">The plural: deployments.</param>
/// <param name="Namespace">The namespace; null for the cluster.</param>
/// <param name="Subresource">log, scale, status ...; null for the object itself.</param>
/// <param name="Name">One object's name; null for all.</param>
public sealed record ResourceAttributes(string Verb, string Group, string Resource, string? Namespace = null, string? Subresource = null, string? Name = null);

/// <summary>GET /version.</summary>
public sealed record ServerVersion
{
    /// <summary>1.</summary>
    public string Major { get; init => field = value ?? ""; } = "";
    /// <summary>32, or 32+ at some providers.</summary>
    public string Minor { get; init => field = value ?? ""; } = "";
    /// <summary>v1.32.1 and what a provider adds.</summary>
    public string GitVersion { get; init => field = value ?? ""; } = "";
}

/// <summary>The server's answer where it is not an object: mostly an error.</summary>
internal sealed record Status
{
    public int Code { get; init; }
    public string Reason { get; init => field = value ?? ""; } = "";
    public string Message { get; init => field = value ?? ""; } = "";
    public StatusDetails Details { get; init => field = value ?? new(); } = new();
}

/// <summary>details of a Status.</summary>
internal sealed record StatusDetails
{
    public string Kind { get; init => field = value ?? ""; } = "";
    public string Name { get; init => field = value ?? ""; } = "";
    public int RetryAfterSeconds { get; init; }
    public IReadOnlyList<StatusCause> Causes { get; init => field = value ?? []; } = [];
}

/// <summary>One of details.causes.</summary>
internal sealed record StatusCause
{
    public string Reason { get; init => field = value ?? ""; } = "";
    public string Message { get; init => field = value ?? ""; } = "";
    public string Field { get; init => field = value ?? ""; } = "";
}
