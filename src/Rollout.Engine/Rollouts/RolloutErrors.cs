namespace Rollout.Engine.Rollouts;

/// <summary>The failures that are the same on every platform.</summary>
internal static class RolloutErrors
{
    internal static RolloutException InvalidTarget(string text, string problem) => new(
        "InvalidTarget",
        ErrorKind.Syntax,
        $"'{text}' is not a target: {problem}.",
        "Write kind/name: docker/x, compose/project/service, service/x, deployment/x, statefulset/x, daemonset/x or rollout/x.",
        text);

    internal static RolloutException InvalidMaxSurge(string text) => new(
        "InvalidMaxSurge",
        ErrorKind.Syntax,
        $"'{text}' is not a MaxSurge: it is neither a whole number above 0 nor a percentage above 0%.",
        "Write -MaxSurge 2, or -MaxSurge 25%.",
        text);
}
