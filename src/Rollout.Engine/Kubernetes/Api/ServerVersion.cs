namespace Rollout.Engine.Kubernetes.Api;

/// <summary>GET /version.</summary>
public sealed record ServerVersion
{
    /// <summary>1.</summary>
    public string Major { get; set => field = value ?? ""; } = "";
    /// <summary>32, or 32+ at some providers.</summary>
    public string Minor { get; set => field = value ?? ""; } = "";
    /// <summary>v1.32.1 and what a provider adds.</summary>
    public string GitVersion { get; set => field = value ?? ""; } = "";
}
