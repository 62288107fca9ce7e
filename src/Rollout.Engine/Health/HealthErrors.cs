namespace Rollout.Engine.Health;

/// <summary>What is wrong with a check before it is made; what a check finds is a verdict, not an error.</summary>
internal static class HealthErrors
{
    internal static RolloutException InvalidHealthCheck(RolloutHealthCheck check, string problem) => new(
        "InvalidHealthCheck",
        ErrorKind.InvalidInput,
        $"The health check '{check.Name}' cannot be made: {problem}.",
        "Correct the check; nothing was probed.",
        check.Name);

    internal static RolloutException MetricsNotServed(RolloutEndpoint endpoint) => new(
        "MetricsNotServed",
        ErrorKind.NotSupported,
        $"The cluster at {endpoint} does not say what Pods use: metrics.k8s.io is not served, so metrics-server is not installed.",
        "Install metrics-server, or ask Prometheus with -Prometheus.",
        endpoint);

    internal static RolloutException UnknownQueryVariable(RolloutHealthCheck check, string name, IEnumerable<string> known) => new(
        "UnknownQueryVariable",
        ErrorKind.InvalidInput,
        $"The query of the health check '{check.Name}' has the variable '{{{{{name}}}}}', which does not exist. There are: {string.Join(", ", known.Select(variable => $"{{{{{variable}}}}}"))}.",
        "Write one of these, or take the braces out; nothing was probed.",
        check.Name);
}
