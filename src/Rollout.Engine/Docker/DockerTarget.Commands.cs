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
                RolloutVerb.Suspend => throw RolloutErrors.CommandNotSupported(names.Workload, command.Verb, "the shell that started the rollout drives it, and no other can hold it",
                    "End it there with Ctrl+C; then carry on with Resume-Rollout, or go back with Stop-Rollout."),
                RolloutVerb.Stop => Stopped(snapshot),
                _ when state.Change is not null => $"Carry on the rollout of {status.Image}, which is {status.Phase}",
                _ when status.Phase == RolloutPhase.Degraded => $"Mend what is Degraded: {status.Message}",
                _ => $"Nothing: it is {status.Phase}",
            },
        };
    }

    private string Stopped(WorkloadSnapshot snapshot)
    {
        if (snapshot.State?.Change is null) throw RolloutErrors.NothingToStop(names.Workload);
        Planner.CheckNobodyIsAtWork(snapshot);
        return "Take back what is half done";
    }

    private Task<RolloutStatus> CommandedAsync(RolloutCommand command, Sinks sinks, CancellationToken cancellation) => command.Verb switch
    {
        RolloutVerb.Stop => StopAsync(command, sinks, cancellation),
        RolloutVerb.Restart => RestartAsync(command, sinks, cancellation),
        _ => ResumeAsync(sinks, cancellation),
    };

    /// <summary>An undo of what is half done, and of nothing else.</summary>
    private async Task<RolloutStatus> StopAsync(RolloutCommand command, Sinks sinks, CancellationToken cancellation)
    {
        var snapshot = await services.Reader.ReadAsync(names.Workload, cancellation);
        if (snapshot.State?.Change is null) throw RolloutErrors.NothingToStop(names.Workload);
        return await UndoAsync(new UndoRequest { Timeout = command.Timeout }, sinks, cancellation);
    }

    /// <summary>What failed and was left as it is goes on too: whoever says resume has mended the cause.</summary>
    private async Task<RolloutStatus> ResumeAsync(Sinks sinks, CancellationToken cancellation)
    {
        var snapshot = await FollowAsync(sinks, cancellation);
        if (snapshot.State is not { Change: { Frozen: true } frozen } state) return await CarryOnAsync(sinks.Changed, sinks.Reporter, cancellation);
        var resumed = state with { Phase = RolloutPhase.Progressing, Reason = null, Message = null, Change = frozen with { Frozen = false } };
        return await GoAsync(snapshot, resumed, await RecordedAsync(snapshot, state, cancellation), state.Wanted!.ImageId, null, sinks, cancellation);
    }

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
