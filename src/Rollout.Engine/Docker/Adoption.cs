using System.Text.Json.Nodes;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>
/// Takes over containers that Rollout did not make: one of the workload's name made by <c>docker run</c>, or those of a compose service. They
/// become release 1; or, where somebody put them in place of what Rollout had made (<c>docker compose up</c> does), the next one.
/// </summary>
internal sealed class Adoption(IDockerClient engine, WorkloadNames names, TimeProvider time)
{
    /// <summary>The workload with what there is to adopt as its present release; as it was where there is nothing.</summary>
    /// <param name="snapshot">The workload as its labels tell.</param>
    /// <param name="port">The port that the containers are said to listen on.</param>
    /// <param name="force">Take them though compose owns them.</param>
    /// <param name="cancellation">Ends the wait.</param>
    internal async Task<WorkloadSnapshot> AdoptAsync(WorkloadSnapshot snapshot, int? port, bool force, CancellationToken cancellation)
    {
        var known = snapshot.Replicas.Select(replica => replica.Id).ToHashSet();
        var all = await engine.Containers.ListAsync([], all: true, cancellation);
        var theirs = all.Where(container => IsTheirs(container) && !known.Contains(container.Id) && (snapshot.State is null || container.State == "running")).ToList();
        var found = new List<ContainerInspect>();
        foreach (var container in theirs)
        {
            if (await engine.Containers.InspectAsync(container.Id, cancellation) is { } one) found.Add(one);
        }

        if (found.Count == 0) return snapshot;
        if (!names.IsCompose && !force && Owner(found[0]) is { } owner) throw RolloutErrors.OwnedByCompose(names.Workload, owner);

        var ordered = found.OrderByDescending(container => container.State.Running).ThenBy(container => container.Name, StringComparer.Ordinal).ToList();
        var before = snapshot.State ?? new WorkloadState { Phase = RolloutPhase.Healthy };
        var release = await ReleaseAsync(ordered, snapshot.NextRelease, port ?? before.Find(before.Current)?.Port, cancellation);
        var adopted = ordered.Select((container, position) => Adopt(container, release, position + 1)).ToList();
        var replicas = from one in adopted join container in theirs on one.Id equals container.Id select Replica.From(one, container);
        return snapshot with
        {
            State = before.Add(release) with { Current = release.Number, Adopted = [.. before.Adopted, .. adopted] },
            Replicas = [.. snapshot.Replicas, .. replicas],
        };
    }

    private bool IsTheirs(ContainerSummary container)
    {
        if (container.Labels.ContainsKey(WorkloadLabels.Name)) return false;
        if (!names.IsCompose) return container.Names.Contains("/" + names.Workload);
        return container.Labels.GetValueOrDefault("com.docker.compose.project") == names.Project
            && container.Labels.GetValueOrDefault("com.docker.compose.service") == names.Service
            && !string.Equals(container.Labels.GetValueOrDefault("com.docker.compose.oneoff"), "true", StringComparison.OrdinalIgnoreCase);
    }

    private async Task<Release> ReleaseAsync(List<ContainerInspect> containers, int number, int? port, CancellationToken cancellation)
    {
        var image = await engine.Images.InspectAsync(containers[0].Image, cancellation);
        return new Release
        {
            Number = number,
            Image = ReferenceOf(containers[0], image),
            ImageId = containers[0].Image,
            Replicas = Math.Max(1, containers.Count(container => container.State.Running)),
            Port = port,
            CreatedAt = containers[0].Created == default ? time.GetUtcNow() : containers[0].Created,
            ChangeCause = "adopted",
        };
    }

    private static AdoptedReplica Adopt(ContainerInspect container, Release release, int index) => new(
        container.Id, container.Name.TrimStart('/'), release.Number, index, RestartPolicy.From(container.HostConfig).ToString(), AddressOf(container, release.Port));

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
