using System.Text.Json.Nodes;

namespace Rollout.Engine.Docker;

/// <summary>From a release's settings to those of one replica, and back.</summary>
internal static class ReplicaTemplate
{
    private const string ComposeNumber = "com.docker.compose.container-number";
    private const string ComposeImage = "com.docker.compose.image";

    /// <summary>The settings of one replica: its labels, and its loopback port.</summary>
    internal static ContainerTemplate For(
        ContainerTemplate template, WorkloadNames names, Release release, int index, int? hostPort, int? composeNumber, RouterChoice? router)
    {
        var labels = template.Labels.ToDictionary();
        labels[WorkloadLabels.Name] = names.Workload;
        labels[WorkloadLabels.Release] = WorkloadLabels.Text(release.Number);
        labels[WorkloadLabels.Replica] = WorkloadLabels.Text(index);
        labels[WorkloadLabels.Image] = release.Image;
        labels[WorkloadLabels.Restart] = template.RestartPolicy.ToString();
        if (router is not null) labels[WorkloadLabels.Router] = router.ToLabel();
        if (composeNumber is { } number)
        {
            labels[ComposeNumber] = WorkloadLabels.Text(number);
            labels[ComposeImage] = release.ImageId;
        }

        if (release.Port is not { } port || hostPort is not { } onHost) return template.WithLabels(labels);
        labels[WorkloadLabels.Port] = WorkloadLabels.Text(port);
        labels[WorkloadLabels.HostPort] = WorkloadLabels.Text(onHost);
        return Publish(template.WithLabels(labels), Loopback(port, onHost));
    }

    /// <summary>The other way round: without what belongs to one replica or to Rollout.</summary>
    internal static ContainerTemplate Without(ContainerTemplate template, WorkloadNames names)
    {
        var labels = template.Labels.ToDictionary();
        var restart = labels.GetValueOrDefault(WorkloadLabels.Restart);
        var port = WorkloadLabels.Number(labels, WorkloadLabels.Port);
        var hostPort = WorkloadLabels.Number(labels, WorkloadLabels.HostPort);

        var own = WorkloadLabels.OfUser(template.Labels).Where(label => label.Key is not (ComposeNumber or ComposeImage)).ToList();
        template = own.Count > 0 ? template.WithLabels(own) : template.WithoutLabels();
        if (restart is not null) template = template.WithRestartPolicy(RestartPolicy.Parse(restart));
        if (names.IsCompose) template = template.WithoutAliases(names.IsReplica);
        return port is { } inside && hostPort is { } onHost ? Unpublish(template, Loopback(inside, onHost)) : template;
    }

    private static PublishedPort Loopback(int port, int hostPort) => new($"{WorkloadLabels.Text(port)}/tcp", "127.0.0.1", WorkloadLabels.Text(hostPort));

    private static ContainerTemplate Publish(ContainerTemplate template, PublishedPort port)
    {
        var config = template.Config.Copy();
        var host = template.HostConfig.Copy();
        PublishedPort.Apply(config, host, PublishedPort.In(host).Append(port));
        return template with { Config = config, HostConfig = host };
    }

    private static ContainerTemplate Unpublish(ContainerTemplate template, PublishedPort port)
    {
        var config = template.Config.Copy();
        var host = template.HostConfig.Copy();
        var others = PublishedPort.In(host).Where(other => other != port).ToList();
        if (others.All(other => other.ContainerPort != port.ContainerPort)) (config["ExposedPorts"] as JsonObject)?.Remove(port.ContainerPort);
        PublishedPort.Apply(config, host, others);
        if ((config["ExposedPorts"] as JsonObject)?.Count == 0) config.Remove("ExposedPorts");
        return template with { Config = config, HostConfig = host };
    }
}
