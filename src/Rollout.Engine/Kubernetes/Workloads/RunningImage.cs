using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>What runs in Pods, as the runtime names it: <c>docker-pullable://repository@sha256:...</c>, <c>repository@sha256:...</c> or the config's <c>sha256:...</c> alone.</summary>
internal static class RunningImage
{
    /// <summary>The digests that a container of these Pods runs; empty where the runtime does not say.</summary>
    public static IReadOnlyCollection<string> Digests(IEnumerable<Pod> pods, string container) =>
        pods.SelectMany(pod => pod.Status.ContainerStatuses.Concat(pod.Status.InitContainerStatuses))
            .Where(status => status.Name == container)
            .Select(status => DigestIn(status.ImageId))
            .OfType<string>()
            .ToHashSet();

    private static string? DigestIn(string imageId)
    {
        var digest = imageId[(imageId.LastIndexOfAny(['@', '/']) + 1)..];
        return ImageReference.IsDigest(digest) ? digest : null;
    }
}
