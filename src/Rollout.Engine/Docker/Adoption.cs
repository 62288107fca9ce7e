using System.Text.Json.Nodes;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>
/// Takes over containers that Rollout did not make: one of the workload's name made by <c>docker run</c>, or those of a compose service. They
/// become release 1.
/// </summary>
internal sealed class Adoption(IDockerClient engine, WorkloadNames names, TimeProvider time)
{
    private const int First = 1;

    /// <summary>A record of a workload whose first release is what runs now; null where there is nothing to adopt.</summary>
    /// <param name="containers">Every container of the engine.</param>
    /// <param name="port">The port it is said to listen on.</param>
    /// <param name="force">Take it though compose or another tool owns it.</param>
    /// <param name="cancellation">Ends the wait.</param>
    internal async Task<WorkloadState?> FindAsync(IReadOnlyList<ContainerSummary> containers, int? port, bool force, CancellationToken cancellation)
    {
        var found = new List<ContainerInspect>();
        foreach (var container in containers.Where(IsTheirs))
        {
            if (await engine.Containers.InspectAsync(container.Id, cancellation) is { } one) found.Add(one);
        }

        if (found.Count == 0) return null;
        if (!names.IsCompose && !force && Owner(found[0]) is { } owner) throw RolloutErrors.OwnedByCompose(names.Workload, owner);
        return await StateAsync(found, port, cancellation);
    }

    private bool IsTheirs(ContainerSummary container)
    {
        if (container.Labels.ContainsKey(WorkloadLabels.Name)) return false;
        if (!names.IsCompose) return container.Names.Contains("/" + names.Workload);
        return container.Labels.GetValueOrDefault("com.docker.compose.project") == names.Project
            && container.Labels.GetValueOrDefault("com.docker.compose.service") == names.Service
            && !string.Equals(container.Labels.GetValueOrDefault("com.docker.compose.oneoff"), "true", StringComparison.OrdinalIgnoreCase);
    }

    private async Task<WorkloadState> StateAsync(IReadOnlyList<ContainerInspect> found, int? port, CancellationToken cancellation)
    {
        var ordered = found.OrderByDescending(container => container.State.Running).ThenBy(container => container.Name, StringComparer.Ordinal).ToList();
        var running = ordered.Count(container => container.State.Running);
        var image = await engine.Images.InspectAsync(ordered[0].Image, cancellation);
        var release = new Release
        {
            Number = First,
            Image = ReferenceOf(ordered[0], image),
            ImageId = ordered[0].Image,
            Replicas = Math.Max(1, running),
            Port = port,
            CreatedAt = ordered[0].Created == default ? time.GetUtcNow() : ordered[0].Created,
            ChangeCause = "adopted",
        };
        return new WorkloadState
        {
            Phase = RolloutPhase.Healthy,
            Current = First,
            History = [release],
            Adopted = [.. ordered.Select((container, position) => Adopt(container, position + 1, port))],
        };
    }

    private static AdoptedReplica Adopt(ContainerInspect container, int index, int? port) => new(
        container.Id, container.Name.TrimStart('/'), First, index, RestartPolicy.From(container.HostConfig).ToString(), AddressOf(container, port));

    /// <summary>Where the host leads to its port, as far as that is the loopback's or every address's.</summary>
    private static string? AddressOf(ContainerInspect container, int? port)
    {
        if (port is not { } inside) return null;
        var published = PublishedPort.In(container.HostConfig)
            .FirstOrDefault(one => one.IsFixed && one.ContainerPort == $"{WorkloadLabels.Text(inside)}/tcp" && one.HostIp is "" or "0.0.0.0" or "127.0.0.1" or "::");
        return published is null ? null : $"127.0.0.1:{published.HostPort}";
    }

    /// <summary>The name it was made with, unless that is an id; then one of the image's names.</summary>
    private static string ReferenceOf(ContainerInspect container, ImageInspect? image)
    {
        var name = (string?)container.Config["Image"];
        if (ImageReference.TryParse(name, out var reference)) return reference.ToString();
        var tag = image?.RepoTags.FirstOrDefault(text => ImageReference.TryParse(text, out _));
        return tag is null ? container.Image : ImageReference.Parse(tag).ToString();
    }

    private static string? Owner(ContainerInspect container)
    {
        var labels = container.Config["Labels"] as JsonObject;
        var project = (string?)labels?["com.docker.compose.project"];
        return project is null ? null : $"compose/{project}/{(string?)labels!["com.docker.compose.service"]}";
    }
}
