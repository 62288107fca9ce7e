using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker.Swarm;

/// <summary>The failures of a swarm's services as rollout targets.</summary>
internal static class ServiceErrors
{
    internal static RolloutException StrategyNotSupported(TargetName name, RolloutStrategy strategy) => new(
        "StrategyNotSupported",
        ErrorKind.NotSupported,
        $"'{name}' cannot be rolled out with -Strategy {strategy}: the swarm replaces its tasks by its own update.",
        "Use -Strategy Rolling, or -Strategy Recreate.",
        name);

    internal static RolloutException SettingNotSupported(TargetName name, IEnumerable<string> settings) => new(
        "ServiceSettingNotSupported",
        ErrorKind.NotSupported,
        $"Start-Rollout does not change a service's {string.Join(", ", settings)}.",
        "Leave that out, and change it with 'docker service update' or in the stack's file.",
        name);

    internal static RolloutException IsJob(TargetName name) => new(
        "ServiceIsJob",
        ErrorKind.NotSupported,
        $"'{name}' is a job: its tasks run to their end, and nothing of it is replaced.",
        "Create the job anew with the new image.",
        name);

    internal static RolloutException IsGlobal(TargetName name) => new(
        "ServiceIsGlobal",
        ErrorKind.InvalidInput,
        $"'{name}' is global: it has one task on each node, and no number of replicas.",
        "Leave -Replicas out.",
        name);

    internal static RolloutException CannotRunSideBySide(TargetName name) => new(
        "CannotRunSideBySide",
        ErrorKind.NotSupported,
        $"The new tasks of '{name}' cannot run beside the old ones: it publishes ports of the nodes themselves (mode=host).",
        "Accept tasks that are missing with -MaxUnavailable 1, or an interruption with -Strategy Recreate.",
        name);
}
