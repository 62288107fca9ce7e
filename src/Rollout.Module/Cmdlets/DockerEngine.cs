using Rollout.Engine.Docker;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Registries;
using Rollout.Engine.Rollouts;

namespace Rollout.Module.Cmdlets;

/// <summary>One Docker engine, for one piece of work: its API and the workloads on it.</summary>
internal sealed class DockerEngine(IDockerClient client, string directory) : IDisposable
{
    internal IDockerClient Client { get; } = client;

    internal IRegistryCredentials Credentials { get; } = new DockerConfig();

    internal DockerTargets Targets => new(Client, Credentials, directory);

    /// <summary>A workload, whether it is there already or not.</summary>
    internal IRolloutTarget Target(string name) => Targets.Find(TargetName.Parse(name));

    /// <inheritdoc/>
    public void Dispose() => Client.Dispose();
}
