using Rollout.Engine.Docker.Api;
using Rollout.Engine.Docker.Swarm;
using Rollout.Engine.Health;
using Rollout.Engine.Registries;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Traffic;

namespace Rollout.Engine.Docker;

/// <summary>The workloads of one Docker engine as rollout targets: its own containers, and the services of the swarm that it manages.</summary>
public sealed class DockerTargets : IRolloutTargets
{
    private readonly DockerTargetServices services;

    /// <summary>Opens the engine's workloads. Nothing is sent yet.</summary>
    /// <param name="engine">The engine; not disposed of.</param>
    /// <param name="credentials">Where credentials for pulls come from.</param>
    /// <param name="directory">What a router endpoint's relative path starts from: the shell's present directory.</param>
    public DockerTargets(IDockerClient engine, IRegistryCredentials credentials, string directory)
        : this(new DockerTargetServices
        {
            Engine = engine,
            Credentials = credentials,
            Directory = directory,
            OpenRouter = (choice, reporter) => TrafficRouters.Open(choice.Kind, choice.Endpoint, choice.Backend, directory, TimeProvider.System, reporter),
        })
    {
    }

    internal DockerTargets(DockerTargetServices services) => this.services = services;

    /// <summary>What registries say of the images; unless another is given, asked with the credentials for pulls.</summary>
    public IImageDigests Images
    {
        get => services.Digests;
        init => services = services with { Digests = value };
    }

    /// <inheritdoc/>
    public RolloutEndpoint Endpoint => services.Engine.Endpoint;

    /// <inheritdoc/>
    public IReplicaStates ReplicaStates => new EngineReplicaStates(services);

    /// <inheritdoc/>
    public IRolloutTarget Find(TargetName name, string? @namespace = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Home != TargetHome.DockerHost) throw RolloutErrors.InvalidTarget(name.ToString(), "it is not on a Docker engine");
        return string.IsNullOrEmpty(@namespace) ? Open(name) : throw RolloutErrors.NamespaceNotApplicable(name, @namespace);
    }

    private IRolloutTarget Open(TargetName name) => name.Kind switch
    {
        "docker" or "compose" => new DockerTarget(name, services),
        "service" => new ServiceTarget(name, services),
        _ => throw RolloutErrors.KindNotSupported(name),
    };

    /// <inheritdoc/>
    public Task ReachAsync(CancellationToken cancellation) => services.Engine.System.PingAsync(cancellation);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RolloutStatus>> ListAsync(TargetFilter filter, CancellationToken cancellation)
    {
        var (containers, swarm) = (services.Reader.ReadAllAsync(cancellation), new ServiceReader(services.Engine).ReadAllAsync(cancellation));
        await Task.WhenAll(containers, swarm);
        return
        [
            .. from snapshot in (await containers).OrderBy(snapshot => snapshot.Name, StringComparer.Ordinal)
               let status = WorkloadStatus.Of(NameOf(snapshot), services.Engine.Endpoint, snapshot)
               where status is not null
               select status,
            .. (await swarm).Select(service => ServiceStatus.Of(services.Engine.Endpoint, service)),
        ];
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<EnvironmentCheck> CheckAsync(string? @namespace, CancellationToken cancellation) => new EngineChecks(this, services.Engine).RunAsync(cancellation);

    private static TargetName NameOf(WorkloadSnapshot snapshot) =>
        new(snapshot.Name.Contains('/', StringComparison.Ordinal) ? "compose" : "docker", snapshot.Name);
}

/// <summary>What a target works with.</summary>
internal sealed record DockerTargetServices
{
    internal required IDockerClient Engine { get; init; }

    internal required IRegistryCredentials Credentials { get; init; }

    internal required string Directory { get; init; }

    internal required OpenRouter OpenRouter { get; init; }

    internal TimeProvider Time { get; init; } = TimeProvider.System;

    internal Random Random { get; init; } = Random.Shared;

    /// <summary>What registries say of images, asked once each.</summary>
    internal IImageDigests Digests
    {
        get => field ??= new ImageDigests(Credentials, Time);
        init;
    }

    internal WorkloadReader Reader => new(Engine, OpenRouter, Time);

    internal RunChecks RunChecks => (rollout, checks, since, reporter, cancellation) =>
        new HealthCheckRunner(new DockerReplicaStates(this), Time) { EndsAtFirstUnhealthy = true, Since = since }.RunAsync(rollout, checks, reporter, cancellation);
}

/// <summary>Opens the router in front of a workload; its warnings go to the reporter.</summary>
internal delegate ITrafficRouter OpenRouter(RouterChoice choice, IReporter reporter);
