using System.Globalization;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>
/// What one shell asks of another that is at work. Lies beside the record as a never-started container of its own, which whoever is at work sees at its
/// next look, does, and removes.
/// </summary>
/// <param name="Id">The container's id.</param>
/// <param name="Verb">What is asked.</param>
/// <param name="Release">The release whose rollout is meant.</param>
/// <param name="Passed">How many steps had been passed when it was asked.</param>
internal sealed record PostedCommand(string Id, RolloutVerb Verb, int Release, int Passed)
{
    /// <summary>Reads one out of a listing; null where the container is something else.</summary>
    internal static PostedCommand? From(ContainerSummary container)
    {
        if (!container.Labels.TryGetValue(WorkloadLabels.Command, out var text)) return null;
        return text.Split(' ') is [var verb, var release, var passed]
            && Enum.TryParse<RolloutVerb>(verb, out var known)
            && int.TryParse(release, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && int.TryParse(passed, NumberStyles.None, CultureInfo.InvariantCulture, out var steps)
                ? new PostedCommand(container.Id, known, number, steps)
                : null;
    }

    /// <summary>Posts one.</summary>
    /// <exception cref="RolloutException">RolloutInProgress: another one has not been done yet.</exception>
    internal static async Task PostAsync(IDockerClient engine, WorkloadNames names, RolloutVerb verb, WorkloadState state, CancellationToken cancellation)
    {
        var change = state.Change!;
        var labels = new Dictionary<string, string>
        {
            [WorkloadLabels.Name] = names.Workload,
            [WorkloadLabels.Command] = $"{verb} {WorkloadLabels.Text(change.To)} {WorkloadLabels.Text(change.Passed)}",
        };
        var body = ContainerTemplate.Default.WithLabels(labels).WithRestartPolicy(RestartPolicy.No).ToBody(state.Wanted!.ImageId);
        try
        {
            await engine.Containers.CreateAsync(names.Command, body, cancellation);
        }
        catch (RolloutException taken) when (taken.Id == "ContainerNameTaken")
        {
            throw RolloutErrors.InProgress(names.Workload, "another command is about to be done");
        }
    }

    /// <summary>What becomes of a change by it; null where it comes too late to mean anything.</summary>
    internal WorkloadState? Apply(WorkloadState state, DateTimeOffset now) => state.Change switch
    {
        not { GoingBack: false, Frozen: false, IsMend: false } => null,
        var change when change.To != Release => null,
        var change => Verb switch
        {
            RolloutVerb.Suspend => state.Suspend(new RolloutDecision(now, "Suspended", "It is held where it is.")),
            RolloutVerb.Promote => state.Promote(new RolloutDecision(now, "Promoted", "Past all steps that were left.")),
            RolloutVerb.Resume => change.Passed == Passed ? state.Resume(new RolloutDecision(now, "Resumed", "It goes on.")) : null,
            RolloutVerb.Stop => state.TakeBack(new RolloutDecision(now, "Undoing", "What is half done is taken back.")),
            _ => null,
        },
    };
}
