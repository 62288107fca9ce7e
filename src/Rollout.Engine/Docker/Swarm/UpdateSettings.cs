using System.Text.Json.Nodes;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker.Swarm;

/// <summary>A rollout's settings in the words of the engine's own update. What the user does not say stays as the service has it.</summary>
internal static class UpdateSettings
{
    // Nanoseconds; the engine's own default.
    private const long DefaultMonitor = 5_000_000_000;

    /// <summary>The UpdateConfig.</summary>
    public static JsonObject Of(RolloutRequest request, ServiceSpec spec)
    {
        var replicas = request.Docker.Replicas ?? spec.Replicas ?? 1;
        var isRecreate = request.Strategy == RolloutStrategy.Recreate;
        var stopsFirst = isRecreate || spec.HasHostPorts || (request.MaxUnavailable is not null && request.MaxSurge is null);
        var atATime = request.MaxSurge ?? request.MaxUnavailable;
        var config = spec.UpdateConfig.Copy();
        config["Order"] = stopsFirst ? "stop-first" : "start-first";
        // 0 is all at once.
        config["Parallelism"] = isRecreate ? 0 : atATime is not null ? RolloutPath.Surge(atATime, replicas) : (long?)config["Parallelism"] ?? 1;
        config["Monitor"] = Given(config, "Monitor") ?? DefaultMonitor;
        // Without a delay the engine goes on as soon as a task is up: a bad image would be everywhere before it is found out.
        config["Delay"] = Given(config, "Delay") ?? (isRecreate ? 0 : (long)config["Monitor"]!);
        config["FailureAction"] = Word(request.OnFailure);
        if (request.GraceRestarts > 0) config["MaxFailureRatio"] = Math.Min(1.0, (double)request.GraceRestarts / replicas);
        return config;
    }

    /// <summary>The RollbackConfig that goes with it: in the same order, without delay, and to its end.</summary>
    public static JsonObject Back(JsonObject config)
    {
        var back = config.Copy();
        back["Delay"] = 0;
        back["FailureAction"] = Word(FailureAction.Continue);
        return back;
    }

    /// <summary>How long a task must run to count as one that does.</summary>
    internal static TimeSpan MonitorOf(ServiceSpec spec) => TimeSpan.FromTicks((Given(spec.UpdateConfig, "Monitor") ?? DefaultMonitor) / TimeSpan.NanosecondsPerTick);

    internal static string Word(FailureAction action) => action switch
    {
        FailureAction.Undo => "rollback",
        FailureAction.Freeze => "pause",
        _ => "continue",
    };

    private static long? Given(JsonObject config, string field) => (long?)config[field] is { } value and > 0 ? value : null;
}
