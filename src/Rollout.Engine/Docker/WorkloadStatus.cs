using Rollout.Engine.Rollouts;
using Rollout.Engine.Traffic;

namespace Rollout.Engine.Docker;

/// <summary>From what is seen of a workload to what the user is told. Pure.</summary>
internal static class WorkloadStatus
{
    /// <summary>The status; null where there is no such workload.</summary>
    internal static RolloutStatus? Of(TargetName target, RolloutEndpoint endpoint, WorkloadSnapshot snapshot)
    {
        if (snapshot.State is not { } state) return null;

        var wanted = state.Wanted;
        var previous = state.Find(state.Change is null or { From: 0 } ? state.Previous : state.Change.Source);
        var image = Reference(wanted);
        var (phase, reason, message) = Standing(snapshot, state, new WorkloadNames(target));
        return new RolloutStatus
        {
            Target = target.ToString(),
            Kind = target.Kind,
            Name = target.Name,
            Context = endpoint.Context,
            Endpoint = endpoint,
            Platform = RolloutPlatform.Docker,
            Image = image,
            PreviousImage = Reference(previous),
            Digest = image?.Digest,
            Revision = wanted?.Number ?? 0,
            Strategy = state.Strategy,
            Phase = phase,
            Step = StepOf(state.Change),
            Succeeded = phase == RolloutPhase.Healthy || (state.WentBackAsAsked && phase is RolloutPhase.Undone or RolloutPhase.Failed),
            Desired = wanted?.Replicas ?? 0,
            Updated = snapshot.Live.Count(replica => replica.Release == wanted?.Number && replica.IsUp),
            Ready = snapshot.Live.Count(replica => replica.IsWell),
            Available = snapshot.Live.Count(replica => replica.IsWell && Serves(snapshot, replica)),
            Reason = reason,
            Message = message,
            StartedAt = state.StartedAt,
            CompletedAt = state.CompletedAt,
            Decisions = state.Decisions,
        };
    }

    /// <summary>The revisions, newest first.</summary>
    internal static IReadOnlyList<RolloutRevision> History(TargetName target, RolloutEndpoint endpoint, WorkloadState state) =>
    [
        .. from release in state.History.Reverse()
           let image = Reference(release)
           where image is not null
           select new RolloutRevision
           {
               Target = target.ToString(),
               Endpoint = endpoint,
               Revision = release.Number,
               Image = image,
               CreatedAt = release.CreatedAt,
               ChangeCause = release.ChangeCause,
               Verdict = release.Verdict,
               Current = release.Number == state.Current,
           },
    ];

    private static (RolloutPhase Phase, string? Reason, string? Message) Standing(WorkloadSnapshot snapshot, WorkloadState state, WorkloadNames names)
    {
        if (state.Change is { WaitsToBeResumed: true } waiting)
        {
            var waits = "It waits for Resume-Rollout; with -Full it goes to the end at once, and Stop-Rollout goes back.";
            return HeldTrouble(snapshot, state) is { } wrong
                ? (RolloutPhase.Paused, wrong.Reason, $"{wrong.Message} Suspend-Rollout puts right what can be and holds it here. {waits}")
                : (RolloutPhase.Paused, waiting.Suspended ? "Suspended" : "WaitsForResume", waits);
        }

        if (state.Change is { Frozen: false } && !snapshot.IsHeld)
        {
            return (RolloutPhase.Progressing, "Abandoned",
                $"Nobody is at work on it any more; {state.Holder?.ToString() ?? "the shell that was"} left it half done. "
                + "Resume-Rollout, or Start-Rollout with the same image, carries it on; Undo-Rollout goes back.");
        }

        if (state.Change is not null) return (state.Phase, state.Reason, state.Message ?? $"{state.Holder} is at work on it.");
        if (state.Phase is not (RolloutPhase.Healthy or RolloutPhase.Undone)) return (state.Phase, state.Reason, state.Message);
        return Trouble(snapshot, state, names) is { } trouble
            ? (RolloutPhase.Degraded, trouble.Reason, string.Join(' ', new[] { state.Message, trouble.Message }.OfType<string>()))
            : (state.Phase, state.Reason, state.Message);
    }

    /// <summary>The step as users read it: <c>2 of 3: pause</c>; null where there is none.</summary>
    internal static string? StepOf(Change? change)
    {
        if (change is null or { GoingBack: true } or { Steps.Count: 0 }) return null;
        var count = change.Steps.Count;
        return change.Step is { } step ? $"{change.Passed + 1} of {count}: {step}" : $"{count} of {count}: completing";
    }

    /// <summary>What is wrong with a workload that came to its end well.</summary>
    private static (string Reason, string Message)? Trouble(WorkloadSnapshot snapshot, WorkloadState state, WorkloadNames names)
    {
        // A first rollout that was taken back left nothing that should run.
        var wanted = state.Find(state.Current)?.Replicas ?? 0;
        var current = snapshot.Live.Where(replica => replica.Release == state.Current).ToList();
        var ill = current.FirstOrDefault(replica => replica.IsUp && !replica.IsWell);
        if (ill is not null) return ("ContainerUnhealthy", $"Container {ill.Name} is {ill.Health ?? ill.State}.");

        var up = current.Count(replica => replica.IsUp);
        if (up < wanted) return ("ReplicasMissing", $"{up} of {wanted} replicas run.");
        if (snapshot.RouterProblem is { } problem) return ("RouterNotReachable", problem.Message);
        if (state.Router is not { } router) return null;

        var missing = current.Where(replica => replica.IsUp && replica.Address is not null && !Serves(snapshot, replica)).Select(replica => replica.Name).ToList();
        if (missing.Count > 0)
        {
            return ("RouterOutOfSync", $"{router.Kind} sends no traffic to {string.Join(", ", missing)}, as after a reload. Resume-Rollout or the next Start-Rollout puts it back.");
        }

        var ghosts = snapshot.Ghosts(names).Select(server => server.Name).ToList();
        return ghosts.Count > 0 ? ("RouterOutOfSync", $"{router.Kind} has {string.Join(", ", ghosts)}, which does not run any more.") : null;
    }

    /// <summary>What is wrong with one that is held at a step, where nobody is at work on it.</summary>
    private static (string Reason, string Message)? HeldTrouble(WorkloadSnapshot snapshot, WorkloadState state)
    {
        if (state.WayToHold?.Waypoints.Last(point => point.Step == state.Change!.Passed) is not { } stand) return null;
        if (snapshot.RouterProblem is { } problem) return ("RouterNotReachable", problem.Message);

        var change = state.Change!;
        var fresh = snapshot.Live.Where(replica => replica.Release == change.Goal).ToList();
        var old = snapshot.Live.Where(replica => replica.Release == change.From && replica.IsUp).ToList();
        if (state.Router is { } router)
        {
            var lost = fresh.Count(replica => replica.IsUp && IsInRouter(snapshot, replica)) < stand.New ? fresh.Where(replica => replica.IsUp).Concat(old) : old;
            var missing = lost.Where(replica => replica.IsWell && !IsInRouter(snapshot, replica)).Select(replica => replica.Name).ToList();
            if (missing.Count > 0) return ("RouterOutOfSync", $"{router.Kind} sends no traffic to {string.Join(", ", missing)}, as after a reload.");
        }

        var ill = fresh.FirstOrDefault(replica => replica.IsUp && !replica.IsWell);
        if (ill is not null) return ("ContainerUnhealthy", $"Container {ill.Name} is {ill.Health ?? ill.State}.");
        var up = fresh.Count(replica => replica.IsUp);
        if (up < stand.New) return ("ReplicasMissing", $"{up} of {stand.New} new replicas run.");
        var wanted = Math.Min(stand.Old, change.FromReplicas);
        return old.Count < wanted ? ("ReplicasMissing", $"{old.Count} of {wanted} old replicas run.") : null;
    }

    /// <summary>Whether the router has it, be it without a share. What no address leads to is not the router's.</summary>
    private static bool IsInRouter(WorkloadSnapshot snapshot, Replica replica) =>
        replica.Address is null || RolloutRun.TrafficOf(snapshot.ServerOf(replica)) is ReplicaTraffic.Serving or ReplicaTraffic.Idle;

    /// <summary>Whether traffic reaches a replica. What no address leads to is not the router's.</summary>
    private static bool Serves(WorkloadSnapshot snapshot, Replica replica) =>
        snapshot.State?.Router is null || replica.Address is null || snapshot.ServerOf(replica)?.State == RouterServerState.Ready;

    private static ImageReference? Reference(Release? release) =>
        ImageReference.TryParse(release?.Image, out var reference) ? reference : null;
}
