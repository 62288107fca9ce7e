using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Docker.Swarm;

/// <summary>A service and its tasks, as they were seen.</summary>
internal sealed class ServiceSnapshot
{
    public ServiceSnapshot(ServiceInspect service, IReadOnlyList<ServiceTask> tasks)
    {
        Service = service;
        Spec = new ServiceSpec(service.Spec);
        Previous = service.PreviousSpec is { } previous ? new ServiceSpec(previous) : null;
        Tasks = [.. tasks.OrderBy(task => task.CreatedAt)];
        var live = Tasks.Where(task => task.DesiredState == "running").ToList();
        Present = [.. live.Where(task => Spec.IsOf(task.Spec))];
        Desired = Spec.Replicas ?? live.Select(task => task.NodeId).Distinct().Count();
        Ready = Served(live);
        Updated = Served(Present);
        IsSettled = Updated == Desired && live.Where(IsUp).All(task => Spec.IsOf(task.Spec));
        Record = Spec.Record;
        var known = Record?.Find(Spec.Release ?? 0);
        IsForeign = Record is not null && known?.Image != Spec.Image;
        Number = (Record, known) switch
        {
            (null, _) => Previous is null ? 1 : 2,
            _ when IsForeign => Record.History.Max(release => release.Number) + 1,
            _ => known!.Number,
        };
        History = HistoryOf();
    }

    public ServiceInspect Service { get; }

    public ServiceSpec Spec { get; }

    /// <summary>What the engine would roll back to; null where there is nothing.</summary>
    public ServiceSpec? Previous { get; }

    /// <summary>Oldest first, ended ones too.</summary>
    public IReadOnlyList<ServiceTask> Tasks { get; }

    /// <summary>The tasks of the present spec that are meant to run.</summary>
    public IReadOnlyList<ServiceTask> Present { get; }

    public ServiceRecord? Record { get; }

    /// <summary>True where somebody changed the image without Rollout.</summary>
    public bool IsForeign { get; }

    /// <summary>The number of the release that the present spec is.</summary>
    public int Number { get; }

    public int Desired { get; }

    public int Ready { get; }

    public int Updated { get; }

    /// <summary>True where a task runs in each slot that is wanted, and none but those of the present spec.</summary>
    public bool IsSettled { get; }

    /// <summary>True where more of the tasks that were made since the service was last written have failed than may.</summary>
    public bool HasFailedSince => Tasks.Count(task => task.CreatedAt > Service.UpdatedAt && Spec.IsOf(task.Spec) && task.Status.State is "failed" or "rejected") > Spec.MaxFailureRatio * Desired;

    /// <summary>Every release known, oldest first, with what the engine found out.</summary>
    public IReadOnlyList<ServiceRelease> History { get; }

    public string State => Service.UpdateStatus?.State ?? "";

    public string Says => Service.UpdateStatus?.Message ?? "";

    /// <summary>True while the engine is at it.</summary>
    public bool IsUnderWay => State is "updating" or "rollback_started";

    public bool IsRollback => State.StartsWith("rollback_", StringComparison.Ordinal);

    /// <summary>True where somebody asked for the rollback; false where a failure led to it.</summary>
    public bool IsRollbackAsked => IsRollback && Says.Contains("manually requested", StringComparison.Ordinal);

    /// <summary>The record to write on from: there, or begun from what is seen.</summary>
    public ServiceRecord Known => (Record ?? new ServiceRecord()) with { History = History };

    public ServiceRelease? Find(int number) => History.FirstOrDefault(release => release.Number == number);

    /// <summary>In how many slots a task runs: an engine that is restarted in the midst of an update may keep two in one.</summary>
    private static int Served(IEnumerable<ServiceTask> tasks) => tasks.Where(IsUp).Select(task => task.Slot > 0 ? $"{task.Slot}" : task.Id).Distinct().Count();

    private static bool IsUp(ServiceTask task) => task.Status.State == "running";

    private List<ServiceRelease> HistoryOf()
    {
        var history = new List<ServiceRelease>(Record?.History ?? []);
        if (Record is null && Previous is not null) history.Add(new ServiceRelease(1, Previous.Image, Service.CreatedAt));
        if (history.All(release => release.Number != Number)) history.Add(new ServiceRelease(Number, Spec.Image, Service.UpdatedAt));
        return [.. history.Select(Judged)];
    }

    /// <summary>A verdict that was written down stands; else the engine's own end of the update is one.</summary>
    private ServiceRelease Judged(ServiceRelease release)
    {
        if (release.Verdict != HealthVerdict.Inconclusive) return release;
        if (State == "completed" && release.Number == Number && IsSettled) return release with { Verdict = HealthVerdict.Healthy };
        var failed = IsRollback && !IsRollbackAsked && !IsForeign && Record is { IsUndo: false } record && record.To != Number ? record.To : 0;
        return release.Number == failed ? release with { Verdict = HealthVerdict.Unhealthy } : release;
    }
}
