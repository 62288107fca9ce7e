namespace Rollout.Engine.Docker.Swarm;

/// <summary>How far what was begun has come.</summary>
internal enum ServiceProgressKind
{
    /// <summary>The engine is at it, or tasks are still to come.</summary>
    UnderWay,
    /// <summary>Every task is of what was asked for, and runs.</summary>
    Reached,
    /// <summary>The engine is done, and was told not to mind that tasks fail.</summary>
    ReachedInPart,
    /// <summary>The engine went back, and every task runs.</summary>
    TurnedBack,
    /// <summary>The engine stopped, and waits for somebody.</summary>
    Stuck,
}

/// <summary>Where an update stands, for who follows it. Pure.</summary>
internal static class ServiceProgress
{
    public static ServiceProgressKind Of(ServiceSnapshot seen, ServiceRecord record) => seen.State switch
    {
        "paused" or "rollback_paused" => ServiceProgressKind.Stuck,
        "rollback_completed" when seen.IsSettled => ServiceProgressKind.TurnedBack,
        "completed" or "" when seen.IsSettled => ServiceProgressKind.Reached,
        "completed" when record is { OnFailure: FailureAction.Continue, IsUndo: false } && TaskTrouble.Of(seen, seen.Spec.Image) is not null => ServiceProgressKind.ReachedInPart,
        _ => ServiceProgressKind.UnderWay,
    };
}
