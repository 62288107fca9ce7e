using Rollout.Engine.Health;

namespace Rollout.Engine.Docker;

/// <summary>The containers of a rollout's present revision, for the checks that look at them.</summary>
internal sealed class DockerReplicaStates(DockerTargetServices services) : IReplicaStates
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReplicaState>> ReadAsync(RolloutStatus rollout, CancellationToken cancellation)
    {
        var snapshot = await services.Reader.ReadAsync(rollout.Name, cancellation);
        var present = snapshot.Live.Where(replica => replica.Release == rollout.Revision);
        var states = await Task.WhenAll(present.Select(replica => LookAsync(replica, cancellation)));
        return [.. states.OfType<ReplicaState>()];
    }

    private async Task<ReplicaState?> LookAsync(Replica replica, CancellationToken cancellation)
    {
        if (await services.Engine.Containers.InspectAsync(replica.Id, cancellation) is not { } container) return null;
        var health = container.State.Health;
        return new ReplicaState
        {
            Name = replica.Name,
            Running = container.State.Running && container.State.Status == "running",
            Status = container.State.Status,
            Health = health?.Status is null or "none" ? null : health.Status,
            HealthOutput = health is { Log.Count: > 0 } ? ForeignText.Neutralise(health.Log[^1].Output) : null,
            Restarts = container.RestartCount,
            OutOfMemory = container.State.OomKilled,
            ExitCode = container.State.Running ? null : container.State.ExitCode,
        };
    }
}
