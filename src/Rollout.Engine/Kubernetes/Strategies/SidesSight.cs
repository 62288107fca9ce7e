using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Kubernetes.Strategies;

/// <summary>How many Pods of one side are wanted, and how many of them are available.</summary>
internal readonly record struct SideSight(int Wanted, int Available);

/// <summary>One look at a workload in its steps.</summary>
/// <param name="Workload">Itself; null where it is gone.</param>
/// <param name="New">The side of the new version.</param>
/// <param name="Old">The side of the old version.</param>
/// <param name="NewPods">The Pods of the new version.</param>
internal sealed record SidesSight(Workload? Workload, SideSight New, SideSight Old, IReadOnlyList<Pod> NewPods)
{
    /// <summary>The Deployment beside it; null where there is none.</summary>
    public Workload? Second { get; init; }

    /// <summary>True where the new side is of another version of the workload than there is now.</summary>
    public bool IsSuperseded { get; init; }

    /// <summary>How many Pods are wanted now; null where that is as it was when it began.</summary>
    public int? Replicas { get; init; }

    /// <summary>The Pods of the old version, where they are replaced in place.</summary>
    public IReadOnlyList<Pod> OldPods { get; init; } = [];

    /// <summary>False while what is seen is from before the last write.</summary>
    public bool IsSettled { get; init; } = true;

    /// <summary>True while the baseline is not yet as large as the new side.</summary>
    public bool IsBaselineBehind { get; init; }

    /// <summary>What the driver looks at. Which Pod is which does not matter: those that are available come first, and a trouble is that of the next.</summary>
    /// <param name="state">How far it has come.</param>
    /// <param name="share">The new side's share as its router has it in force; null where there is no router.</param>
    /// <param name="isNewFailed">True where a new Pod is in a trouble that ends the rollout.</param>
    public Observation Observed(SteppedState state, TrafficShare? share, bool isNewFailed) => new(
        [.. Enumerable.Range(1, Math.Max(state.Replicas, New.Wanted)).Select(index => new ObservedReplica(index, Phase(index, New, isNewFailed), ReplicaTraffic.None, Routable: false))],
        [.. Enumerable.Range(1, Old.Wanted).Select(index => new ObservedReplica(index, Phase(index, Old, false), ReplicaTraffic.None, Routable: false))],
        Verified: true,
        new StepProgress(state.Passed, state.Since)) { Share = share };

    private static ReplicaPhase Phase(int index, SideSight side, bool isFailed) => index switch
    {
        _ when index > side.Wanted => ReplicaPhase.Absent,
        _ when index <= Math.Min(side.Available, side.Wanted - (isFailed ? 1 : 0)) => ReplicaPhase.Ready,
        _ when isFailed && index == Math.Min(side.Available, side.Wanted - 1) + 1 => ReplicaPhase.Failed,
        _ => ReplicaPhase.Starting,
    };
}
