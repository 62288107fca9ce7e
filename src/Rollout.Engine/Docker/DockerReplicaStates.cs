using System.Runtime.ExceptionServices;
using Rollout.Engine.Health;
using Rollout.Engine.Traffic;

namespace Rollout.Engine.Docker;

/// <summary>The containers of a rollout's present revision, for the checks that look at them.</summary>
internal sealed class DockerReplicaStates(DockerTargetServices services) : IReplicaStates
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReplicaState>> ReadAsync(RolloutStatus rollout, CancellationToken cancellation)
    {
        var snapshot = await services.Reader.ReadAsync(rollout.Name, cancellation);
        var present = snapshot.Live.Where(replica => replica.Release == rollout.Revision);
        var states = await Task.WhenAll(present.Select(replica => LookAsync(replica, rollout.StartedAt, cancellation)));
        return [.. states.OfType<ReplicaState>()];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ServerCounters>?> TrafficAsync(RolloutStatus rollout, CancellationToken cancellation)
    {
        var snapshot = await services.Reader.ReadAsync(rollout.Name, cancellation);
        if (snapshot.RouterProblem is { } problem) ExceptionDispatchInfo.Throw(problem);
        if (snapshot.State?.Router is not { } choice) return null;

        var present = snapshot.Live.Where(replica => replica.Release == rollout.Revision).Select(snapshot.ServerOf).OfType<RouterServer>().Select(server => server.Name).ToHashSet();
        await using var router = services.OpenRouter(choice, SilentReporter.Instance);
        return [.. (await router.CountersAsync(cancellation)).Where(server => present.Contains(server.Server))];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReplicaUsage>?> UsageAsync(RolloutStatus rollout, CancellationToken cancellation)
    {
        var snapshot = await services.Reader.ReadAsync(rollout.Name, cancellation);
        var usage = await Task.WhenAll(snapshot.Live.Where(replica => replica.Release == rollout.Revision && replica.IsUp).Select(replica => UsageOfAsync(replica, cancellation)));
        return [.. usage.OfType<ReplicaUsage>()];
    }

    private async Task<ReplicaUsage?> UsageOfAsync(Replica replica, CancellationToken cancellation)
    {
        var (inspecting, reading) = (services.Engine.Containers.InspectAsync(replica.Id, cancellation), services.Engine.Containers.StatsAsync(replica.Id, cancellation));
        await Task.WhenAll(inspecting, reading);
        return await inspecting is { } container && await reading is { } stats ? ContainerUsage.Of(replica.Name, container.HostConfig, stats) : null;
    }

    /// <param name="replica">The container.</param>
    /// <param name="since">When the rollout began: an undo may go back to a container that was restarted long before, and the engine counts on.</param>
    /// <param name="cancellation">Ends the wait.</param>
    private async Task<ReplicaState?> LookAsync(Replica replica, DateTimeOffset? since, CancellationToken cancellation)
    {
        if (await services.Engine.Containers.InspectAsync(replica.Id, cancellation) is not { } container) return null;
        var health = container.State.Health;
        var said = health is { Status: "unhealthy", Log.Count: > 0 } ? health.Log[^1].Output : null;
        return new ReplicaState
        {
            Name = replica.Name,
            Running = container.State.Running && container.State.Status == "running",
            Status = container.State.Status,
            Health = health?.Status is null or "none" ? null : health.Status,
            HealthOutput = said is null ? null : (await EnvironmentSecrets.OfAsync(services.Engine, container, cancellation)).Hide(said),
            Restarts = container.RestartsSince(since + services.Engine.ClockAhead),
            OutOfMemory = container.State.OomKilled,
            ExitCode = container.State.Running ? null : container.State.ExitCode,
        };
    }
}
