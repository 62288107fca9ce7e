using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>What is thought of one new replica.</summary>
/// <param name="Phase">Where it stands.</param>
/// <param name="Reason">One word for why it failed.</param>
/// <param name="Message">The same in a sentence.</param>
/// <param name="MayRecover">True where a grace period is granted to it.</param>
internal sealed record ReplicaHealth(ReplicaPhase Phase, string? Reason = null, string? Message = null, bool MayRecover = false)
{
    // Without HEALTHCHECK and port nothing says that it works but that it did not end at once.
    internal static readonly TimeSpan Settles = TimeSpan.FromSeconds(2);

    private static readonly ReplicaHealth Starting = new(ReplicaPhase.Starting);
    private static readonly ReplicaHealth Ready = new(ReplicaPhase.Ready);

    /// <summary>Judges a container that was started in this rollout.</summary>
    /// <param name="container">The container.</param>
    /// <param name="accepts">Whether it accepts connections on its port; null where there is no port to try.</param>
    /// <param name="upFor">How long it has been seen running.</param>
    /// <param name="graceRestarts">Restarts that are forgiven.</param>
    internal static ReplicaHealth Judge(ContainerInspect container, bool? accepts, TimeSpan upFor, int graceRestarts)
    {
        var state = container.State;
        if (container.RestartCount > graceRestarts) return Failed("ContainerRestarting", $"was restarted {(container.RestartCount == 1 ? "once" : $"{container.RestartCount} times")}{LastEnd(state)}", mayRecover: true);
        if (state.Status is "exited" or "dead") return Failed(state.OomKilled ? "OutOfMemory" : "ContainerExited", Ended(state));
        if (state.Status is not "running" || !state.Running) return Starting;

        return state.Health?.Status switch
        {
            "healthy" => Ready,
            "unhealthy" => Failed("ContainerUnhealthy", $"is unhealthy by its HEALTHCHECK{Said(state.Health)}", mayRecover: true),
            "starting" => Starting,
            _ when accepts is { } answer => answer ? Ready : Starting,
            _ => upFor >= Settles ? Ready : Starting,
        };
    }

    private static ReplicaHealth Failed(string reason, string what, bool mayRecover = false) => new(ReplicaPhase.Failed, reason, what, mayRecover);

    /// <summary>The engine forgets the exit code when it starts the container again.</summary>
    private static string LastEnd(ContainerState state) => state.Status == "running" ? "" : $" and {Ended(state)}";

    private static string Ended(ContainerState state) => (state.OomKilled, state.Error) switch
    {
        (true, _) => "was killed because it ran out of memory",
        (_, { Length: > 0 } error) => $"could not run: {error}",
        _ => $"exited with code {state.ExitCode}",
    };

    /// <summary>What the last HEALTHCHECK printed, to be put behind what is told of it.</summary>
    internal static string Said(ContainerHealth health)
    {
        var output = health.Log.Count == 0 ? null : health.Log[^1].Output.Trim();
        return string.IsNullOrEmpty(output) ? "" : $": {output}";
    }
}
