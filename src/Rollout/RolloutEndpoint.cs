namespace Rollout;

/// <summary>
/// Where an object lives, so that later cmdlets act on the same place: a Docker engine's address, or a kubeconfig's path, context and server.
/// </summary>
public sealed record RolloutEndpoint
{
    /// <summary>A Docker engine: <c>unix:///var/run/docker.sock</c>, <c>tcp://host:2376</c>; null for a cluster.</summary>
    public string? DockerHost { get; init; }

    /// <summary>The kubeconfig file; null for an engine or an in-cluster account.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>The Docker or Kubernetes context by which the endpoint was chosen, where one was.</summary>
    public string? Context { get; init; }

    /// <summary>The cluster's server address; null for an engine.</summary>
    public string? Server { get; init; }

    /// <inheritdoc/>
    public override string ToString() => DockerHost ?? Server ?? "";
}
