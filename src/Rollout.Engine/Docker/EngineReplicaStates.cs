using Rollout.Engine.Docker.Swarm;
using Rollout.Engine.Health;
using Rollout.Engine.Traffic;

namespace Rollout.Engine.Docker;

/// <summary>The replicas of whatever an engine runs.</summary>
internal sealed class EngineReplicaStates(DockerTargetServices services) : IReplicaStates
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<ReplicaState>> ReadAsync(RolloutStatus rollout, CancellationToken cancellation) => Of(rollout).ReadAsync(rollout, cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ServerCounters>?> TrafficAsync(RolloutStatus rollout, CancellationToken cancellation) => Of(rollout).TrafficAsync(rollout, cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ReplicaUsage>?> UsageAsync(RolloutStatus rollout, CancellationToken cancellation) => Of(rollout).UsageAsync(rollout, cancellation);

    private IReplicaStates Of(RolloutStatus rollout) => rollout.Platform == RolloutPlatform.Swarm ? new ServiceReplicaStates(services) : new DockerReplicaStates(services);
}
