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

    internal static RolloutException InvalidLimit(string text, string expected) => new(
        "InvalidLimit",
        ErrorKind.Syntax,
        $"'{text}' is not {expected}.",
        "Write -Memory 512m or -Cpu 1.5.",
        text);

    internal static RolloutException InvalidVolume(string text) => new(
        "InvalidVolume",
        ErrorKind.Syntax,
        $"'{text}' is not a volume.",
        "Write it as docker run -v takes it: name-or-path:/target, with :ro behind it for read-only.",
        text);

    internal static RolloutException InvalidPublish(string text, string problem) => new(
        "InvalidPublish",
        ErrorKind.Syntax,
        $"'{text}' is not a published port: {problem}.",
        "Write it as docker run -p takes it: 8080:80, 127.0.0.1:8080:80 or 53:53/udp.",
        text);
}
