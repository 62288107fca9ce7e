using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Docker;

/// <summary>What a container has and the new ones will not: said before the rollout begins, for it is missed only when it is gone.</summary>
internal static class LeftBehind
{
    /// <summary>One sentence for each thing.</summary>
    /// <param name="container">What runs.</param>
    /// <param name="carried">What of it would go on.</param>
    /// <param name="template">The settings of the new containers.</param>
    internal static IEnumerable<string> Of(ContainerInspect container, ContainerTemplate carried, ContainerTemplate template) =>
        [.. Ports(carried, template), .. Volumes(container, template)];

    /// <summary>The same of a router that is left for another one.</summary>
    internal static IEnumerable<string> Of(RouterChoice? before, RouterChoice? now)
    {
        if (before is null || before == now) yield break;
        yield return $"Backend '{before.Backend}' of {before.Kind} at {before.Endpoint} has no server of it any more when this is done: what is still sent there fails. Let what leads there lead to both before.";
    }

    private static IEnumerable<string> Ports(ContainerTemplate carried, ContainerTemplate template)
    {
        var still = PublishedPort.In(template.HostConfig).Select(port => port.HostPort).ToHashSet();
        return from port in PublishedPort.In(carried.HostConfig)
               where port.IsFixed && !still.Contains(port.HostPort)
               select $"The host's port {port.HostPort} will not lead to the new containers: behind a router the router is the way in. Send who asks there to the router, or let it listen there when this is done.";
    }

    private static IEnumerable<string> Volumes(ContainerInspect container, ContainerTemplate template)
    {
        var given = template.MountTargets.ToHashSet();
        return from mount in container.Mounts
               where IsAnonymous(mount) && !given.Contains(mount.Destination)
               select $"What is in {mount.Destination} stays behind: it is an anonymous volume, which belongs to {container.Name.TrimStart('/')} alone, and the new containers get empty ones. "
                   + $"Give it a name (-Volume data:{mount.Destination}) and copy what is to go on.";
    }

    private static bool IsAnonymous(MountPoint mount) => mount.Type == "volume" && mount.Name.Length == 64 && mount.Name.All(char.IsAsciiHexDigitLower);
}
