namespace Rollout.Engine.Rollouts;

/// <summary>Where the workloads of a kind live.</summary>
public enum TargetHome
{
    /// <summary>On a Docker engine.</summary>
    DockerHost,
    /// <summary>In a namespace of a Kubernetes cluster.</summary>
    Cluster,
}

/// <summary>
/// A kind of target in its platform's own words. A new kind is a line here, and a line in the targets of its home
/// (<c>DockerTargets.Open</c>, <c>KubernetesTargets.Open</c>) that says what works it.
/// </summary>
/// <param name="Name">The long form, lower case.</param>
/// <param name="Home">Where its workloads live.</param>
/// <param name="ShortName">The short form, where there is one.</param>
public sealed record TargetKind(string Name, TargetHome Home, string? ShortName = null)
{
    /// <summary>Every kind.</summary>
    public static IReadOnlyList<TargetKind> All { get; } =
    [
        new("docker", TargetHome.DockerHost),
        new("compose", TargetHome.DockerHost) { NameParts = 2 },
        new("service", TargetHome.DockerHost),
        new("deployment", TargetHome.Cluster, "deploy"),
        new("statefulset", TargetHome.Cluster, "sts"),
        new("daemonset", TargetHome.Cluster, "ds"),
        new("rollout", TargetHome.Cluster),
    ];

    /// <summary>How many parts, with slashes between, its names have.</summary>
    public int NameParts { get; private init; } = 1;

    /// <summary>The kind of a word, in long or short form and any case; null where it is none.</summary>
    public static TargetKind? Find(string word) =>
        All.FirstOrDefault(kind => word.Equals(kind.Name, StringComparison.OrdinalIgnoreCase) || word.Equals(kind.ShortName, StringComparison.OrdinalIgnoreCase));

    /// <summary>Where a target lives, which may be a pattern; null where its text leaves that open.</summary>
    public static TargetHome? HomeOf(string target) => target.Split('/') is [var word, _, ..] ? Find(word)?.Home : null;
}
