namespace Rollout.Engine.Kubernetes.Api;

/// <summary>An Event (v1).</summary>
public sealed record Event : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; set => field = value ?? new(); } = new();
    /// <summary>Normal or Warning.</summary>
    public string Type { get; set => field = value ?? ""; } = "";
    /// <summary>One word for what happened.</summary>
    public string Reason { get; set => field = value ?? ""; } = "";
    /// <summary>The same in a sentence.</summary>
    public string Message { get; set => field = value ?? ""; } = "";
    /// <summary>How often.</summary>
    public int Count { get; set; }
    /// <summary>When last; null where the reporter uses <see cref="EventTime"/>.</summary>
    public DateTimeOffset? LastTimestamp { get; set; }
    /// <summary>When, for reporters of the newer kind.</summary>
    public DateTimeOffset? EventTime { get; set; }
}
