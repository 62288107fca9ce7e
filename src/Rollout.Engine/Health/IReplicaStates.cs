using Rollout.Engine.Traffic;

namespace Rollout.Engine.Health;

/// <summary>Looks at a rollout's replicas; every platform has its own.</summary>
public interface IReplicaStates
{
    /// <summary>The replicas of the rollout's present revision; empty where none is there any more.</summary>
    Task<IReadOnlyList<ReplicaState>> ReadAsync(RolloutStatus rollout, CancellationToken cancellation);

    /// <summary>What the router in front has counted for these replicas; null where there is none that counts.</summary>
    Task<IReadOnlyList<ServerCounters>?> TrafficAsync(RolloutStatus rollout, CancellationToken cancellation) => Task.FromResult<IReadOnlyList<ServerCounters>?>(null);

    /// <summary>What these replicas use of their limits; those that have not been measured yet are left out. Null where nothing measures it.</summary>
    /// <exception cref="RolloutException">MetricsNotServed.</exception>
    Task<IReadOnlyList<ReplicaUsage>?> UsageAsync(RolloutStatus rollout, CancellationToken cancellation) => Task.FromResult<IReadOnlyList<ReplicaUsage>?>(null);
}

/// <summary>What one replica uses.</summary>
/// <param name="Name">The container's or Pod's name.</param>
/// <param name="Cpu">The share of its CPU limit; null where it has none.</param>
/// <param name="Memory">The share of its memory limit; null where it has none.</param>
public sealed record ReplicaUsage(string Name, double? Cpu, double? Memory)
{
    /// <summary>The share of a limit; null where it has none.</summary>
    public double? ShareOf(LimitedResource resource) => resource == LimitedResource.Cpu ? Cpu : Memory;
}

/// <summary>How one replica is.</summary>
public sealed record ReplicaState
{
    /// <summary>The container's or pod's name.</summary>
    public required string Name { get; init; }

    /// <summary>True while its main process runs.</summary>
    public required bool Running { get; init; }

    /// <summary>The platform's word for its state: <c>running</c>, <c>restarting</c>, <c>exited</c>.</summary>
    public required string Status { get; init; }

    /// <summary>What its own health check says: <c>healthy</c>, <c>unhealthy</c>, <c>starting</c>; null where it has none.</summary>
    public string? Health { get; init; }

    /// <summary>What its own health check printed last; null where there is nothing.</summary>
    public string? HealthOutput { get; init; }

    /// <summary>How often the platform restarted it since it was put into service.</summary>
    public int Restarts { get; init; }

    /// <summary>True where it was killed for its memory.</summary>
    public bool OutOfMemory { get; init; }

    /// <summary>The exit code of its main process, where that has ended.</summary>
    public int? ExitCode { get; init; }
}
