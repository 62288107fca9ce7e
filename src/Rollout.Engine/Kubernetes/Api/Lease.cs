using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>A Lease (coordination.k8s.io/v1).</summary>
[JsonConverter(typeof(ModelReader<Lease>))]
public sealed record Lease : IKubernetesObject, IReadable
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; set => field = value ?? new(); } = new();
    /// <summary>Who holds it.</summary>
    public LeaseSpec Spec { get; set => field = value ?? new(); } = new();

    void IReadable.Take(ref Utf8JsonReader json) => json.Part(Metadata, Spec);
}

/// <summary>spec of a Lease.</summary>
public sealed record LeaseSpec : IReadable
{
    /// <summary>Who holds it; null where nobody does.</summary>
    public string? HolderIdentity { get; set; }
    /// <summary>Seconds from <see cref="RenewTime"/> after which it may be taken over.</summary>
    public int? LeaseDurationSeconds { get; set; }
    /// <summary>Since when the present holder has it.</summary>
    public DateTimeOffset? AcquireTime { get; set; }
    /// <summary>When it was last renewed.</summary>
    public DateTimeOffset? RenewTime { get; set; }
    /// <summary>How often it changed hands.</summary>
    public int? LeaseTransitions { get; set; }

    void IReadable.Take(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("holderIdentity"u8)) HolderIdentity = json.OptionalText();
        else if (json.ValueTextEquals("leaseDurationSeconds"u8)) LeaseDurationSeconds = json.Int();
        else if (json.ValueTextEquals("acquireTime"u8)) AcquireTime = json.Time();
        else if (json.ValueTextEquals("renewTime"u8)) RenewTime = json.Time();
        else if (json.ValueTextEquals("leaseTransitions"u8)) LeaseTransitions = json.Int();
        else json.TrySkip();
    }
}
