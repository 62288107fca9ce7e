namespace Rollout.Engine.Kubernetes.Argo;

/// <summary>The failures of Argo Rollouts.</summary>
internal static class ArgoErrors
{
    internal static RolloutException NotInstalled(RolloutEndpoint endpoint) => new(
        "ArgoNotInstalled",
        ErrorKind.NotSupported,
        $"The cluster at {endpoint} has no Argo Rollouts: it does not serve argoproj.io/v1alpha1.",
        "Install Argo Rollouts there, name another cluster with -Context, or roll out a Deployment: deployment/x.",
        endpoint);

    internal static RolloutException SpecDecides(string workload, string parameter, RolloutStrategy strategy) => new(
        "ArgoSpecDecides",
        ErrorKind.InvalidInput,
        $"How '{workload}' replaces its Pods ({strategy}) is written in the Rollout itself, which has no field for {parameter} there.",
        "Leave it out; change spec.strategy of the Rollout where it is to be another way.",
        workload);

    internal static RolloutException WorkloadRefNotSupported(string workload, string kind, string name) => new(
        "ArgoWorkloadRefNotSupported",
        ErrorKind.NotSupported,
        $"'{workload}' takes its template from {kind} '{name}', which is no Deployment, or is not there.",
        "Let spec.workloadRef name a Deployment that is there, or give the Rollout a template of its own.",
        workload);
}
