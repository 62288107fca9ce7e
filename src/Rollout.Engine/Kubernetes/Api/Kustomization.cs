namespace Rollout.Engine.Kubernetes.Api;

/// <summary>A Kustomization of Flux (kustomize.toolkit.fluxcd.io/v1).</summary>
public sealed record Kustomization : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; set => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public KustomizationSpec Spec { get; set => field = value ?? new(); } = new();
}

/// <summary>spec of a Kustomization.</summary>
public sealed record KustomizationSpec
{
    /// <summary>The path in the source.</summary>
    public string Path { get; set => field = value ?? ""; } = "";
    /// <summary>The source: a GitRepository mostly.</summary>
    public ObjectReference SourceRef { get; set => field = value ?? new(); } = new();
}
