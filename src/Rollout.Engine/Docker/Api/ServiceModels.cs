using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Rollout.Engine.Docker.Api;

/// <summary>GET /services/x. The specs stay JSON, so that a field this version does not know survives an update.</summary>
public sealed record ServiceInspect
{
    /// <summary>The service's id.</summary>
    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? ""; } = "";
    /// <summary>Its version; an update names the one it was made from.</summary>
    public ObjectVersion Version { get; init => field = value ?? new(); } = new();
    /// <summary>When it was created.</summary>
    public DateTimeOffset CreatedAt { get; init; }
    /// <summary>When it was changed last.</summary>
    public DateTimeOffset UpdatedAt { get; init; }
    /// <summary>What is wanted.</summary>
    public JsonObject Spec { get; init => field = value ?? []; } = [];
    /// <summary>What was wanted before the last update; null where nothing was, and after a rollback that a failure led to.</summary>
    public JsonObject? PreviousSpec { get; init; }
    /// <summary>How far the last update has come; null where it had no task to replace.</summary>
    public ServiceUpdateStatus? UpdateStatus { get; init; }
}

/// <summary>The version of an object in the swarm's store.</summary>
/// <param name="Index">Its number.</param>
public sealed record ObjectVersion(ulong Index = 0);

/// <summary>UpdateStatus of a service.</summary>
public sealed record ServiceUpdateStatus
{
    /// <summary>updating, paused, completed, rollback_started, rollback_paused, rollback_completed.</summary>
    public string State { get; init => field = value ?? ""; } = "";
    /// <summary>When it began.</summary>
    public DateTimeOffset? StartedAt { get; init; }
    /// <summary>When it ended.</summary>
    public DateTimeOffset? CompletedAt { get; init; }
    /// <summary>The engine's words.</summary>
    public string Message { get; init => field = ForeignText.Neutralise(value ?? ""); } = "";
}

/// <summary>One row of GET /tasks.</summary>
public sealed record ServiceTask
{
    /// <summary>The task's id.</summary>
    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? ""; } = "";
    /// <summary>The service it is of.</summary>
    [JsonPropertyName("ServiceID")]
    public string ServiceId { get; init => field = value ?? ""; } = "";
    /// <summary>Its number within a replicated service; 0 in a global one.</summary>
    public int Slot { get; init; }
    /// <summary>The node that runs it; empty before one was found.</summary>
    [JsonPropertyName("NodeID")]
    public string NodeId { get; init => field = value ?? ""; } = "";
    /// <summary>When it was created.</summary>
    public DateTimeOffset CreatedAt { get; init; }
    /// <summary>What it was made from: the service's TaskTemplate of then.</summary>
    public JsonObject Spec { get; init => field = value ?? []; } = [];
    /// <summary>How it is.</summary>
    public ServiceTaskStatus Status { get; init => field = value ?? new(); } = new();
    /// <summary>running, shutdown, ready, remove.</summary>
    public string DesiredState { get; init => field = value ?? ""; } = "";
}

/// <summary>Status of a task.</summary>
public sealed record ServiceTaskStatus
{
    /// <summary>new, pending, assigned, preparing, starting, running, complete, shutdown, failed, rejected and others.</summary>
    public string State { get; init => field = value ?? ""; } = "";
    /// <summary>What went wrong; empty where nothing did.</summary>
    public string Err { get; init => field = ForeignText.Neutralise(value ?? ""); } = "";
    /// <summary>The container; null before there was one.</summary>
    public TaskContainerStatus? ContainerStatus { get; init; }
}

/// <summary>ContainerStatus of a task.</summary>
/// <param name="ExitCode">The exit code of its main process.</param>
/// <param name="ContainerId">The container's id.</param>
public sealed record TaskContainerStatus(int ExitCode = 0, [property: JsonPropertyName("ContainerID")] string? ContainerId = null);
