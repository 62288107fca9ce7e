using System.Text.Json.Serialization;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>An Application of Argo CD (argoproj.io/v1alpha1).</summary>
public sealed record Application : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; set => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public ApplicationSpec Spec { get; set => field = value ?? new(); } = new();
}

/// <summary>spec of an Application.</summary>
public sealed record ApplicationSpec
{
    /// <summary>Where it comes from.</summary>
    public ApplicationSource Source { get; set => field = value ?? new(); } = new();
    /// <summary>The same, where there are several.</summary>
    public IReadOnlyList<ApplicationSource> Sources { get; set => field = value ?? []; } = [];
}

/// <summary>A source of an Application.</summary>
public sealed record ApplicationSource
{
    /// <summary>The Git repository.</summary>
    [JsonPropertyName("repoURL")]
    public string RepoUrl { get; set => field = value ?? ""; } = "";
    /// <summary>The path in it; empty for a chart.</summary>
    public string Path { get; set => field = value ?? ""; } = "";
}
