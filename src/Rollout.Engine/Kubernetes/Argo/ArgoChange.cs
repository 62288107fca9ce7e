using System.Globalization;
using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Kubernetes.Argo;

/// <summary>The plan of a command: Stop, Resume, Promote or Restart of a Rollout.</summary>
/// <param name="Workload">As it was looked at.</param>
/// <param name="Rollout">The same in Argo's own terms.</param>
/// <param name="Command">What was asked for.</param>
internal sealed record ArgoChange(Workload Workload, ArgoRollout Rollout, RolloutCommand Command) : RolloutPlan
{
    /// <summary>The record of what goes on from here. Its steps' pauses are not counted against its time.</summary>
    public RolloutRecord Begin(string what, DateTimeOffset now)
    {
        var begun = Command.Verb == RolloutVerb.Restart ? new RestartChange(Workload, Command) { Target = Target, Description = Description }.Begin(now) : Resumed(what, now);
        return begun with { TimeoutSec = (Command.Timeout + ArgoSteps.Pauses(Rollout)).TotalSeconds };
    }

    /// <summary>The patch of a restart: Argo replaces every Pod that is older than the time given.</summary>
    public static Patch RestartPatch(Workload now, RolloutRecord record) => Patch.Merge(new JsonObject
    {
        ["metadata"] = new JsonObject
        {
            ["resourceVersion"] = now.Metadata.ResourceVersion,
            ["annotations"] = new JsonObject { [RolloutRecord.Annotation] = record.ToJson() },
        },
        ["spec"] = new JsonObject { ["restartAt"] = record.StartedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) },
    });

    private RolloutRecord Resumed(string what, DateTimeOffset now)
    {
        var resumed = new PauseChange(Workload, new RolloutCommand(RolloutVerb.Resume)) { Target = Target, Description = Description }.Begin(now);
        return resumed with { Decisions = [.. resumed.Decisions.SkipLast(1), new RolloutDecision(now, "Resumed", what + ".")] };
    }
}
