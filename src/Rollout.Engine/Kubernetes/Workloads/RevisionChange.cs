using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>The plan of an undo: a workload goes back to a revision.</summary>
/// <param name="Workload">As it was looked at.</param>
/// <param name="Revision">Where it goes.</param>
/// <param name="Request">What was asked for.</param>
internal sealed record RevisionChange(Workload Workload, Revision Revision, UndoRequest Request) : RolloutPlan
{
    /// <summary>True where a user asked for it; false where a failure led to it.</summary>
    public bool IsAsked { get; init; }

    /// <summary>True where it takes back what was begun and has not ended, which another shell may be at work on.</summary>
    public bool IsStop => Workload.Record is { CompletedAt: null, IsUndo: false };

    /// <summary>What tells whoever is at work to go back.</summary>
    public Patch Asking(Workload now, DateTimeOffset at)
    {
        var asked = now.Record is { CompletedAt: null } record ? record : throw RolloutErrors.NothingToStop(now.Title);
        var told = (asked with { BackTo = Revision.Number }).With(new RolloutDecision(at, "Stopped", $"{Environment.UserName} on {Environment.MachineName} asked to go back to revision {Revision.Number}."));
        return Patch.Merge(new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["resourceVersion"] = now.Metadata.ResourceVersion,
                ["annotations"] = new JsonObject { [RolloutRecord.Annotation] = told.ToJson() },
            },
        });
    }

    /// <summary>The record of the undo that begins. What went wrong before stays its reason.</summary>
    public RolloutRecord Begin(RolloutRecord? before, DateTimeOffset now)
    {
        var container = Workload.Container;
        var image = PodTemplate.Image(Revision.Template, container);
        return new RolloutRecord
        {
            Phase = RolloutPhase.Progressing,
            Container = container,
            Image = image,
            PreviousImage = PodTemplate.Image(Workload.Template, container),
            OnFailure = FailureAction.Continue,
            TimeoutSec = Request.Timeout.TotalSeconds,
            GraceSec = before?.GraceSec ?? 0,
            GraceRestarts = before?.GraceRestarts ?? 0,
            IsUndo = true,
            IsAsked = IsAsked,
            Route = Workload.LastRecord?.Route,
            Stepped = Workload.LastRecord?.Left,
            HasChecks = before?.HasChecks ?? false,
            Checks = before?.Checks ?? [],
            StartedAt = now,
            Reason = before?.Reason,
            Message = before?.Message,
            Decisions = before?.Decisions ?? [],
        }.With(new RolloutDecision(now, "Undoing", $"Back to revision {Revision.Number}, {image}."));
    }
}
