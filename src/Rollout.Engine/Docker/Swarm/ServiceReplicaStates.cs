using Rollout.Engine.Health;

namespace Rollout.Engine.Docker.Swarm;

/// <summary>The tasks of a service's present release, for the checks that look at them. The swarm counts a task as running only once its HEALTHCHECK has passed.</summary>
internal sealed class ServiceReplicaStates(DockerTargetServices services) : IReplicaStates
{
    public async Task<IReadOnlyList<ReplicaState>> ReadAsync(RolloutStatus rollout, CancellationToken cancellation)
    {
        if (await new ServiceReader(services.Engine).ReadAsync(rollout.Name, cancellation) is not { } seen || seen.Number != rollout.Revision) return [];
        return
        [
            .. seen.Present.Select(task => new ReplicaState
            {
                Name = TaskTrouble.NameOf(seen, task),
                Running = task.Status.State == "running",
                Status = task.Status.State,
                ExitCode = task.Status.State is "failed" or "complete" ? task.Status.ContainerStatus?.ExitCode : null,
            }),
        ];
    }
}
