using System.Text.Json.Serialization;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>A Pod (v1).</summary>
public sealed record Pod : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; set => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public PodSpec Spec { get; set => field = value ?? new(); } = new();
    /// <summary>What is.</summary>
    public PodStatus Status { get; set => field = value ?? new(); } = new();
}

/// <summary>spec of a Pod.</summary>
public sealed record PodSpec
{
    /// <summary>The node it was put on; empty before.</summary>
    public string NodeName { get; set => field = value ?? ""; } = "";
    /// <summary>Its containers.</summary>
    public IReadOnlyList<Container> Containers { get; set => field = value ?? []; } = [];
    /// <summary>Its init containers and sidecars.</summary>
    public IReadOnlyList<Container> InitContainers { get; set => field = value ?? []; } = [];
}

/// <summary>A container of a Pod.</summary>
public sealed record Container
{
    /// <summary>The name.</summary>
    public string Name { get; set => field = value ?? ""; } = "";
    /// <summary>The image as wanted.</summary>
    public string Image { get; set => field = value ?? ""; } = "";
    /// <summary>What it may use.</summary>
    public ContainerResources Resources { get; set => field = value ?? new(); } = new();
}

/// <summary>resources of a container.</summary>
public sealed record ContainerResources
{
    /// <summary>Quantities by resource: cpu, memory.</summary>
    public IReadOnlyDictionary<string, string> Limits { get; set => field = value ?? new Dictionary<string, string>(); } = new Dictionary<string, string>();
}

/// <summary>status of a Pod.</summary>
public sealed record PodStatus
{
    /// <summary>Pending, Running, Succeeded, Failed, Unknown.</summary>
    public string Phase { get; set => field = value ?? ""; } = "";
    /// <summary>One word for why it is there: Evicted ...</summary>
    public string Reason { get; set => field = value ?? ""; } = "";
    /// <summary>The same in a sentence.</summary>
    public string Message { get; set => field = value ?? ""; } = "";
    /// <summary>PodScheduled, Ready ...</summary>
    public IReadOnlyList<Condition> Conditions { get; set => field = value ?? []; } = [];
    /// <summary>One for each container.</summary>
    public IReadOnlyList<ContainerStatus> ContainerStatuses { get; set => field = value ?? []; } = [];
    /// <summary>One for each init container and sidecar.</summary>
    public IReadOnlyList<ContainerStatus> InitContainerStatuses { get; set => field = value ?? []; } = [];
}

/// <summary>One container's status.</summary>
public sealed record ContainerStatus
{
    /// <summary>The container's name.</summary>
    public string Name { get; set => field = value ?? ""; } = "";
    /// <summary>The image as the runtime names it.</summary>
    public string Image { get; set => field = value ?? ""; } = "";
    /// <summary>What the runtime runs: with the digest of the index, the platform's manifest or the config.</summary>
    [JsonPropertyName("imageID")]
    public string ImageId { get; set => field = value ?? ""; } = "";
    /// <summary>True where it serves.</summary>
    public bool Ready { get; set; }
    /// <summary>How often it was started again.</summary>
    public int RestartCount { get; set; }
    /// <summary>Where it stands.</summary>
    public ContainerState State { get; set => field = value ?? new(); } = new();
    /// <summary>How its last run ended.</summary>
    public ContainerState LastState { get; set => field = value ?? new(); } = new();
}

/// <summary>A container's state: one of the three.</summary>
public sealed record ContainerState
{
    /// <summary>It waits.</summary>
    public ContainerWaiting? Waiting { get; set; }
    /// <summary>It runs.</summary>
    public ContainerRunning? Running { get; set; }
    /// <summary>It ended.</summary>
    public ContainerTerminated? Terminated { get; set; }
}

/// <summary>A container that waits.</summary>
public sealed record ContainerWaiting
{
    /// <summary>ContainerCreating, ErrImagePull, CrashLoopBackOff ...</summary>
    public string Reason { get; set => field = value ?? ""; } = "";
    /// <summary>The same in a sentence.</summary>
    public string Message { get; set => field = value ?? ""; } = "";
}

/// <summary>A container that runs.</summary>
public sealed record ContainerRunning
{
    /// <summary>Since when.</summary>
    public DateTimeOffset? StartedAt { get; set; }
}

/// <summary>A container that ended.</summary>
public sealed record ContainerTerminated
{
    /// <summary>The main process's exit code.</summary>
    public int ExitCode { get; set; }
    /// <summary>The signal that ended it; 0 where none did.</summary>
    public int Signal { get; set; }
    /// <summary>Completed, Error, OOMKilled ...</summary>
    public string Reason { get; set => field = value ?? ""; } = "";
    /// <summary>What the container left as its last word.</summary>
    public string Message { get; set => field = value ?? ""; } = "";
    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; set; }
}
