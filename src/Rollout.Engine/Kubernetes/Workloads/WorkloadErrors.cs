using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>The failures of workloads in a cluster.</summary>
internal static class WorkloadErrors
{
    internal static RolloutException ContainerNotChosen(string workload, IEnumerable<string> containers) => new(
        "WorkloadContainerNotChosen",
        ErrorKind.InvalidInput,
        $"'{workload}' has several containers: {string.Join(", ", containers)}.",
        "Name the one that gets the image with -Container.",
        workload);

    internal static RolloutException ContainerNotFound(string workload, string container, IEnumerable<string> containers) => new(
        "WorkloadContainerNotFound",
        ErrorKind.NotFound,
        $"'{workload}' has no container '{container}'. It has: {string.Join(", ", containers)}.",
        "Name one of them with -Container.",
        container);

    internal static RolloutException OwnedByGitOps(string workload, string owner, string source) => new(
        "OwnedByGitOps",
        ErrorKind.PermissionDenied,
        $"'{workload}' is kept by {owner}, which would take back the change.",
        $"Change the image in {source} (Set-ImageTag -Path), or use -Force.",
        workload);

    internal static RolloutException StrategyNotSupported(TargetName name, RolloutStrategy strategy) => new(
        "StrategyNotSupported",
        ErrorKind.NotSupported,
        $"'{name}' cannot be rolled out with -Strategy {strategy}: its own controller replaces its Pods.",
        "Use -Strategy Rolling, or an Argo Rollout.",
        name);

    internal static RolloutException RoomNotTaken(string workload, string field) => new(
        "WorkloadRoomNotSupported",
        ErrorKind.NotSupported,
        $"'{workload}' cannot be rolled out with -{char.ToUpperInvariant(field[0])}{field[1..]}: this cluster has no such setting for its kind.",
        "Leave it out. A StatefulSet replaces its Pods one by one.",
        workload);

    internal static RolloutException ChangedMeanwhile(string workload) => new(
        "WorkloadChangedMeanwhile",
        ErrorKind.Conflict,
        $"Somebody else changed '{workload}' after it was looked at; nothing was done.",
        "Look at what they did (Get-Rollout, Get-RolloutHistory), then try again.",
        workload);

    internal static RolloutException Paused(string workload) => new(
        "WorkloadPaused",
        ErrorKind.InvalidInput,
        $"'{workload}' was paused by somebody, and nothing of it is undone while it is.",
        "Resume it first (Resume-Rollout).",
        workload);

    internal static RolloutException RightMissing(ResourceAttributes right) => new(
        "KubernetesForbidden",
        ErrorKind.PermissionDenied,
        $"The cluster does not allow it: the right to {right.Verb} {right.Resource}{(right.Group.Length == 0 ? "" : $" ({right.Group})")} in the namespace '{right.Namespace}' is missing, without which a rollout can be begun and not be followed to its end.",
        "Have it granted; docs/rbac.yaml lists those that Rollout needs.",
        right.Resource);

    internal static RolloutException NamespaceNotFound(string @namespace) => new(
        "NamespaceNotFound",
        ErrorKind.NotFound,
        $"The cluster has no namespace '{@namespace}'.",
        "See the name and the context.",
        @namespace);
}
