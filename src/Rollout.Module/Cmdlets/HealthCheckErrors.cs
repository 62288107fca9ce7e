namespace Rollout.Module.Cmdlets;

/// <summary>The failures of a command line that describes health checks.</summary>
internal static class HealthCheckErrors
{
    internal static RolloutException ParameterMissing(string given, string missing) => new(
        "ParameterMissing",
        ErrorKind.InvalidInput,
        $"{given} says nothing without {missing}.",
        $"Give {missing} too, or leave {given} out.",
        given);

    internal static RolloutException ParametersApart(string given, string other) => new(
        "ParametersApart",
        ErrorKind.InvalidInput,
        $"{given} and {other} cannot be given together: a baseline stands in the place of a threshold.",
        "Leave one of them out, or make a check of each.",
        given);

    internal static RolloutException StoredCheckIncomplete(string name, string why) => new(
        "StoredCheckIncomplete",
        ErrorKind.InvalidData,
        $"The health check '{name}' cannot be made from what was stored of it: {why}.",
        "Make it anew with New-RolloutHealthCheck.",
        name);

    internal static RolloutException NothingToCheck() => new(
        "NothingToCheck",
        ErrorKind.InvalidInput,
        "Nothing was said that could be checked.",
        "Give -Uri, -Tcp, -Container, -Prometheus with -ErrorRateBelow, -LatencyBelow, -Query or -Saturation, -Alertmanager, -ScriptBlock or -Command.");
}
