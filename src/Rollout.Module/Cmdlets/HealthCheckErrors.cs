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

    internal static RolloutException NothingToCheck() => new(
        "NothingToCheck",
        ErrorKind.InvalidInput,
        "Nothing was said that could be checked.",
        "Give -Uri, -Tcp, -Container, -Prometheus with -ErrorRateBelow, -LatencyBelow, -Query or -Saturation, -Alertmanager, -ScriptBlock or -Command.");
}
