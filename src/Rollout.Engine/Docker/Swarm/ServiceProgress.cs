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
    /// <summary>The engine had no task to replace, so that it watches none, and tasks fail.</summary>
    Failing,
}

/// <summary>Where an update stands, for who follows it. Pure.</summary>
internal static class ServiceProgress
{
    /// <param name="seen">The service.</param>
    /// <param name="record">What was begun.</param>
    /// <param name="steady">How long its tasks have been the same.</param>
    public static ServiceProgressKind Of(ServiceSnapshot seen, ServiceRecord record, TimeSpan steady) => seen.State switch
    {
        "paused" or "rollback_paused" => ServiceProgressKind.Stuck,
        "rollback_completed" when seen.IsSettled => ServiceProgressKind.TurnedBack,
        "completed" when seen.IsSettled => ServiceProgressKind.Reached,
        "completed" when MayFail(record) && TaskTrouble.Of(seen, seen.Spec.Image) is not null => ServiceProgressKind.ReachedInPart,
        "" when seen.HasFailedSince => MayFail(record) ? ServiceProgressKind.ReachedInPart : ServiceProgressKind.Failing,
        // A task that fails runs for a moment too.
        "" when seen.IsSettled && steady >= UpdateSettings.MonitorOf(seen.Spec) => ServiceProgressKind.Reached,
        _ => ServiceProgressKind.UnderWay,
    };

    private static bool MayFail(ServiceRecord record) => record is { OnFailure: FailureAction.Continue, IsUndo: false };
}
