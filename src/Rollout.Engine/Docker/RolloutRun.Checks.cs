using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

// What the checks find, and what comes of it.
internal sealed partial class RolloutRun
{
    private const string AllServe = "Every new replica is healthy and in service.";

    /// <summary>What runs again is looked at by the same checks, once it has all the traffic: what failed is never waited for.</summary>
    private bool IsBackUnverified => lease.State.Change is { GoingBack: true, IsUndo: false, Verified: false, NothingRanBefore: false } && (Checks ?? lease.State.Checks).Count > 0;

    private async Task VerifyAsync(RolloutStatus status, CancellationToken cancellation)
    {
        var change = lease.State.Change!;
        if (change.IsMend)
        {
            // That it serves again says nothing new about the release.
            await lease.SaveAsync(lease.State.Verified(Decision("Checked", AllServe)), cancellation);
            return;
        }

        var checks = Checks ?? lease.State.Checks;
        var skipped = Checks is null ? change.SecretChecks : [];
        if (checks.Count == 0)
        {
            await PassAsync(lease.State, Decision("Checked", AllServe, HealthVerdict.Healthy), skipped, Verified, cancellation);
            return;
        }

        await CheckAsync(status, checks, skipped, Verified, (state, reason, message, decision) => state.GoOn(reason, message, decision), cancellation);
    }

    /// <summary>The checks of a step look at the new replicas that there are by then.</summary>
    private async Task CheckAsync(WorkloadSnapshot snapshot, RolloutStatus status, CancellationToken cancellation)
    {
        var own = ((Steps ?? lease.State.Change!.Steps)[lease.State.Change!.Passed] as CheckStep)?.Checks ?? [];
        var ofRollout = Checks ?? lease.State.Checks;
        var checks = own.Count > 0 ? own : ofRollout.Count > 0 ? ofRollout : [new ContainerHealthCheck { Name = "containers" }];
        var present = snapshot.Live.Count(replica => replica.Release == lease.State.Change.Goal && replica.IsUp);
        await CheckAsync(status with { Desired = present }, checks, Steps is null ? lease.State.Change.SecretChecks : [], (state, decision) => state.Pass(decision), (state, reason, message, decision) => state.PassAllTheSame(reason, message, decision), cancellation);
        if (lease.State.Change is not null) BeginStep();
    }

    private async Task CheckAsync(
        RolloutStatus status, IReadOnlyList<RolloutHealthCheck> checks, IReadOnlyList<string> skipped,
        Func<WorkloadState, RolloutDecision, WorkloadState> passed, Func<WorkloadState, string, string, RolloutDecision, WorkloadState> failed, CancellationToken cancellation)
    {
        // What the release that is gone did is no evidence against the one before it.
        var isBack = lease.State.Change is { GoingBack: true } or { IsUndo: true };
        RolloutHealth health;
        try
        {
            DateTimeOffset? since = isBack ? time.GetUtcNow() : null;
            if (await Race.FirstAsync<RolloutHealth?>(async end => await runChecks(status, checks, since, reporter, end), UntilPointlessAsync, cancellation) is not { } judgement) return;
            health = judgement;
        }
        catch (RolloutException problem) when (!IsAway(problem))
        {
            await FailAsync(problem.Id, problem.Message, null, cancellation);
            return;
        }

        RolloutDecision[] found = [.. health.ToDecisions()];
        // The decision about the only check is the one over all too.
        var isOne = found.Length == 1 && skipped.Count == 0;
        var whole = isOne ? found[0] : Decision("Checked", health.Findings, health.Verdict);
        var judged = found.Aggregate(lease.State, (state, decision) => state.Decide(decision));
        var before = isOne ? lease.State : judged;
        if (health.Verdict == HealthVerdict.Healthy) await PassAsync(before, whole, skipped, passed, cancellation);
        else if (isBack) await StayAsync(judged, health.Verdict, health.Findings, cancellation);
        else if (lease.State.Change!.OnFailure == FailureAction.Continue) await lease.SaveAsync(failed(before, "HealthCheckFailed", health.Findings, whole), cancellation);
        else await FailAsync("HealthCheckFailed", health.Findings, health.Verdict, cancellation, judged);
    }

    /// <summary>Ends, without a judgement, when a new replica has failed or another shell asks for something: that is seen to at the next look.</summary>
    private async Task<RolloutHealth?> UntilPointlessAsync(CancellationToken cancellation)
    {
        while (!await IsPointlessAsync(cancellation)) await happenings.WaitAsync(LookAtLeastEvery, cancellation);
        return null;
    }

    private async Task<bool> IsPointlessAsync(CancellationToken cancellation)
    {
        try
        {
            var snapshot = await reader.ReadAsync(names.Workload, cancellation);
            if (snapshot.Command is not null) return true;
            var looks = await Task.WhenAll(snapshot.Live.Where(replica => replica.Release == Goal.Number).Select(replica => gate.LookAsync(replica, Goal.Port, cancellation)));
            return looks.Any(look => look.Phase == ReplicaPhase.Failed);
        }
        catch (RolloutException problem)
        {
            // Whether what is away comes back is no matter of the checks; anything else shows at the next look.
            return !IsAway(problem);
        }
    }

    /// <summary>An undo is never undone: where what ran before does not pass either, that is told, and nothing is held against it.</summary>
    private async Task StayAsync(WorkloadState judged, HealthVerdict verdict, string findings, CancellationToken cancellation)
    {
        var told = $"What runs again is {verdict} by the same checks, so that they may be what is wrong. {findings}";
        reporter.Warning($"{names.Workload}: {told}");
        await lease.SaveAsync(judged.Verified(Decision("Checked", told)), cancellation);
    }

    private static WorkloadState Verified(WorkloadState state, RolloutDecision decision) => state.Verified(decision);

    /// <summary>Nothing that could be checked was bad. Checks that only another shell could have made leave the release without a verdict.</summary>
    private async Task PassAsync(WorkloadState state, RolloutDecision decision, IReadOnlyList<string> skipped, Func<WorkloadState, RolloutDecision, WorkloadState> passed, CancellationToken cancellation)
    {
        if (skipped.Count > 0)
        {
            var unmade = $"Not made, as what they need is secret and only the shell that began had it: {string.Join(", ", skipped)}. The revision does not count as verified.";
            reporter.Warning(unmade);
            decision = decision with { Message = $"{decision.Message} {unmade}", Verdict = HealthVerdict.Inconclusive };
        }

        await lease.SaveAsync(passed(state, decision), cancellation);
    }

    private async Task FailAsync(WorkloadSnapshot snapshot, int index, CancellationToken cancellation)
    {
        var (reason, message) = snapshot.Find(Goal.Number, index) is { } replica
            ? await gate.ExplainAsync(replica, Goal.Port, cancellation)
            : ("Timeout", $"Replica {index} was not there in time.");
        await FailAsync(reason, message, HealthVerdict.Unhealthy, cancellation);
    }

    /// <param name="reason">One word for why.</param>
    /// <param name="message">The same in a sentence.</param>
    /// <param name="verdict">What was found of the release; null where it is not the release that failed.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="judged">The record with what the checks found; null where none were made.</param>
    private async Task FailAsync(string reason, string message, HealthVerdict? verdict, CancellationToken cancellation, WorkloadState? judged = null)
    {
        var state = judged ?? lease.State;
        var change = state.Change!;
        if (change.IsMend)
        {
            await lease.SaveAsync(state.GiveUpMending(Decision("Failed", message)), cancellation);
        }
        else if (change.GoingBack)
        {
            var both = change.Message is null ? $"What ran before could not be put back: {message}" : $"{change.Message} And what ran before could not be put back: {message}";
            await lease.SaveAsync(state.Freeze("UndoFailed", both, Decision("Failed", both, verdict)), cancellation);
        }
        else if (change.OnFailure == FailureAction.Undo)
        {
            await lease.SaveAsync(state.TurnBack(reason, message, Decision("Undoing", message, verdict)), cancellation);
            BeginWay();
        }
        else
        {
            await lease.SaveAsync(state.Freeze(reason, message, Decision("Failed", message, verdict)), cancellation);
        }
    }
}

/// <summary>Runs health checks against a rollout; what was before <paramref name="since"/> is no evidence.</summary>
internal delegate Task<RolloutHealth> RunChecks(
    RolloutStatus rollout, IReadOnlyList<RolloutHealthCheck> checks, DateTimeOffset? since, IReporter reporter, CancellationToken cancellation);
