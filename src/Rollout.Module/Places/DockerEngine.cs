using Rollout.Engine.Docker.Api;
using Rollout.Engine.Registries;

namespace Rollout.Module.Places;

/// <summary>One Docker engine and the credentials for its registries, for one piece of work on images.</summary>
internal sealed class DockerEngine(IDockerClient client) : IDisposable
{
    internal IDockerClient Client { get; } = client;

    internal IRegistryCredentials Credentials { get; } = new DockerConfig();

    /// <inheritdoc/>
    public void Dispose() => Client.Dispose();
}
