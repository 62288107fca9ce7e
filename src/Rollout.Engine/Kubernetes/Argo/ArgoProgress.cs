using System.Globalization;
using Rollout.Engine.Kubernetes.Workloads;

namespace Rollout.Engine.Kubernetes.Argo;

/// <summary>
/// Where a Rollout stands, from its own spec and status alone. By Argo's rules (GetRolloutPhase of its kubectl plugin), save that a pause is told as one, with when it
/// ends by itself, and that what somebody asked for a moment ago (promotion, abort, retry) is waited for until the controller has seen it. Pure.
/// </summary>
internal static class ArgoProgress
{
    private const string Aborted = "RolloutAborted";

    // The controller's own words, and ours for them.
    private static readonly Dictionary<string, string> Reasons = new()
    {
        ["more replicas need to be updated"] = "Updating",
        ["updated replicas are still becoming available"] = "NotAvailable",
        ["old replicas are pending termination"] = "OldPodsTerminating",
        ["active service cutover pending"] = "CutoverPending",
        ["waiting for analysis to complete"] = "Analysing",
        ["waiting for post-promotion verification to complete"] = "Verifying",
        ["waiting for all steps to complete"] = "Stepping",
        ["rollout is restarting"] = "Restarting",
        ["manually paused"] = "Paused",
    };

    /// <summary>Where it stands.</summary>
    /// <param name="rollout">The Rollout.</param>
    /// <param name="workloadGeneration">The generation of the workload whose template it takes; null where the template is its own.</param>
    public static Progress Of(ArgoRollout rollout, long? workloadGeneration = null) => Judged(rollout, workloadGeneration) with
    {
        Desired = rollout.Spec.Replicas ?? 1,
        Updated = rollout.Status.UpdatedReplicas,
        Ready = rollout.Status.ReadyReplicas,
        Available = rollout.Status.AvailableReplicas,
    };

    /// <summary>True where an abort is done: all that serves is the stable revision.</summary>
    public static bool IsBackAtStable(ArgoRollout rollout)
    {
        var (spec, status) = (rollout.Spec, rollout.Status);
        if (!status.Abort || Of(rollout).Reason != Aborted || status.AvailableReplicas < (spec.Replicas ?? 1)) return false;
        if (spec.Strategy.BlueGreen is not null) return status.BlueGreen.ActiveSelector == status.StableRS;
        return spec.Strategy.Canary?.TrafficRouting is null ? status.UpdatedReplicas == 0 : status.Canary.Weights is null or { Canary.Weight: 0 };
    }

    private static Progress Judged(ArgoRollout rollout, long? workloadGeneration)
    {
        if (rollout.Metadata.DeletionTimestamp is not null) return new(ProgressKind.Failed, "Deleted", "It is being deleted.");
        if (NotSeen(rollout, workloadGeneration) is { } what) return new(ProgressKind.Waiting, "NotObserved", what);
        var (phase, message) = rollout.Status.Phase.Length > 0 ? (rollout.Status.Phase, rollout.Status.Message) : Calculated(rollout);
        var reason = Reason(phase, message);
        return phase switch
        {
            "Healthy" => new(ProgressKind.Done, "Complete", "What is wanted runs and is available."),
            "Paused" => new(ProgressKind.Held, reason, Pause(rollout, reason)) { Until = Until(rollout) },
            "Degraded" => new(ProgressKind.Failed, reason, reason == Aborted ? $"{message}. The stable revision serves: Resume-Rollout tries again, Undo-Rollout goes back for good." : message),
            _ => new(ProgressKind.Waiting, reason, message.Length > 0 ? message : "It is under way."),
        };
    }

    /// <summary>What the controller has not seen yet; null where its status is about what is wanted now.</summary>
    private static string? NotSeen(ArgoRollout rollout, long? workloadGeneration)
    {
        var (spec, status) = (rollout.Spec, rollout.Status);
        if (status is { ObservedGeneration.Length: 0, Phase.Length: 0, CurrentPodHash.Length: 0, Replicas: 0 }) return "No controller has looked at it yet: see whether Argo Rollouts runs in this cluster.";
        // A hash is no number, save by chance: then it is larger than any generation.
        if (long.TryParse(status.ObservedGeneration, CultureInfo.InvariantCulture, out var observed) && observed < rollout.Metadata.Generation) return "The controller has not seen the change yet.";
        if (long.TryParse(status.WorkloadObservedGeneration, CultureInfo.InvariantCulture, out var template) && template < workloadGeneration) return "The controller has not seen the change of the workload it refers to yet.";
        if (status is { ControllerPause: true, PauseConditions.Count: 0 }) return "The controller has not seen that the pause was lifted yet.";
        if (status is { PromoteFull: true, Phase: "Paused" } && !spec.Paused) return "The controller has not seen the promotion yet.";
        if (status is { Abort: true, Phase: "Healthy" or "Progressing" or "Paused" } && !rollout.IsFullyPromoted) return "The controller has not seen the abort yet.";
        if (status is { Abort: false, Phase: "Degraded" } && Reason(status.Phase, status.Message) == Aborted) return "The controller has not seen that it is tried again yet.";
        return null;
    }

    /// <summary>The phase where the controller is older than 1.0 and writes none. By Argo's CalculateRolloutPhase.</summary>
    private static (string Phase, string Message) Calculated(ArgoRollout rollout)
    {
        var (spec, status) = (rollout.Spec, rollout.Status);
        foreach (var condition in status.Conditions)
        {
            if (condition.Type == "InvalidSpec") return ("Degraded", $"InvalidSpec: {condition.Message}");
            if (condition.Reason is Aborted or "ProgressDeadlineExceeded") return ("Degraded", $"{condition.Reason}: {condition.Message}");
        }

        if (spec.Paused) return ("Paused", "manually paused");
        if (status.PauseConditions is [var pause, ..]) return ("Paused", pause.Reason);
        if (spec.RestartAt is { } restart && restart != status.RestartedAt) return ("Progressing", "rollout is restarting");
        if (status.UpdatedReplicas < (spec.Replicas ?? 1)) return ("Progressing", "more replicas need to be updated");
        if (status.AvailableReplicas < status.UpdatedReplicas) return ("Progressing", "updated replicas are still becoming available");
        var isPromoted = status.StableRS.Length > 0 && rollout.IsFullyPromoted;
        if (spec.Strategy.BlueGreen is { } blueGreen)
        {
            if (status.BlueGreen.ActiveSelector.Length == 0 || status.BlueGreen.ActiveSelector != status.CurrentPodHash) return ("Progressing", "active service cutover pending");
            if (isPromoted) return ("Healthy", "");
            return ("Progressing", blueGreen.PostPromotionAnalysis is not null && status.BlueGreen.PostPromotionAnalysisRunStatus is not { IsCompleted: true } ? "waiting for analysis to complete" : "waiting for post-promotion verification to complete");
        }

        if (spec.Strategy.Canary is { TrafficRouting: null } && status.Replicas > status.UpdatedReplicas) return ("Progressing", "old replicas are pending termination");
        return spec.Strategy.Canary is null || isPromoted ? ("Healthy", "") : ("Progressing", "waiting for all steps to complete");
    }

    /// <summary>One word: ours for a message of the controller's, else the one it begins with.</summary>
    private static string Reason(string phase, string message)
    {
        if (Reasons.TryGetValue(message, out var known)) return known;
        var first = message.Split(':')[0];
        return first.Length > 0 && first.All(char.IsAsciiLetterOrDigit) ? first : phase;
    }

    private static string Pause(ArgoRollout rollout, string reason)
    {
        if (reason == "Paused") return "It is paused. Resume-Rollout lets it go on.";
        var step = ArgoSteps.Text(rollout) is { } text ? $" at step {text}" : "";
        return Until(rollout) is { } until
            ? $"It waits{step} until {until.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC. Resume-Rollout lets it go on at once."
            : $"It waits{step}{(reason.StartsWith("Inconclusive", StringComparison.Ordinal) ? ", as an analysis did not say whether it is well" : "")}. Resume-Rollout lets it go on, Stop-Rollout goes back.";
    }

    /// <summary>When the last of its pauses is over by itself; null where one is not.</summary>
    private static DateTimeOffset? Until(ArgoRollout rollout)
    {
        if (rollout.Spec.Paused || rollout.Status.PauseConditions.Count == 0) return null;
        var ends = rollout.Status.PauseConditions.Select(pause => pause.StartTime + Length(rollout, pause.Reason)).ToList();
        return ends.Contains(null) ? null : ends.Max();
    }

    private static TimeSpan? Length(ArgoRollout rollout, string reason) => reason switch
    {
        "CanaryPauseStep" => ArgoSteps.Current(rollout)?.Pause?.Length,
        "BlueGreenPause" when rollout.Spec.Strategy.BlueGreen is { AutoPromotionSeconds: > 0 and var seconds } => TimeSpan.FromSeconds(seconds),
        _ => null,
    };
}
