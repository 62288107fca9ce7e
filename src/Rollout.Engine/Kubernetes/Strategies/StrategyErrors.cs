namespace Rollout.Engine.Kubernetes.Strategies;

/// <summary>The failures of canary and blue-green rollouts in a cluster.</summary>
internal static class StrategyErrors
{
    internal static RolloutException NameTaken(string workload, string name) => new(
        "SecondSetNameTaken",
        ErrorKind.Conflict,
        $"'{workload}' needs a second Deployment named '{name}', and there is one that does not belong to it.",
        $"Rename or remove '{name}', or use -Strategy Rolling.",
        name);

    internal static RolloutException NameTooLong(string workload, string name, int most) => new(
        "SecondSetNameTooLong",
        ErrorKind.InvalidInput,
        $"'{workload}' needs a second Service named '{name}', and a Service's name has {most} characters at most.",
        "Give it a shorter name, or share the traffic out by replicas (-Strategy Canary without -Router).",
        name);

    internal static RolloutException HeldUp(string workload, string pod) => new(
        "OldPodHoldsItUp",
        ErrorKind.NotSupported,
        $"'{workload}' replaces its Pods in order, and not one of them while another is broken. {pod}",
        "Use -Strategy Rolling, which deletes it so that it comes with the new image; or mend it first.",
        workload);

    internal static RolloutException Autoscaled(string workload, string scaler) => new(
        "AutoscalerAgainstCanary",
        ErrorKind.NotSupported,
        $"The HorizontalPodAutoscaler '{scaler}' sets the replicas of '{workload}': it would fight a canary that shares the traffic out by replicas.",
        "Share it out by a router (-Router Gateway or Istio), or use -Strategy Rolling.",
        workload);

    internal static RolloutException UpdatedByHand(string workload) => new(
        "UpdatedByHand",
        ErrorKind.NotSupported,
        $"'{workload}' has the updateStrategy OnDelete: its Pods are replaced when somebody deletes them.",
        "Give it the updateStrategy RollingUpdate, or use -Strategy Rolling and delete its Pods yourself.",
        workload);

    internal static RolloutException RouterNotApplicable(string workload, string router) => new(
        "RouterNotApplicable",
        ErrorKind.NotSupported,
        $"The Pods of '{workload}' are replaced in place, so that no router can tell old from new: -Router {router} has nothing to share out.",
        "Leave out -Router: the Pods themselves are the share.",
        workload);

    internal static RolloutException NoRoom(string workload) => new(
        "CannotRunSideBySide",
        ErrorKind.NotSupported,
        $"'{workload}' has the strategy Recreate: no Pod of the new version may run beside the old.",
        "Give it the strategy RollingUpdate, or use Start-Rollout without -Strategy.",
        workload);
}
