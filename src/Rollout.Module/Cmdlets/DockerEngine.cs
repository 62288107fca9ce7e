using Rollout.Engine.Docker;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Registries;
using Rollout.Engine.Rollouts;

namespace Rollout.Module.Cmdlets;

/// <summary>One Docker engine, for one piece of work: its API and the workloads on it.</summary>
internal sealed class DockerEngine(IDockerClient client, string directory) : IDisposable
{
    private Task _inUse = Task.CompletedTask;

    internal IDockerClient Client { get; } = client;

    internal IRegistryCredentials Credentials { get; } = new DockerConfig();

    internal DockerTargets Targets => new(Client, Credentials, directory);

    /// <summary>A workload, whether it is there already or not.</summary>
    internal IRolloutTarget Target(string name) => Targets.Find(TargetName.Parse(name));

    /// <summary>Has the connection outlive this piece of work, for what goes on without it.</summary>
    internal void KeepUntil(Task ended) => _inUse = ended;

    /// <inheritdoc/>
    public void Dispose() => _inUse.ContinueWith(_ => Client.Dispose(), TaskScheduler.Default);
}
