using System.Text.Json.Nodes;

namespace Rollout.Engine.Kubernetes.Argo;

/// <summary>
/// What is to be written where a Rollout is to go on: into its spec, and into its status, which has a subresource of its own. By Argo's <c>promote</c> and
/// <c>retry</c>; but a pause that somebody made by hand is lifted without skipping the step it stands at, and a step is skipped only where something runs that may never end.
/// </summary>
/// <param name="Spec">Null where nothing of it changes.</param>
/// <param name="Status">Null where nothing of it changes.</param>
/// <param name="What">What that does, in a sentence.</param>
internal sealed record ArgoPromotion(JsonObject? Spec, JsonObject? Status, string What)
{
    /// <summary>Lets it go on; null where nothing holds it.</summary>
    public static ArgoPromotion? Of(ArgoRollout rollout)
    {
        var status = rollout.Status;
        if (status.Abort) return new(Unpaused(rollout), new JsonObject { ["abort"] = false }, "Try again what was aborted");
        if (status.PauseConditions.Count > 0) return new(Unpaused(rollout), Released(rollout), "Lift the pause");
        if (rollout.Spec.Paused) return new(Unpaused(rollout), null, "Lift the pause");
        return !rollout.IsFullyPromoted && ArgoSteps.Current(rollout) is { IsRun: true } step
            ? new(null, new JsonObject { ["pauseConditions"] = null, ["currentStepIndex"] = ArgoSteps.Next(rollout) }, $"Skip step {ArgoSteps.Text(rollout) ?? step.ToString()}")
            : null;
    }

    /// <summary>Takes it past all steps, pauses and analyses that are left; null where none are.</summary>
    public static ArgoPromotion? Full(ArgoRollout rollout)
    {
        if (rollout.IsFullyPromoted) return rollout.Spec.Paused ? new(Unpaused(rollout), null, "Lift the pause") : null;
        var status = new JsonObject { ["promoteFull"] = true };
        if (rollout.Status.Abort) status["abort"] = false;
        return new(Unpaused(rollout), status, "Promote in full, past all steps, pauses and analyses");
    }

    /// <summary>An analysis without a verdict would hold it again at the same step.</summary>
    private static JsonObject Released(ArgoRollout rollout) =>
        rollout.Status is { ControllerPause: true, Canary.CurrentStepAnalysisRunStatus.Status: "Inconclusive" } && rollout.Spec.Strategy.Canary is { Steps.Count: > 0 }
            ? new JsonObject { ["pauseConditions"] = null, ["controllerPause"] = false, ["currentStepIndex"] = ArgoSteps.Next(rollout) }
            : new JsonObject { ["pauseConditions"] = null };

    private static JsonObject? Unpaused(ArgoRollout rollout) => rollout.Spec.Paused ? new JsonObject { ["paused"] = false } : null;
}
