namespace Rollout;

/// <summary>
/// Where an object lives, so that later cmdlets act on the same place: a Docker engine's address, or a kubeconfig's path, context and server.
/// </summary>
public sealed record RolloutEndpoint
{
    /// <summary>A Docker engine: <c>unix:///var/run/docker.sock</c>, <c>tcp://host:2376</c>; null for a cluster.</summary>
    public string? DockerHost { get; init => field = Set(value); }

    /// <summary>The kubeconfig file; null for an engine or an in-cluster account.</summary>
    public string? Kubeconfig { get; init => field = Set(value); }

    /// <summary>The Docker or Kubernetes context by which the endpoint was chosen, where one was.</summary>
    public string? Context { get; init => field = Set(value); }

    /// <summary>The cluster's server address; null for an engine.</summary>
    public string? Server { get; init => field = Set(value); }

    /// <inheritdoc/>
    public override string ToString() => DockerHost ?? Server ?? "";

    // Of an object that came through a file PowerShell makes a new one, and an empty text of what was null.
    private static string? Set(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
