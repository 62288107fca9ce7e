using System.Globalization;

namespace Rollout.Engine.Literals;

/// <summary>The failures of durations, percentages, numbers and addresses as users write them.</summary>
internal static class LiteralErrors
{
    internal static RolloutException InvalidDuration(object value, string problem) => new(
        "InvalidDuration",
        ErrorKind.Syntax,
        $"'{Text(value)}' is not a duration: {problem}.",
        "Write '5m', '90s', '1h30m', '500ms' in quotes, a TimeSpan, or a whole number of seconds.",
        value);

    internal static RolloutException InvalidPercentage(object value, string problem) => new(
        "InvalidPercentage",
        ErrorKind.Syntax,
        $"'{Text(value)}' is not a percentage: {problem}.",
        "Write '0.5%' in quotes, from 0% to 100%.",
        value);

    internal static RolloutException InvalidNumber(object value, string problem) => new(
        "InvalidNumber",
        ErrorKind.Syntax,
        $"'{Text(value)}' is not a number: {problem}.",
        "Write 0.5, with a point.",
        value);

    internal static RolloutException InvalidWholeNumber(object value, int least, int most) => new(
        "InvalidNumber",
        ErrorKind.Syntax,
        string.Create(CultureInfo.InvariantCulture, $"'{Text(value)}' is not a whole number from {least} to {most}."),
        "Write one in digits.",
        value);

    internal static RolloutException InvalidChoice(object value, IReadOnlyList<string> choices) => new(
        "InvalidChoice",
        ErrorKind.Syntax,
        $"'{Text(value)}' is none of {string.Join(", ", choices)}.",
        "Write one of them.",
        value);

    internal static RolloutException InvalidAddress(string text, string problem) => new(
        "InvalidAddress",
        ErrorKind.Syntax,
        $"'{UserInfo.HideAll(text)}' is not an address: {problem}.",
        "Write http://host:port/path or https://host/path.");

    internal static RolloutException InvalidEndpoint(string text) => new(
        "InvalidEndpoint",
        ErrorKind.Syntax,
        $"'{UserInfo.HideAll(text)}' does not say where a rollout lives.",
        "Take the Endpoint of a rollout, or write the address: https://host:6443 of a cluster, unix:///var/run/docker.sock or tcp://host:2376 of a Docker engine.");

    private static string Text(object value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
