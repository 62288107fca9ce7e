using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>What can be done with a workload besides rolling out and undoing.</summary>
internal sealed partial class DockerTarget
{
    /// <inheritdoc/>
    public async Task<RolloutPlan> PlanAsync(RolloutCommand command, IReporter reporter, CancellationToken cancellation)
    {
        if (command.Verb == RolloutVerb.Restart)
        {
            var intent = await RestartAsync(command, cancellation);
            foreach (var warning in intent.Warnings) reporter.Warning(warning);
            return new CommandOf(command)
            {
                Target = Name,
                Before = StatusOf(intent.Snapshot),
                Description = $"Replace {intent.Release.Replicas} replicas by new ones of the same image, {intent.Release.Image}",
            };
        }

        var snapshot = await services.Reader.ReadAsync(names.Workload, cancellation);
        var state = snapshot.State ?? throw RolloutErrors.WorkloadNotFound(names.Workload, "Rollout knows no workload of that name");
        var status = StatusOf(snapshot)!;
        return new CommandOf(command)
        {
            Target = Name,
            Before = status,
            Description = command.Verb switch
            {
                RolloutVerb.Suspend when state.Change is null or { Frozen: true } => throw RolloutErrors.NothingToSuspend(names.Workload),
                RolloutVerb.Stop when state.Change is null => throw RolloutErrors.NothingToStop(names.Workload),
                RolloutVerb.Suspend => $"Hold the rollout of {status.Image} where it is",
                RolloutVerb.Stop => $"Break off the rollout of {status.Image} and go back to what ran before",
                RolloutVerb.Promote when state.Change?.Step is not null => $"Take the rollout of {status.Image} past all steps that are left",
                _ when state.Change is not null => $"Carry on the rollout of {status.Image}, which is {status.Phase}",
                _ when status.Phase == RolloutPhase.Degraded => $"Mend what is Degraded: {status.Message}",
                _ => $"Nothing: it is {status.Phase}",
            },
        };
    }

    private Task<RolloutStatus> CommandedAsync(RolloutCommand command, Sinks sinks, CancellationToken cancellation) => command.Verb switch
    {
        RolloutVerb.Restart => RestartAsync(command, sinks, cancellation),
        _ => CommandAsync(command.Verb, sinks, cancellation),
    };

    /// <summary>Tells whoever is at work, and follows what comes of it; where nobody is, does it here.</summary>
    private async Task<RolloutStatus> CommandAsync(RolloutVerb verb, Sinks sinks, CancellationToken cancellation)
    {
        var snapshot = await services.Reader.ReadAsync(names.Workload, cancellation);
        if (snapshot is { IsHeld: true, State: { } state } && IsToBeTold(verb, state))
        {
            await PostedCommand.PostAsync(services.Engine, names, verb, state, cancellation);
            if (await IsTakenAsync(cancellation)) return StatusOf(await FollowAsync(sinks, cancellation))!;
        }

        return verb switch
        {
            RolloutVerb.Stop => await StopAsync(sinks, cancellation),
            RolloutVerb.Suspend => await SuspendAsync(sinks, cancellation),
            _ => await ResumeAsync(verb, sinks, cancellation),
        };
    }

    /// <summary>Who resumes what is not held looks on until it has come to its end.</summary>
    private static bool IsToBeTold(RolloutVerb verb, WorkloadState state) => state.Change is { GoingBack: false, IsMend: false, Frozen: false } change && verb switch
    {
        RolloutVerb.Resume => change.Step is PauseStep,
        RolloutVerb.Promote => change.Step is not null,
        _ => true,
    };

    /// <summary>True where whoever is at work has taken the command up; false where it ended or died before, and the command is withdrawn.</summary>
    private async Task<bool> IsTakenAsync(CancellationToken cancellation)
    {
        await using var watch = new EngineWatch(services.Engine, names.Workload, services.Time);
        while (true)
        {
            var snapshot = await services.Reader.ReadAsync(names.Workload, cancellation);
            if (snapshot.Command is not { } command) return true;
            if (!snapshot.IsHeld)
            {
                await services.Engine.Containers.RemoveAsync(command.Id, cancellation);
                return false;
            }

            await watch.WaitAsync(TimeSpan.FromSeconds(1), cancellation);
        }
    }

    /// <summary>An undo of what is half done, and of nothing else.</summary>
    private async Task<RolloutStatus> StopAsync(Sinks sinks, CancellationToken cancellation)
    {
        var snapshot = await FollowAsync(sinks, cancellation);
        if (snapshot.State is not { Change: not null } state) throw RolloutErrors.NothingToStop(names.Workload);
        return await TakeBackAsync(snapshot, state, await RecordedAsync(snapshot, state, cancellation), sinks, cancellation);
    }

    private async Task<RolloutStatus> SuspendAsync(Sinks sinks, CancellationToken cancellation)
    {
        var snapshot = await FollowAsync(sinks, cancellation);
        if (snapshot.State is not { Change: { Frozen: false } change } state) throw RolloutErrors.NothingToSuspend(names.Workload);
        var held = change.Suspended ? state : state.Suspend(Decision("Suspended", "It is held where it is."));
        return await GoAsync(snapshot, held, await RecordedAsync(snapshot, state, cancellation), state.Wanted!.ImageId, null, sinks, cancellation, putsInOrder: change.WaitsToBeResumed);
    }

    /// <summary>What failed and was left as it is goes on too.</summary>
    private async Task<RolloutStatus> ResumeAsync(RolloutVerb verb, Sinks sinks, CancellationToken cancellation)
    {
        var snapshot = await FollowAsync(sinks, cancellation);
        if (snapshot.State is not { Change: { } change } state) return await CarryOnAsync(sinks.Changed, sinks.Reporter, cancellation);

        var resumed = state.Thaw() with { Phase = change.Standing, Reason = null, Message = null };
        if (verb == RolloutVerb.Promote && change.Step is not null) resumed = resumed.Promote(Decision("Promoted", "Past all steps that were left."));
        else if (change.WaitsToBeResumed || IsApproval(change)) resumed = resumed.Resume(Decision("Resumed", "It goes on."));
        return await GoAsync(snapshot, resumed, await RecordedAsync(snapshot, state, cancellation), state.Wanted!.ImageId, null, sinks, cancellation);
    }

    /// <summary>A pause that waits for somebody to resume it, and is not over yet, or was left for somebody to decide.</summary>
    private bool IsApproval(Change change) => change.Step is PauseStep { ApprovalLimit: { } limit } && (change.Frozen || services.Time.GetUtcNow() - change.Since < limit);

    private async Task<RolloutStatus> RestartAsync(RolloutCommand command, Sinks sinks, CancellationToken cancellation)
    {
        var intent = await RestartAsync(command, cancellation);
        var begun = intent.State.Add(intent.Release).Begin(intent.Change, Decision("Restarted", $"{intent.Release.Image} anew, as revision {intent.Release.Number}."));
        return await GoAsync(intent.Snapshot, begun, intent.Template, intent.Release.ImageId, null, sinks, cancellation);
    }

    /// <summary>A rollout of the very image that runs, whatever its tag names by now: no registry is asked.</summary>
    private async Task<Intent> RestartAsync(RolloutCommand command, CancellationToken cancellation)
    {
        var snapshot = await services.Reader.ReadAsync(names.Workload, cancellation);
        Planner.CheckNobodyIsAtWork(snapshot);
        var state = snapshot.State;
        if (state?.Change is not null) throw RolloutErrors.HalfDone(names.Workload);
        var present = state?.Find(state.Current) ?? throw RolloutErrors.WorkloadNotFound(names.Workload, "Rollout knows no running workload of that name");
        var request = new RolloutRequest
        {
            Image = ImageReference.Parse(present.Image),
            Strategy = state.Strategy == RolloutStrategy.Recreate ? RolloutStrategy.Recreate : RolloutStrategy.Rolling,
            ChangeCause = $"Restart of revision {present.Number}",
            Timeout = command.Timeout,
        };
        var intent = await Planner.PlanAsync(request, cancellation);
        return intent with { Release = intent.Release with { Image = present.Image, ImageId = present.ImageId } };
    }

    private sealed record CommandOf(RolloutCommand Command) : RolloutPlan;
}
