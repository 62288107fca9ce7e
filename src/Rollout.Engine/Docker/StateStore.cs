using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>
/// Keeps a workload's record where the workload lives. The engine cannot change the labels of a container that exists, so each change makes a new never-started container
/// <c>rollout-name-n+1</c> and then removes <c>n</c>. The engine lets a name be taken once, which makes that a compare-and-swap.
/// The container is made from the release's image and with its settings: that keeps both in the engine for who has to carry on, environment
/// included, which must not be in labels.
/// </summary>
internal sealed class StateStore(IDockerClient engine, WorkloadNames names)
{
    /// <summary>Ends when the records before the last one written are gone. Nobody reads those any more, so that a write need not wait for it.</summary>
    internal Task Tidied { get; private set; } = Task.CompletedTask;

    /// <summary>Writes the record that follows <paramref name="state"/>'s number.</summary>
    /// <param name="state">What is to be written; its number is that of the record it was made from.</param>
    /// <param name="template">The settings of the release that is under way or serves.</param>
    /// <param name="imageId">The image of that release.</param>
    /// <param name="writer">Who writes: tells a write of one's own, the answer to which was lost, from another's.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The record as written; null where another shell wrote in between.</returns>
    internal async Task<WorkloadState?> WriteAsync(WorkloadState state, ContainerTemplate template, string imageId, string writer, CancellationToken cancellation)
    {
        var next = state with { Sequence = state.Sequence + 1 };
        var body = Body(next, template, imageId, writer);
        try
        {
            await engine.Containers.CreateAsync(names.Record(next.Sequence), body, cancellation);
        }
        catch (RolloutException taken) when (taken.Id == "ContainerNameTaken")
        {
            if (!await IsOwnAsync(next.Sequence, writer, cancellation)) return null;

            // A write of one's own, the answer to which was lost, and which may have said something else.
            return await WriteAsync(next, template, imageId, writer, cancellation);
        }

        // The number may have been free only because others were faster twice. Then a higher one is there, and this one means nothing.
        var records = await RecordsAsync(cancellation);
        var won = records.Max(record => record.Sequence) == next.Sequence;
        if (!won)
        {
            foreach (var (id, _) in records.Where(record => record.Sequence == next.Sequence)) await engine.Containers.RemoveAsync(id, cancellation);
            return null;
        }

        await Tidied.WaitAsync(cancellation);
        Tidied = TidyAsync(records.Where(record => record.Sequence < next.Sequence));
        return next;
    }

    private async Task TidyAsync(IEnumerable<(string Id, int Sequence)> older)
    {
        try
        {
            foreach (var (id, _) in older) await engine.Containers.RemoveAsync(id, CancellationToken.None);
        }
        catch (RolloutException)
        {
            // The engine is away: the next write removes them too.
        }
    }

    /// <summary>Removes the record, of a first rollout that could not even begin; not one that another shell wrote since.</summary>
    internal async Task RemoveAsync(int sequence, CancellationToken cancellation)
    {
        foreach (var (id, _) in (await RecordsAsync(cancellation)).Where(record => record.Sequence <= sequence)) await engine.Containers.RemoveAsync(id, cancellation);
    }

    private async Task<bool> IsOwnAsync(int sequence, string writer, CancellationToken cancellation)
    {
        var container = await engine.Containers.InspectAsync(names.Record(sequence), cancellation);
        if (container is null) return false;
        var labels = container.Config["Labels"]?.AsObject();
        if ((string?)labels?[WorkloadLabels.Name] != names.Workload) throw RolloutErrors.NameOfStranger(names.Record(sequence), names.Workload);
        return (string?)labels?[WorkloadLabels.Writer] == writer;
    }

    private async Task<IReadOnlyList<(string Id, int Sequence)>> RecordsAsync(CancellationToken cancellation)
    {
        var containers = await engine.Containers.ListAsync([$"{WorkloadLabels.Name}={names.Workload}", WorkloadLabels.Sequence], all: true, cancellation);
        return [.. containers.Select(container => (container.Id, WorkloadLabels.Number(container.Labels, WorkloadLabels.Sequence) ?? 0))];
    }

    private CreateContainerBody Body(WorkloadState state, ContainerTemplate template, string imageId, string writer)
    {
        // restart=always would have the engine start it when it comes up.
        var labels = WorkloadLabels.Hide(template.Labels)
            .Append(KeyValuePair.Create(WorkloadLabels.Restart, template.RestartPolicy.ToString()))
            .Concat(state.ToLabels(names.Workload, writer));
        return template.WithLabels(labels).WithRestartPolicy(RestartPolicy.No).ToBody(imageId);
    }
}
