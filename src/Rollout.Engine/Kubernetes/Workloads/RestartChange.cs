using System.Globalization;
using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>The plan of a restart: the pod template gets a new mark, so that every Pod is replaced.</summary>
/// <param name="Workload">As it was looked at.</param>
/// <param name="Command">What was asked for.</param>
internal sealed record RestartChange(Workload Workload, RolloutCommand Command) : RolloutPlan
{
    // kubectl's own, so that both see each other's restarts.
    private const string RestartedAt = "kubectl.kubernetes.io/restartedAt";

    /// <summary>The record of the restart that begins. One that fails is not undone: what ran before was the same.</summary>
    public RolloutRecord Begin(DateTimeOffset now) => new RolloutRecord
    {
        Phase = RolloutPhase.Progressing,
        Container = Workload.Container,
        Image = PodTemplate.Image(Workload.Template, Workload.Container),
        PreviousImage = PodTemplate.Image(Workload.Template, Workload.Container),
        OnFailure = FailureAction.Continue,
        Route = Workload.LastRecord?.Route,
        Stepped = Workload.LastRecord?.Left,
        TimeoutSec = Command.Timeout.TotalSeconds,
        GraceSec = Workload.Record?.GraceSec ?? 0,
        GraceRestarts = Workload.Record?.GraceRestarts ?? 0,
        StartedAt = now,
    }.With(new RolloutDecision(now, "Restarted", "Every Pod is replaced by a new one."));

    /// <summary>The patch, with the workload's resourceVersion as precondition.</summary>
    public static Patch Patch(Workload now, RolloutRecord record) => Api.Patch.StrategicMerge(new JsonObject
    {
        ["metadata"] = new JsonObject
        {
            ["resourceVersion"] = now.Metadata.ResourceVersion,
            ["annotations"] = new JsonObject { [RolloutRecord.Annotation] = record.ToJson() },
        },
        ["spec"] = new JsonObject
        {
            ["template"] = new JsonObject
            {
                ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [RestartedAt] = record.StartedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) } },
            },
        },
    });
}
