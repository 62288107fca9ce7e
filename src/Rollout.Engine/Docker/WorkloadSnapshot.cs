using Rollout.Engine.Docker.Api;
using Rollout.Engine.Traffic;

namespace Rollout.Engine.Docker;

/// <summary>All that can be seen of one workload at one moment.</summary>
/// <param name="Name">The workload's name.</param>
/// <param name="State">The newest record; worked out from the replicas' labels where somebody removed it; null where there is no workload.</param>
/// <param name="RecordId">The id of the container that holds the record; null where there is none.</param>
/// <param name="Silence">How long ago the record was written: both times are by the engine's clock, whatever the shells' machines think.</param>
/// <param name="Replicas">Its containers, parked ones included.</param>
/// <param name="Servers">What the router has; null where there is no router or it cannot be reached.</param>
/// <param name="RouterProblem">Why the router cannot be reached.</param>
internal sealed record WorkloadSnapshot(
    string Name,
    WorkloadState? State,
    string? RecordId,
    TimeSpan Silence,
    IReadOnlyList<Replica> Replicas,
    IReadOnlyList<RouterServer>? Servers = null,
    RolloutException? RouterProblem = null)
{
    /// <summary>True while a shell is at work on it.</summary>
    internal bool IsHeld => State?.Holder?.IsAlive(Silence) ?? false;

    /// <summary>What somebody asks of whoever is at work; null where nothing is.</summary>
    internal PostedCommand? Command { get; init; }

    /// <summary>The containers themselves, without parked copies.</summary>
    internal IEnumerable<Replica> Live => Replicas.Where(replica => !replica.IsParked);

    /// <summary>One replica of a release.</summary>
    internal Replica? Find(int release, int index) => Live.FirstOrDefault(replica => replica.Release == release && replica.Index == index);

    /// <summary>The copy kept in place of a replica.</summary>
    internal Replica? Parked(int release, int index) => Replicas.FirstOrDefault(replica => replica.IsParked && replica.Release == release && replica.Index == index);

    /// <summary>The router's server of a replica: by its name, or, for one that the router's own configuration names, by its address.</summary>
    internal RouterServer? ServerOf(Replica replica) =>
        Servers?.FirstOrDefault(server => server.Name == replica.Name || (replica.Address is not null && server.Address == replica.Address));

    /// <summary>Servers under this workload's names that no container belongs to.</summary>
    internal IEnumerable<RouterServer> Ghosts(WorkloadNames names) =>
        (Servers ?? []).Where(server => server.Dynamic && names.IsReplica(server.Name) && Live.All(replica => replica.Name != server.Name));

    /// <summary>The first number that no release has had.</summary>
    internal int NextRelease =>
        1 + Math.Max(State?.History.Select(release => release.Number).DefaultIfEmpty(0).Max() ?? 0, Replicas.Select(replica => replica.Release).DefaultIfEmpty(0).Max());

    /// <summary>Makes a snapshot of each workload out of a listing of everything labelled.</summary>
    /// <param name="containers">The listing.</param>
    /// <param name="now">When it was made, by the engine's clock.</param>
    internal static IEnumerable<WorkloadSnapshot> From(IEnumerable<ContainerSummary> containers, DateTimeOffset now) =>
        containers.GroupBy(container => container.Labels[WorkloadLabels.Name]).Select(group => From(group.Key, [.. group], now));

    private static WorkloadSnapshot From(string name, IReadOnlyList<ContainerSummary> containers, DateTimeOffset now)
    {
        // A shell that died between writing a record and removing the one before leaves two: the higher one counts.
        var record = containers.MaxBy(container => WorkloadLabels.Number(container.Labels, WorkloadLabels.Sequence) ?? -1)!;
        var replicas = containers.Select(Replica.From).OfType<Replica>().ToList();
        var sequence = WorkloadLabels.Number(record.Labels, WorkloadLabels.Sequence);
        var state = WorkloadState.From(record.Labels) ?? WorkloadState.Rebuild(replicas);
        var silence = now - DateTimeOffset.FromUnixTimeSeconds(record.Created);
        return new WorkloadSnapshot(name, state is null ? null : state with { Sequence = sequence ?? 0 }, sequence is null ? null : record.Id, silence, replicas)
        {
            Command = containers.Select(PostedCommand.From).FirstOrDefault(command => command is not null),
        };
    }
}
