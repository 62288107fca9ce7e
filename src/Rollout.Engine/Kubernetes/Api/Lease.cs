namespace Rollout.Engine.Kubernetes.Api;

/// <summary>A Lease (coordination.k8s.io/v1).</summary>
public sealed record Lease : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; set => field = value ?? new(); } = new();
    /// <summary>Who holds it.</summary>
    public LeaseSpec Spec { get; set => field = value ?? new(); } = new();
}

/// <summary>spec of a Lease.</summary>
public sealed record LeaseSpec
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
}
