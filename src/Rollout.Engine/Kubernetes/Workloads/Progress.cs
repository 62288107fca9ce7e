using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>How far a workload is on the way to its spec.</summary>
internal enum ProgressKind
{
    /// <summary>The controller is at work, or has not looked yet.</summary>
    Waiting,
    /// <summary>Nothing more will happen until somebody acts: it is paused, or its Pods are to be deleted by hand.</summary>
    Held,
    /// <summary>What is wanted runs and is available.</summary>
    Done,
    /// <summary>The controller has given up, or the workload is being deleted.</summary>
    Failed,
}

/// <summary>
/// Where one workload stands, from its own status alone. By kubectl's rules (<c>rollout status</c>), save that a pause is seen, OnDelete is
/// waited for by hand instead of refused, and an object on its way out has failed.
/// </summary>
/// <param name="Kind">How far it is.</param>
/// <param name="Reason">One word for it.</param>
/// <param name="Message">The same in a sentence.</param>
internal sealed record Progress(ProgressKind Kind, string Reason, string Message)
{
    /// <summary>Pods wanted.</summary>
    public int Desired { get; init; }

    /// <summary>Pods of the wanted revision.</summary>
    public int Updated { get; init; }

    /// <summary>Ready Pods of any revision.</summary>
    public int Ready { get; init; }

    /// <summary>Available Pods of any revision.</summary>
    public int Available { get; init; }

    /// <summary>When what is held goes on by itself; null where somebody has to act.</summary>
    public DateTimeOffset? Until { get; init; }

    public static Progress Of(Deployment deployment)
    {
        var (spec, status) = (deployment.Spec, deployment.Status);
        // Absent means 1, and 0 is said.
        var desired = spec.Replicas ?? 1;
        return Judged(deployment.Metadata, status.ObservedGeneration, Judge) with { Desired = desired, Updated = status.UpdatedReplicas, Ready = status.ReadyReplicas, Available = status.AvailableReplicas };

        Progress Judge()
        {
            var progressing = status.Conditions.FirstOrDefault(condition => condition.Type == "Progressing");
            if (progressing?.Reason == "ProgressDeadlineExceeded") return new(ProgressKind.Failed, "ProgressDeadlineExceeded", $"There was no progress for {spec.ProgressDeadlineSeconds ?? 600} s: {status.UpdatedReplicas} of {desired} updated, {status.AvailableReplicas} available.");
            var isComplete = status.UpdatedReplicas >= desired && status.Replicas <= status.UpdatedReplicas && status.AvailableReplicas >= status.UpdatedReplicas;
            if (spec.Paused && !isComplete) return new(ProgressKind.Held, "Paused", "It is paused. Resume-Rollout lets it go on.");
            if (status.UpdatedReplicas < desired) return Waiting(FailedCreate(status) ?? "Updating", $"{status.UpdatedReplicas} of {desired} are updated.");
            if (status.Replicas > status.UpdatedReplicas) return Waiting("OldPodsTerminating", $"{status.Replicas - status.UpdatedReplicas} of the old are still there.");
            if (status.AvailableReplicas < status.UpdatedReplicas) return Waiting("NotAvailable", $"{status.AvailableReplicas} of {status.UpdatedReplicas} updated are available.");
            return Done;
        }
    }

    public static Progress Of(StatefulSet set)
    {
        var (spec, status) = (set.Spec, set.Status);
        var desired = spec.Replicas ?? 1;
        var partition = spec.UpdateStrategy.RollingUpdate.Partition;
        return Judged(set.Metadata, status.ObservedGeneration, Judge) with { Desired = desired, Updated = status.UpdatedReplicas, Ready = status.ReadyReplicas, Available = status.AvailableReplicas };

        Progress Judge()
        {
            if (spec.UpdateStrategy.Type == "OnDelete" && status.UpdatedReplicas < desired) return ByHand(status.UpdatedReplicas, desired);
            if (status.ReadyReplicas < desired) return Waiting("NotReady", $"{status.ReadyReplicas} of {desired} are ready.");
            if (status.AvailableReplicas < desired) return Waiting("NotAvailable", $"{status.AvailableReplicas} of {desired} are available.");
            if (spec.UpdateStrategy.Type == "OnDelete") return Done;
            // Taken back in the midst of an update, both are the old revision at once, while Pods of the new one are still there.
            if (status.UpdateRevision == status.CurrentRevision && status.UpdatedReplicas < desired) return Waiting("Updating", $"{status.UpdatedReplicas} of {desired} are updated.");
            if (partition > 0)
            {
                return status.UpdatedReplicas < desired - partition
                    ? Waiting("Updating", $"{status.UpdatedReplicas} of {desired - partition} above the partition are updated.")
                    : Done with { Reason = "Partitioned", Message = $"All above partition {partition} are updated; those below keep the old revision." };
            }

            return status.UpdateRevision != status.CurrentRevision ? Waiting("Updating", $"{status.UpdatedReplicas} of {desired} are updated.") : Done;
        }
    }

    public static Progress Of(DaemonSet set)
    {
        var status = set.Status;
        var desired = status.DesiredNumberScheduled;
        return Judged(set.Metadata, status.ObservedGeneration, Judge) with { Desired = desired, Updated = status.UpdatedNumberScheduled, Ready = status.NumberReady, Available = status.NumberAvailable };

        Progress Judge()
        {
            if (status.UpdatedNumberScheduled < desired)
            {
                return set.Spec.UpdateStrategy.Type == "OnDelete" ? ByHand(status.UpdatedNumberScheduled, desired) : Waiting("Updating", $"{status.UpdatedNumberScheduled} of {desired} are updated.");
            }

            return status.NumberAvailable < desired ? Waiting("NotAvailable", $"{status.NumberAvailable} of {desired} updated are available.") : Done;
        }
    }

    private static Progress Done => new(ProgressKind.Done, "Complete", "All Pods are updated and available.");

    private static Progress Waiting(string reason, string message) => new(ProgressKind.Waiting, reason, message);

    private static Progress ByHand(int updated, int desired) => new(ProgressKind.Held, "OnDelete", $"{updated} of {desired} are updated: the others are when somebody deletes them.");

    private static Progress Judged(ObjectMeta metadata, long observed, Func<Progress> judge)
    {
        if (metadata.DeletionTimestamp is not null) return new(ProgressKind.Failed, "Deleted", "It is being deleted.");
        // A status about an older spec says nothing about this one.
        return observed < metadata.Generation || observed == 0 ? Waiting("NotObserved", "The controller has not seen the change yet.") : judge();
    }

    /// <summary>Pods that cannot even be made: a quota, an admission rule.</summary>
    private static string? FailedCreate(DeploymentStatus status) =>
        status.Conditions.FirstOrDefault(condition => condition is { Type: "ReplicaFailure", Status: "True" })?.Reason;
}
