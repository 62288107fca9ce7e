namespace Rollout.Engine.Kubernetes.Api;

/// <summary>An EndpointSlice (discovery.k8s.io/v1): where a Service's traffic goes.</summary>
public sealed record EndpointSlice : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; set => field = value ?? new(); } = new();
    /// <summary>The Pods.</summary>
    public IReadOnlyList<SliceEndpoint> Endpoints { get; set => field = value ?? []; } = [];
}

/// <summary>One of an EndpointSlice's endpoints.</summary>
public sealed record SliceEndpoint
{
    /// <summary>Whether it gets traffic.</summary>
    public SliceConditions Conditions { get; set => field = value ?? new(); } = new();
    /// <summary>The Pod.</summary>
    public ObjectReference TargetRef { get; set => field = value ?? new(); } = new();
}

/// <summary>conditions of an endpoint.</summary>
public sealed record SliceConditions
{
    /// <summary>Whether it gets traffic; null counts as yes.</summary>
    public bool? Ready { get; set; }
}
