using Rollout.Engine.Kubernetes.Strategies;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>A workload as users see it: what it says of itself, and what Rollout remembers of its last rollout.</summary>
internal static class StatusOf
{
    /// <summary>The status of a workload that nobody follows right now.</summary>
    /// <param name="workload">The workload.</param>
    /// <param name="endpoint">Its cluster.</param>
    /// <param name="second">The set beside it with the new version; null where there is none.</param>
    /// <param name="astray">What its route has come to in its steps; null where that is as they left it.</param>
    public static RolloutStatus Read(Workload workload, RolloutEndpoint endpoint, Workload? second = null, RouteAstray? astray = null)
    {
        var record = workload.Record;
        var (phase, reason, message) = (record, workload.Overtaken) switch
        {
            ({ Stepped: { IsUnderWay: true } state }, _) => JudgeStep(record, state, astray),
            (_, { Stepped: { } state }) => (RolloutPhase.Progressing, "Overtaken", $"Somebody else changed it in the midst of a {state.Strategy} rollout, which has still to give back what it took."),
            _ => Judge(workload, record),
        };
        return Build(workload, endpoint, record, phase, reason, message, second);
    }

    /// <summary>The status of one whose rollout just ended: its controller may not have seen the last write yet, which tells nothing.</summary>
    public static RolloutStatus AtEnd(Workload workload, RolloutEndpoint endpoint) =>
        workload.Record is { CompletedAt: not null } record ? Build(workload, endpoint, record, record.Phase, record.Reason, record.Message) : Read(workload, endpoint);

    public static RolloutStatus Build(Workload workload, RolloutEndpoint endpoint, RolloutRecord? record, RolloutPhase phase, string? reason, string? message, Workload? second = null)
    {
        var progress = record?.Stepped is { IsUnderWay: true, IsInPlace: false } state ? Together(workload.Progress, second?.Progress, state) : workload.Progress;
        var container = workload.Container;
        var image = Parsed(record?.Stepped is { Stage: SteppedStage.Stepping } ? record.Image : PodTemplate.Image(workload.Template, container));
        return new RolloutStatus
        {
            Target = $"{workload.Kind}/{workload.Metadata.Name}",
            Kind = workload.Kind,
            Name = workload.Metadata.Name,
            Namespace = workload.Metadata.Namespace,
            Context = endpoint.Context,
            Endpoint = endpoint,
            Platform = workload.Platform,
            Container = container.Length > 0 ? container : null,
            Image = image,
            PreviousImage = Parsed(record?.PreviousImage),
            Digest = image?.Digest,
            Revision = (int)workload.Revision,
            Strategy = record?.Stepped?.Strategy ?? workload.Strategy,
            Phase = phase,
            Succeeded = phase == RolloutPhase.Healthy || (phase == RolloutPhase.Undone && record is { IsAsked: true }),
            Step = record?.Stepped?.StepText ?? workload.Step,
            Desired = progress.Desired,
            Updated = progress.Updated,
            Ready = progress.Ready,
            Available = progress.Available,
            Reason = reason,
            Message = message is null ? null : ForeignText.Neutralise(message),
            StartedAt = record?.StartedAt,
            CompletedAt = record?.CompletedAt,
            Decisions = record?.Decisions ?? [],
        };
    }

    private static (RolloutPhase Phase, string? Reason, string? Message) Judge(Workload workload, RolloutRecord? record)
    {
        var progress = workload.Progress;
        // What was found out when it was followed is more than the workload's own status knows.
        if (record is { Phase: RolloutPhase.Failed }) return (RolloutPhase.Failed, record.Reason, record.Message);
        return progress.Kind switch
        {
            // In Argo's own word.
            ProgressKind.Failed when workload.Platform == RolloutPlatform.Argo => (RolloutPhase.Degraded, progress.Reason, progress.Message),
            ProgressKind.Failed => (RolloutPhase.Failed, progress.Reason, progress.Message),
            ProgressKind.Held => (RolloutPhase.Paused, progress.Reason, progress.Message),
            ProgressKind.Done when record is { Phase: RolloutPhase.Undone or RolloutPhase.Degraded } => (record.Phase, record.Reason, record.Message),
            ProgressKind.Done when record is { CompletedAt: null, HasChecks: true } => (RolloutPhase.Progressing, "Checking", "Its health is checked."),
            ProgressKind.Done when record is { CompletedAt: null, Left.IsInPlace: false } => (RolloutPhase.Progressing, "Promoting", "All its Pods run; what was made beside it is still to go."),
            // Where it was taken back to, all may have been there all the time: that it went wrong is not written down yet.
            ProgressKind.Done when record is { CompletedAt: null, IsUndo: true } => (RolloutPhase.Progressing, "Undoing", $"It goes back to {record.Image}."),
            ProgressKind.Done => (RolloutPhase.Healthy, null, null),
            // Writing the record on a Deployment is a change of it too, which its controller sees a moment later; a pause is another matter.
            _ when progress.Reason == "NotObserved" && !workload.IsPaused && record is { CompletedAt: not null } && PodTemplate.Image(workload.Template, record.Container) == record.Image => (record.Phase, record.Reason, record.Message),
            _ when record?.CompletedAt is not null && progress.Reason is "NotAvailable" or "NotReady" => (RolloutPhase.Degraded, progress.Reason, progress.Message),
            _ => (RolloutPhase.Progressing, progress.Reason, progress.Message),
        };
    }

    private static (RolloutPhase Phase, string? Reason, string? Message) JudgeStep(RolloutRecord record, SteppedState state, RouteAstray? astray) => (record.Phase, state) switch
    {
        (RolloutPhase.Failed, _) => (RolloutPhase.Failed, record.Reason, record.Message),
        (_, { IsHeld: true }) => Held("Suspended", $"It is held at step {state.StepText}; Resume-Rollout lets it go on.", state, astray),
        (RolloutPhase.Paused, _) => Held("Pause", $"It waits at step {state.StepText} for Resume-Rollout.", state, astray),
        (_, { Stage: SteppedStage.Returning }) => (RolloutPhase.Progressing, "Returning", $"It goes back to {record.Image}."),
        _ => (RolloutPhase.Progressing, "Stepping", $"It is at step {state.StepText}.{Matched(state, astray)}"),
    };

    private static (RolloutPhase Phase, string? Reason, string? Message) Held(string reason, string message, SteppedState state, RouteAstray? astray) => astray is null
        ? (RolloutPhase.Paused, reason, message + Matched(state, null))
        : (RolloutPhase.Paused, astray.Reason, $"{astray.Message} {message}");

    private static string Matched(SteppedState state, RouteAstray? astray) => astray is null && state.Match is { } match ? $" Requests with the {match} go to the new." : "";

    /// <summary>Both sides of a rollout in its steps.</summary>
    private static Progress Together(Progress first, Progress? second, SteppedState state) => first with
    {
        Desired = state.Replicas,
        Updated = second?.Updated ?? 0,
        Ready = first.Ready + (second?.Ready ?? 0),
        Available = first.Available + (second?.Available ?? 0),
    };

    internal static ImageReference? Parsed(string? image) => ImageReference.TryParse(image, out var reference) ? reference : null;
}
