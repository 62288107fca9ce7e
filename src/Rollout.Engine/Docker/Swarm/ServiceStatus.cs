namespace Rollout.Engine.Docker.Swarm;

/// <summary>From what is seen of a service to what the user is told. Pure.</summary>
internal static class ServiceStatus
{
    public static RolloutStatus Of(RolloutEndpoint endpoint, ServiceSnapshot seen)
    {
        var (phase, reason, message) = Standing(seen);
        return Build(endpoint, seen, seen.Record, phase, reason, message);
    }

    public static RolloutStatus Build(RolloutEndpoint endpoint, ServiceSnapshot seen, ServiceRecord? record, RolloutPhase phase, string? reason, string? message)
    {
        var known = seen.IsForeign ? null : record;
        var image = Parsed(seen.Spec.Image);
        return new RolloutStatus
        {
            Target = $"service/{seen.Spec.Name}",
            Kind = "service",
            Name = seen.Spec.Name,
            Context = endpoint.Context,
            Endpoint = endpoint,
            Platform = RolloutPlatform.Swarm,
            Image = image,
            PreviousImage = Parsed(PreviousImage(seen, known)),
            Digest = image?.Digest,
            Revision = seen.Number,
            Strategy = (string?)seen.Spec.UpdateConfig["Order"] == "stop-first" && seen.Desired > 0 && (int?)seen.Spec.UpdateConfig["Parallelism"] == 0 ? RolloutStrategy.Recreate : RolloutStrategy.Rolling,
            Phase = phase,
            Succeeded = phase == RolloutPhase.Healthy || (phase == RolloutPhase.Undone && (known is { IsAsked: true } || seen.IsRollbackAsked)),
            Desired = seen.Desired,
            Updated = seen.Updated,
            Ready = seen.Ready,
            Available = seen.Ready,
            Reason = reason,
            Message = message,
            StartedAt = known?.StartedAt ?? seen.Service.UpdateStatus?.StartedAt,
            CompletedAt = phase == RolloutPhase.Progressing ? null : known?.CompletedAt ?? seen.Service.UpdateStatus?.CompletedAt,
            Decisions = known?.Decisions ?? [],
        };
    }

    /// <summary>The revisions, newest first.</summary>
    public static IReadOnlyList<RolloutRevision> History(RolloutEndpoint endpoint, ServiceSnapshot seen) =>
    [
        .. from release in seen.History.Reverse()
           let image = Parsed(release.Image)
           where image is not null
           select new RolloutRevision
           {
               Target = $"service/{seen.Spec.Name}",
               Endpoint = endpoint,
               Revision = release.Number,
               Image = image,
               CreatedAt = release.CreatedAt,
               ChangeCause = release.ChangeCause is { } cause ? ForeignText.Neutralise(cause) : null,
               Verdict = release.Verdict,
               Current = release.Number == seen.Number,
           },
    ];

    /// <summary>Where a service stands that nobody follows right now.</summary>
    internal static (RolloutPhase Phase, string? Reason, string? Message) Standing(ServiceSnapshot seen)
    {
        // An end that was written down is the past's where the engine has begun something since.
        var record = seen.IsForeign || seen is { Record.Phase: not null, State.Length: > 0 } ? null : seen.Record;
        switch (seen.State)
        {
            case "updating": return (RolloutPhase.Progressing, null, Counts(seen));
            case "rollback_started": return (RolloutPhase.Progressing, "RollingBack", $"{seen.Says}. {Counts(seen)}");
            case "paused": return (RolloutPhase.Failed, "UpdatePaused", Stopped(seen, null));
            case "rollback_paused": return (RolloutPhase.Failed, "RollbackPaused", Stopped(seen, null));
        }

        var phase = record?.Phase ?? (seen.State == "rollback_completed" || record is { IsUndo: true } ? RolloutPhase.Undone : RolloutPhase.Healthy);
        if (phase is not (RolloutPhase.Healthy or RolloutPhase.Undone)) return (phase, record?.Reason, record?.Message);
        if (seen.IsSettled) return (phase, record?.Reason, record?.Message);
        return seen.State.Length == 0 && record is { CompletedAt: null }
            ? (RolloutPhase.Progressing, null, Counts(seen))
            : (RolloutPhase.Degraded, "ReplicasMissing", Missing(seen));
    }

    /// <summary>That the engine stopped half-way, and why: as is known, or as its tasks tell.</summary>
    internal static string Stopped(ServiceSnapshot seen, string? why)
    {
        why ??= TaskTrouble.Of(seen, seen.Spec.Image)?.Message;
        var stopped = seen.IsRollback ? $"The engine stopped its rollback: {seen.Says}. Undo-Rollout takes it to its end." : $"The engine stopped the update: {seen.Says}.";
        return why is null ? stopped : $"{stopped} {why}";
    }

    internal static string Counts(ServiceSnapshot seen) => $"{seen.Updated} of {seen.Desired} tasks of {seen.Spec.Image} run.";

    private static string Missing(ServiceSnapshot seen) =>
        $"{seen.Ready} of {seen.Desired} tasks run.{(TaskTrouble.Of(seen, seen.Spec.Image) is { } trouble ? $" {trouble.Message}" : "")}";

    private static string? PreviousImage(ServiceSnapshot seen, ServiceRecord? record)
    {
        if (record is null || record.From == record.To) return seen.Previous?.Image;
        return record.Find(seen.Number == record.To ? record.From : record.To)?.Image;
    }

    private static ImageReference? Parsed(string? image) => ImageReference.TryParse(image, out var reference) ? reference : null;
}
