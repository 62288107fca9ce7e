using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>A Pod (v1).</summary>
[JsonConverter(typeof(ModelReader<Pod>))]
public sealed record Pod : IKubernetesObject, IReadable
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; set => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public PodSpec Spec { get; set => field = value ?? new(); } = new();
    /// <summary>What is.</summary>
    public PodStatus Status { get; set => field = value ?? new(); } = new();

    void IReadable.Take(ref Utf8JsonReader json) => json.Part(Metadata, Spec, Status);
}

/// <summary>spec of a Pod.</summary>
public sealed record PodSpec : IReadable
{
    /// <summary>The node it was put on; empty before.</summary>
    public string NodeName { get; set => field = value ?? ""; } = "";
    /// <summary>Its containers.</summary>
    public IReadOnlyList<Container> Containers { get; set => field = value ?? []; } = [];
    /// <summary>Its init containers and sidecars.</summary>
    public IReadOnlyList<Container> InitContainers { get; set => field = value ?? []; } = [];

    void IReadable.Take(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("nodeName"u8)) NodeName = json.Text();
        else if (json.ValueTextEquals("containers"u8)) Containers = json.List<Container>();
        else if (json.ValueTextEquals("initContainers"u8)) InitContainers = json.List<Container>();
        else json.TrySkip();
    }
}

/// <summary>A container of a Pod.</summary>
public sealed record Container : IReadable
{
    /// <summary>The name.</summary>
    public string Name { get; set => field = value ?? ""; } = "";
    /// <summary>The image as wanted.</summary>
    public string Image { get; set => field = value ?? ""; } = "";
    /// <summary>What it may use.</summary>
    public ContainerResources Resources { get; set => field = value ?? new(); } = new();

    void IReadable.Take(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("name"u8)) Name = json.Text();
        else if (json.ValueTextEquals("image"u8)) Image = json.Text();
        else if (json.ValueTextEquals("resources"u8)) json.Into(Resources);
        else json.TrySkip();
    }
}

/// <summary>resources of a container.</summary>
public sealed record ContainerResources : IReadable
{
    /// <summary>Quantities by resource: cpu, memory.</summary>
    public IReadOnlyDictionary<string, string> Limits { get; set => field = value ?? StringMap.Empty; } = StringMap.Empty;

    void IReadable.Take(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("limits"u8)) Limits = json.Map();
        else json.TrySkip();
    }
}

/// <summary>status of a Pod.</summary>
public sealed record PodStatus : IReadable
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

    void IReadable.Take(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("phase"u8)) Phase = json.Text();
        else if (json.ValueTextEquals("reason"u8)) Reason = json.Text();
        else if (json.ValueTextEquals("message"u8)) Message = json.Text();
        else if (json.ValueTextEquals("conditions"u8)) Conditions = json.List<Condition>();
        else if (json.ValueTextEquals("containerStatuses"u8)) ContainerStatuses = json.List<ContainerStatus>();
        else if (json.ValueTextEquals("initContainerStatuses"u8)) InitContainerStatuses = json.List<ContainerStatus>();
        else json.TrySkip();
    }
}

/// <summary>One container's status.</summary>
public sealed record ContainerStatus : IReadable
{
    /// <summary>The container's name.</summary>
    public string Name { get; set => field = value ?? ""; } = "";
    /// <summary>The image as the runtime names it.</summary>
    public string Image { get; set => field = value ?? ""; } = "";
    /// <summary>What the runtime runs: with the digest of the index, the platform's manifest or the config.</summary>
    public string ImageId { get; set => field = value ?? ""; } = "";
    /// <summary>True where it serves.</summary>
    public bool Ready { get; set; }
    /// <summary>How often it was started again.</summary>
    public int RestartCount { get; set; }
    /// <summary>Where it stands.</summary>
    public ContainerState State { get; set => field = value ?? new(); } = new();
    /// <summary>How its last run ended.</summary>
    public ContainerState LastState { get; set => field = value ?? new(); } = new();

    void IReadable.Take(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("name"u8)) Name = json.Text();
        else if (json.ValueTextEquals("image"u8)) Image = json.Text();
        else if (json.ValueTextEquals("imageID"u8)) ImageId = json.Text();
        else if (json.ValueTextEquals("ready"u8)) Ready = json.Flag();
        else if (json.ValueTextEquals("restartCount"u8)) RestartCount = json.Int() ?? 0;
        else if (json.ValueTextEquals("state"u8)) json.Into(State);
        else if (json.ValueTextEquals("lastState"u8)) json.Into(LastState);
        else json.TrySkip();
    }
}

/// <summary>A container's state: one of the three.</summary>
public sealed record ContainerState : IReadable
{
    /// <summary>It waits.</summary>
    public ContainerWaiting? Waiting { get; set; }
    /// <summary>It runs.</summary>
    public ContainerRunning? Running { get; set; }
    /// <summary>It ended.</summary>
    public ContainerTerminated? Terminated { get; set; }

    void IReadable.Take(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("waiting"u8)) Waiting = json.Item<ContainerWaiting>();
        else if (json.ValueTextEquals("running"u8)) Running = json.Item<ContainerRunning>();
        else if (json.ValueTextEquals("terminated"u8)) Terminated = json.Item<ContainerTerminated>();
        else json.TrySkip();
    }
}

/// <summary>A container that waits.</summary>
public sealed record ContainerWaiting : IReadable
{
    /// <summary>ContainerCreating, ErrImagePull, CrashLoopBackOff ...</summary>
    public string Reason { get; set => field = value ?? ""; } = "";
    /// <summary>The same in a sentence.</summary>
    public string Message { get; set => field = value ?? ""; } = "";

    void IReadable.Take(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("reason"u8)) Reason = json.Text();
        else if (json.ValueTextEquals("message"u8)) Message = json.Text();
        else json.TrySkip();
    }
}

/// <summary>A container that runs.</summary>
public sealed record ContainerRunning : IReadable
{
    /// <summary>Since when.</summary>
    public DateTimeOffset? StartedAt { get; set; }

    void IReadable.Take(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("startedAt"u8)) StartedAt = json.Time();
        else json.TrySkip();
    }
}

/// <summary>A container that ended.</summary>
public sealed record ContainerTerminated : IReadable
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

    void IReadable.Take(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("exitCode"u8)) ExitCode = json.Int() ?? 0;
        else if (json.ValueTextEquals("signal"u8)) Signal = json.Int() ?? 0;
        else if (json.ValueTextEquals("reason"u8)) Reason = json.Text();
        else if (json.ValueTextEquals("message"u8)) Message = json.Text();
        else if (json.ValueTextEquals("finishedAt"u8)) FinishedAt = json.Time();
        else json.TrySkip();
    }
}
