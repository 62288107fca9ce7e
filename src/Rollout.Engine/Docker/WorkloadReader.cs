using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Docker;

/// <summary>Looks at workloads. Changes nothing.</summary>
internal sealed class WorkloadReader(IDockerClient engine, OpenRouter openRouter, TimeProvider time)
{
    private DateTimeOffset EngineNow => time.GetUtcNow() + engine.ClockAhead;

    /// <summary>One workload, found by the label that everything of it carries.</summary>
    internal async Task<WorkloadSnapshot> ReadAsync(string name, CancellationToken cancellation)
    {
        var containers = await engine.Containers.ListAsync([$"{WorkloadLabels.Name}={name}"], all: true, cancellation);
        var snapshot = WorkloadSnapshot.From(containers, EngineNow).FirstOrDefault() ?? new WorkloadSnapshot(name, null, null, TimeSpan.Zero, []);
        return await CompleteAsync(snapshot, cancellation);
    }

    /// <summary>Every workload of the engine, in one listing.</summary>
    internal async Task<IReadOnlyList<WorkloadSnapshot>> ReadAllAsync(CancellationToken cancellation)
    {
        var containers = await engine.Containers.ListAsync([WorkloadLabels.Name], all: true, cancellation);
        return await Task.WhenAll(WorkloadSnapshot.From(containers, EngineNow).Select(snapshot => CompleteAsync(snapshot, cancellation)));
    }

    private async Task<WorkloadSnapshot> CompleteAsync(WorkloadSnapshot snapshot, CancellationToken cancellation)
    {
        var state = snapshot.State;
        if (state is null) return snapshot;
        if (state.Adopted.Count > 0) snapshot = await AddAdoptedAsync(snapshot, state.Adopted, cancellation);
        return state.Router is { } router ? await AddServersAsync(snapshot, router, cancellation) : snapshot;
    }

    /// <summary>Adopted containers have no label to be found by. The list has what a single look has not: health and state in one.</summary>
    private async Task<WorkloadSnapshot> AddAdoptedAsync(WorkloadSnapshot snapshot, IReadOnlyList<AdoptedReplica> adopted, CancellationToken cancellation)
    {
        var all = await engine.Containers.ListAsync([], all: true, cancellation);
        var found = from one in adopted
                    join container in all on one.Id equals container.Id
                    select Replica.From(one, container);
        return snapshot with { Replicas = [.. snapshot.Replicas, .. found] };
    }

    private async Task<WorkloadSnapshot> AddServersAsync(WorkloadSnapshot snapshot, RouterChoice choice, CancellationToken cancellation)
    {
        try
        {
            // Looking changes nothing there would be to warn of.
            await using var router = openRouter(choice, SilentReporter.Instance);
            return snapshot with { Servers = await router.ServersAsync(cancellation) };
        }
        catch (RolloutException problem)
        {
            return snapshot with { RouterProblem = problem };
        }
    }
}
