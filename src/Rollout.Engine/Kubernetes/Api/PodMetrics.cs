namespace Rollout.Engine.Kubernetes.Api;

/// <summary>What metrics.k8s.io tells of a Pod.</summary>
public sealed record PodMetrics : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; set => field = value ?? new(); } = new();
    /// <summary>One for each container.</summary>
    public IReadOnlyList<ContainerMetrics> Containers { get; set => field = value ?? []; } = [];
}

/// <summary>A container within <see cref="PodMetrics"/>.</summary>
public sealed record ContainerMetrics
{
    /// <summary>The container's name.</summary>
    public string Name { get; set => field = value ?? ""; } = "";
    /// <summary>Quantities by resource: cpu, memory.</summary>
    public IReadOnlyDictionary<string, string> Usage { get; set => field = value ?? new Dictionary<string, string>(); } = new Dictionary<string, string>();
}
