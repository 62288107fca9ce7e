using Rollout.Engine.Docker.Swarm;
using Rollout.Engine.Health;

namespace Rollout.Engine.Docker;

/// <summary>The replicas of whatever an engine runs.</summary>
internal sealed class EngineReplicaStates(DockerTargetServices services) : IReplicaStates
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<ReplicaState>> ReadAsync(RolloutStatus rollout, CancellationToken cancellation)
    {
        IReplicaStates states = rollout.Platform == RolloutPlatform.Swarm ? new ServiceReplicaStates(services) : new DockerReplicaStates(services);
        return states.ReadAsync(rollout, cancellation);
    }
}
