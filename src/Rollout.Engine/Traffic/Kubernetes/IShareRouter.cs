using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Traffic.Kubernetes;

/// <summary>What shares a workload's traffic out between its old side and its new side in a cluster.</summary>
internal interface IShareRouter
{
    /// <summary>The new side's share, as it is in force; none where there is nothing any more that could share traffic out, and null while what is written is not in force yet.</summary>
    Task<TrafficShare?> ShareAsync(CancellationToken cancellation);

    /// <summary>Writes a share. What is written is in force when <see cref="ShareAsync"/> says so.</summary>
    Task SetAsync(TrafficShare share, CancellationToken cancellation);

    /// <summary>Leaves no trace: all traffic to the old side, as it was written before. What is gone has none to give back.</summary>
    Task RestoreAsync(CancellationToken cancellation);
}
