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
}
