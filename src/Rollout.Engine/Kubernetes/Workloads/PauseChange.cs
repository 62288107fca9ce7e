using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>The plan of a pause of a Deployment, or of its end.</summary>
/// <param name="Workload">As it was looked at.</param>
/// <param name="Command">What was asked for.</param>
internal sealed record PauseChange(Workload Workload, RolloutCommand Command) : RolloutPlan
{
    private bool IsPaused => Command.Verb == RolloutVerb.Suspend;

    /// <summary>The record with the pause, or of what goes on after it; without its time limit and its reason, which were the past's.</summary>
    public RolloutRecord Begin(DateTimeOffset now)
    {
        var record = Workload.Record ?? Unknown(now);
        if (IsPaused) return record with { HasPaused = true };
        return (record with
        {
            Phase = RolloutPhase.Progressing,
            HasPaused = false,
            // An undo that had ended has nothing left that could fail.
            IsAsked = record.IsAsked || record is { IsUndo: true, CompletedAt: not null },
            TimeoutSec = Command.Timeout.TotalSeconds,
            StartedAt = now,
            CompletedAt = null,
            Reason = null,
            Message = null,
        }).With(new RolloutDecision(now, "Resumed", "The pause was lifted."));
    }

    /// <summary>The patch, with the workload's resourceVersion as precondition.</summary>
    public Patch Patch(Workload now, RolloutRecord record) => Api.Patch.Merge(new JsonObject
    {
        ["metadata"] = new JsonObject
        {
            ["resourceVersion"] = now.Metadata.ResourceVersion,
            ["annotations"] = new JsonObject { [RolloutRecord.Annotation] = record.ToJson() },
        },
        ["spec"] = new JsonObject { ["paused"] = IsPaused },
    });

    /// <summary>Of a workload that Rollout has not rolled out before.</summary>
    private RolloutRecord Unknown(DateTimeOffset now)
    {
        var image = PodTemplate.Image(Workload.Template, Workload.Container);
        return new RolloutRecord { Phase = RolloutPhase.Progressing, Container = Workload.Container, Image = image, PreviousImage = image, OnFailure = FailureAction.Continue, StartedAt = now };
    }
}
