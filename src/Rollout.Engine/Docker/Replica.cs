using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Docker;

/// <summary>One container of a workload, as a listing shows it.</summary>
internal sealed record Replica
{
    /// <summary>The container's id.</summary>
    public required string Id { get; init; }

    /// <summary>The container's name, and its server's name in the router.</summary>
    public required string Name { get; init; }

    /// <summary>The release it belongs to.</summary>
    public required int Release { get; init; }

    /// <summary>Its number within the release, from 1.</summary>
    public required int Index { get; init; }

    /// <summary>created, running, paused, restarting, removing, exited, dead.</summary>
    public string State { get; init; } = "";

    /// <summary>starting, healthy or unhealthy; null where it has no HEALTHCHECK.</summary>
    public string? Health { get; init; }

    /// <summary>host:port that leads to it; null where none does.</summary>
    public string? Address { get; init; }

    /// <summary>The image's id.</summary>
    public string ImageId { get; init; } = "";

    /// <summary>The restart policy it has while in service.</summary>
    public RestartPolicy Restart { get; init; } = RestartPolicy.No;

    /// <summary>True for a never-started copy kept in place of a container that could not be kept itself.</summary>
    public bool IsParked { get; init; }

    /// <summary>True for one that Rollout did not make.</summary>
    public bool IsAdopted { get; init; }

    /// <summary>The labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>True while the engine keeps it going.</summary>
    internal bool IsUp => State is "running" or "restarting" or "paused";

    /// <summary>True where it runs and nothing says it is not well.</summary>
    internal bool IsWell => State == "running" && Health is null or "healthy";

    /// <summary>The router that it was put behind when it was made; null where its labels name none.</summary>
    internal RouterChoice? Router => RouterChoice.FromLabel(Labels.GetValueOrDefault(WorkloadLabels.Router));

    /// <summary>The loopback port in front of it, where it has one of Rollout's.</summary>
    internal int? HostPort => WorkloadLabels.Number(Labels, WorkloadLabels.HostPort);

    /// <summary>Reads one that Rollout made; null where the labels are of something else.</summary>
    internal static Replica? From(ContainerSummary container)
    {
        if (WorkloadLabels.Number(container.Labels, WorkloadLabels.Release) is not { } release) return null;
        if (WorkloadLabels.Number(container.Labels, WorkloadLabels.Replica) is not { } index) return null;
        var hostPort = WorkloadLabels.Number(container.Labels, WorkloadLabels.HostPort);
        return Listed(container) with
        {
            Release = release,
            Index = index,
            Address = hostPort is { } port ? $"127.0.0.1:{WorkloadLabels.Text(port)}" : null,
            Restart = RestartPolicy.Parse(container.Labels.GetValueOrDefault(WorkloadLabels.Restart, "no")),
            IsParked = container.Labels.ContainsKey(WorkloadLabels.Parked),
        };
    }

    /// <summary>One that was adopted, as it is now.</summary>
    internal static Replica From(AdoptedReplica adopted, ContainerSummary container) => Listed(container) with
    {
        Release = adopted.Release,
        Index = adopted.Replica,
        Address = adopted.Address,
        Restart = RestartPolicy.Parse(adopted.Restart),
        IsAdopted = true,
    };

    private static Replica Listed(ContainerSummary container) => new()
    {
        Id = container.Id,
        Name = container.Names.Count > 0 ? container.Names[0].TrimStart('/') : container.Id,
        Release = 0,
        Index = 0,
        State = container.State,
        Health = HealthIn(container.Status),
        ImageId = container.ImageId,
        Labels = container.Labels,
    };

    /// <summary>The list gives health only in words: <c>Up 3 minutes (healthy)</c>, <c>Up 1 second (health: starting)</c>.</summary>
    private static string? HealthIn(string status)
    {
        if (status.EndsWith("(healthy)", StringComparison.Ordinal)) return "healthy";
        if (status.EndsWith("(unhealthy)", StringComparison.Ordinal)) return "unhealthy";
        return status.EndsWith("(health: starting)", StringComparison.Ordinal) ? "starting" : null;
    }
}
