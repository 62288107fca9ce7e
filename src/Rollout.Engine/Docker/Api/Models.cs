using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Rollout.Engine.Docker.Api;

// The deserialiser gives null to every property the engine left out or sent as null; each takes that for its own empty value.

/// <summary>One row of GET /containers/json.</summary>
public sealed record ContainerSummary
{
    /// <summary>The container's id.</summary>
    public string Id { get; init => field = value ?? ""; } = "";
    /// <summary>Its names, each with a leading slash.</summary>
    public IReadOnlyList<string> Names { get; init => field = value ?? []; } = [];
    /// <summary>The image as named at creation.</summary>
    public string Image { get; init => field = value ?? ""; } = "";
    /// <summary>The image's id.</summary>
    [JsonPropertyName("ImageID")]
    public string ImageId { get; init => field = value ?? ""; } = "";
    /// <summary>created, running, paused, restarting, removing, exited, dead.</summary>
    public string State { get; init => field = value ?? ""; } = "";
    /// <summary>The state in words: <c>Up 3 minutes (healthy)</c>.</summary>
    public string Status { get; init => field = value ?? ""; } = "";
    /// <summary>Seconds since 1970.</summary>
    public long Created { get; init; }
    /// <summary>The labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init => field = value ?? new Dictionary<string, string>(); } = new Dictionary<string, string>();
}

/// <summary>
/// GET /containers/x/json. Config, HostConfig and the networks stay JSON, so that a field this version does not know is carried
/// over to a new container unchanged.
/// </summary>
public sealed record ContainerInspect
{
    /// <summary>The container's id.</summary>
    public string Id { get; init => field = value ?? ""; } = "";
    /// <summary>Its name, with a leading slash.</summary>
    public string Name { get; init => field = value ?? ""; } = "";
    /// <summary>The image's id.</summary>
    public string Image { get; init => field = value ?? ""; } = "";
    /// <summary>When it was created.</summary>
    public DateTimeOffset Created { get; init; }
    /// <summary>How often the engine restarted it.</summary>
    public int RestartCount { get; init; }
    /// <summary>Its state.</summary>
    public ContainerState State { get; init => field = value ?? new(); } = new();
    /// <summary>Config as the API gives it.</summary>
    public JsonObject Config { get; init => field = value ?? []; } = [];
    /// <summary>HostConfig as the API gives it.</summary>
    public JsonObject HostConfig { get; init => field = value ?? []; } = [];
    /// <summary>NetworkSettings as the API gives it.</summary>
    public JsonObject NetworkSettings { get; init => field = value ?? []; } = [];
    /// <summary>What is mounted, the engine's own volumes included.</summary>
    public IReadOnlyList<MountPoint> Mounts { get; init => field = value ?? []; } = [];

    /// <summary>How often it was restarted since then, by the engine's clock. The engine counts on: what ran before that and was not touched has none since.</summary>
    internal int RestartsSince(DateTimeOffset? begun) => State.StartedAt < begun ? 0 : RestartCount;
}

/// <summary>A mount within <see cref="ContainerInspect"/>.</summary>
public sealed record MountPoint
{
    /// <summary>bind, volume, tmpfs.</summary>
    public string Type { get; init => field = value ?? ""; } = "";
    /// <summary>The volume's name; of one that nobody named, 64 hex digits of the engine's.</summary>
    public string Name { get; init => field = value ?? ""; } = "";
    /// <summary>Where it is mounted.</summary>
    public string Destination { get; init => field = value ?? ""; } = "";
}

/// <summary>State within <see cref="ContainerInspect"/>.</summary>
public sealed record ContainerState
{
    /// <summary>created, running, paused, restarting, removing, exited, dead.</summary>
    public string Status { get; init => field = value ?? ""; } = "";
    /// <summary>True while its main process runs.</summary>
    public bool Running { get; init; }
    /// <summary>True where the kernel killed it for its memory.</summary>
    [JsonPropertyName("OOMKilled")]
    public bool OomKilled { get; init; }
    /// <summary>The main process's exit code.</summary>
    public int ExitCode { get; init; }
    /// <summary>The engine's message where it could not start.</summary>
    public string Error { get; init => field = ForeignText.Neutralise(value ?? ""); } = "";
    /// <summary>When it was last started.</summary>
    public DateTimeOffset? StartedAt { get; init; }
    /// <summary>HEALTHCHECK's state; null where the container has none.</summary>
    public ContainerHealth? Health { get; init; }
}

/// <summary>State.Health.</summary>
public sealed record ContainerHealth
{
    /// <summary>starting, healthy, unhealthy.</summary>
    public string Status { get; init => field = value ?? ""; } = "";
    /// <summary>Failures in a row.</summary>
    public int FailingStreak { get; init; }
    /// <summary>The last results, oldest first.</summary>
    public IReadOnlyList<HealthLog> Log { get; init => field = value ?? []; } = [];
}

/// <summary>One HEALTHCHECK result.</summary>
public sealed record HealthLog
{
    /// <summary>0 is healthy.</summary>
    public int ExitCode { get; init; }
    /// <summary>What the check printed.</summary>
    public string Output { get; init => field = ForeignText.Neutralise(value ?? ""); } = "";
}

/// <summary>GET /containers/x/stats: what a container has used by now, and by the second before.</summary>
public sealed record ContainerStats
{
    /// <summary>Processor time by now.</summary>
    [JsonPropertyName("cpu_stats")]
    public CpuStats Cpu { get; init => field = value ?? new(); } = new();
    /// <summary>Processor time before.</summary>
    [JsonPropertyName("precpu_stats")]
    public CpuStats PreviousCpu { get; init => field = value ?? new(); } = new();
    /// <summary>Memory.</summary>
    [JsonPropertyName("memory_stats")]
    public MemoryStats Memory { get; init => field = value ?? new(); } = new();
}

/// <summary>cpu_stats.</summary>
public sealed record CpuStats
{
    /// <summary>The container's own.</summary>
    [JsonPropertyName("cpu_usage")]
    public CpuUsage Usage { get; init => field = value ?? new(); } = new();
    /// <summary>The whole machine's, over all processors, in nanoseconds.</summary>
    [JsonPropertyName("system_cpu_usage")]
    public long System { get; init; }
    /// <summary>How many processors it has.</summary>
    [JsonPropertyName("online_cpus")]
    public int Processors { get; init; }
}

/// <summary>cpu_usage.</summary>
public sealed record CpuUsage
{
    /// <summary>In nanoseconds.</summary>
    [JsonPropertyName("total_usage")]
    public long Total { get; init; }
}

/// <summary>memory_stats.</summary>
public sealed record MemoryStats
{
    /// <summary>Bytes, the page cache included.</summary>
    public long Usage { get; init; }
    /// <summary>What the kernel tells besides: <c>inactive_file</c>, or <c>total_inactive_file</c> with the first version of cgroups.</summary>
    public IReadOnlyDictionary<string, double> Stats { get; init => field = value ?? new Dictionary<string, double>(); } = new Dictionary<string, double>();
}

/// <summary>The body of POST /containers/create: Config's fields on the top level, HostConfig and NetworkingConfig within.</summary>
/// <param name="Config">Image, Env, Labels, Cmd and the like.</param>
/// <param name="HostConfig">Binds, PortBindings, RestartPolicy and the like.</param>
/// <param name="NetworkingConfig">EndpointsConfig by network; null for the default network.</param>
/// <param name="Platform">linux/amd64 and the like; null for the engine's own.</param>
public sealed record CreateContainerBody(JsonObject Config, JsonObject HostConfig, JsonObject? NetworkingConfig = null, string? Platform = null);

/// <summary>GET /images/x/json.</summary>
public sealed record ImageInspect
{
    /// <summary>The image's id.</summary>
    public string Id { get; init => field = value ?? ""; } = "";
    /// <summary>name:tag of each name.</summary>
    public IReadOnlyList<string> RepoTags { get; init => field = value ?? []; } = [];
    /// <summary>name@digest of each registry it was pushed to or pulled from.</summary>
    public IReadOnlyList<string> RepoDigests { get; init => field = value ?? []; } = [];
    /// <summary>When it was made; null where the image does not say.</summary>
    public DateTimeOffset? Created { get; init; }
    /// <summary>Bytes, unpacked.</summary>
    public long Size { get; init; }
    /// <summary>linux, windows.</summary>
    public string Os { get; init => field = value ?? ""; } = "";
    /// <summary>amd64, arm64 and the like.</summary>
    public string Architecture { get; init => field = value ?? ""; } = "";
    /// <summary>v7, v8 and the like; empty where there is none.</summary>
    public string Variant { get; init => field = value ?? ""; } = "";
    /// <summary>The image's defaults (Env, Cmd, Labels, ExposedPorts, Healthcheck ...) as the API gives them.</summary>
    public JsonObject? Config { get; init; }
    /// <summary>The root file system's layers.</summary>
    [JsonPropertyName("RootFS")]
    public RootFs RootFs { get; init => field = value ?? new(); } = new();
}

/// <summary>One row of GET /images/json.</summary>
internal sealed record ImageSummary
{
    /// <summary>name:tag of each name.</summary>
    public IReadOnlyList<string> RepoTags { get; init => field = value ?? []; } = [];
    /// <summary>name@digest of each registry it came from or went to.</summary>
    public IReadOnlyList<string> RepoDigests { get; init => field = value ?? []; } = [];
}

/// <summary>RootFS of an image.</summary>
public sealed record RootFs
{
    /// <summary>Diff ids, base first.</summary>
    public IReadOnlyList<string> Layers { get; init => field = value ?? []; } = [];
}

/// <summary>One message of a build, push or pull stream.</summary>
public sealed record StreamMessage
{
    /// <summary>What went wrong, in the older form.</summary>
    [JsonInclude]
    internal string? Error { get; init; }
    /// <summary>What went wrong.</summary>
    [JsonInclude]
    internal ErrorDetail? ErrorDetail { get; init; }
    /// <summary>Build output of the classic builder, as it came: a line may be split over messages, so neutralise it when it is whole.</summary>
    public string? Stream { get; init; }
    /// <summary>What happens to <see cref="Id"/>: Pushing, Layer already exists, Pushed ...</summary>
    public string? Status { get; init => field = value is null ? null : ForeignText.Neutralise(value); }
    /// <summary>The layer, or moby.image.id, moby.buildkit.trace.</summary>
    public string? Id { get; init; }
    /// <summary>Bytes done and to do.</summary>
    public ProgressDetail? ProgressDetail { get; init; }
    /// <summary>What goes with <see cref="Id"/>: an object with ID or Tag and Digest, or a base64 record.</summary>
    public JsonNode? Aux { get; init; }
}

/// <summary>What went wrong in a stream.</summary>
/// <param name="Code">The exit code of a build step, or 0.</param>
/// <param name="Message">The engine's words.</param>
internal sealed record ErrorDetail(int Code = 0, string? Message = null);

/// <summary>Bytes done and to do.</summary>
/// <param name="Current">Done.</param>
/// <param name="Total">To do; 0 where that is not known.</param>
public sealed record ProgressDetail(long Current = 0, long Total = 0);

/// <summary>What a push ended with.</summary>
/// <param name="Tag">The tag pushed.</param>
/// <param name="Digest">The manifest's digest.</param>
/// <param name="Size">The manifest's size in bytes.</param>
public sealed record PushResult(string Tag, string Digest, long Size);

/// <summary>Credentials as the engine takes them (X-Registry-Auth). ToString() never shows a secret.</summary>
public sealed record RegistryAuth
{
    /// <summary>The user's name.</summary>
    public string? Username { get; init; }
    /// <summary>The password or access token.</summary>
    public string? Password { get; init; }
    /// <summary>A refresh token in place of name and password.</summary>
    public string? IdentityToken { get; init; }
    /// <summary>A bearer token sent as it is.</summary>
    public string? RegistryToken { get; init; }
    /// <summary>The registry it is for.</summary>
    public string ServerAddress { get; init => field = value ?? ""; } = "";

    /// <inheritdoc/>
    public override string ToString() => $"credentials for {ServerAddress}";
}

/// <summary>GET /info.</summary>
public sealed record SystemInfo
{
    /// <summary>How the engine speaks to registries.</summary>
    public RegistryConfig RegistryConfig { get; init => field = value ?? new(); } = new();
}

/// <summary>RegistryConfig within <see cref="SystemInfo"/>.</summary>
public sealed record RegistryConfig
{
    /// <summary>Networks (<c>127.0.0.0/8</c>) in which registries need no trusted certificate, nor TLS.</summary>
    [JsonPropertyName("InsecureRegistryCIDRs")]
    public IReadOnlyList<string> InsecureRegistryCidrs { get; init => field = value ?? []; } = [];
    /// <summary>Registries with settings of their own, by name.</summary>
    public IReadOnlyDictionary<string, RegistryIndexConfig> IndexConfigs { get; init => field = value ?? new Dictionary<string, RegistryIndexConfig>(); } = new Dictionary<string, RegistryIndexConfig>();
}

/// <summary>One registry's settings.</summary>
/// <param name="Secure">False where it needs no trusted certificate, nor TLS.</param>
public sealed record RegistryIndexConfig(bool Secure = true);

/// <summary>GET /version.</summary>
public sealed record SystemVersion
{
    /// <summary>The engine's version.</summary>
    public string Version { get; init => field = value ?? ""; } = "";
    /// <summary>The newest API version it speaks.</summary>
    public string ApiVersion { get; init => field = value ?? ""; } = "";
    /// <summary>The oldest API version it speaks.</summary>
    [JsonPropertyName("MinAPIVersion")]
    public string MinApiVersion { get; init => field = value ?? ""; } = "";
    /// <summary>linux, windows.</summary>
    public string Os { get; init => field = value ?? ""; } = "";
    /// <summary>amd64, arm64 and the like.</summary>
    public string Arch { get; init => field = value ?? ""; } = "";
}

/// <summary>One engine event.</summary>
public sealed record EngineEvent
{
    /// <summary>container, image, network ...</summary>
    public string Type { get; init => field = value ?? ""; } = "";
    /// <summary>start, die, health_status: healthy ...</summary>
    public string Action { get; init => field = value ?? ""; } = "";
    /// <summary>Whom it happened to.</summary>
    public EventActor Actor { get; init => field = value ?? new(); } = new();
}

/// <summary>Whom an event happened to.</summary>
public sealed record EventActor
{
    /// <summary>The id.</summary>
    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? ""; } = "";
    /// <summary>Labels, name and image.</summary>
    public IReadOnlyDictionary<string, string> Attributes { get; init => field = value ?? new Dictionary<string, string>(); } = new Dictionary<string, string>();
}
