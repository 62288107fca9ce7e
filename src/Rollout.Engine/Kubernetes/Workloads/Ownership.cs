using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>Who else keeps a workload, by the marks they leave on it.</summary>
/// <param name="Owner">Who, with the name it goes by there.</param>
/// <param name="Source">What to change instead.</param>
/// <param name="Reverts">True where it takes a change back by itself; false where only its next upgrade does.</param>
internal sealed record Ownership(string Owner, string Source, bool Reverts)
{
    /// <summary>The object that says where in Git it comes from; null where there is none.</summary>
    public (string Kind, string Namespace, string Name)? Application { get; private init; }

    /// <exception cref="RolloutException">OwnedByGitOps: a change would be taken back, and there is no force.</exception>
    public static async Task CheckAsync(Workload workload, IKubernetesClient client, bool force, IReporter reporter, CancellationToken cancellation)
    {
        if (Of(workload.Metadata) is not { } ownership) return;
        if (ownership.Reverts && !force)
        {
            var path = await GitPath.FindAsync(ownership, client, cancellation);
            throw WorkloadErrors.OwnedByGitOps(workload.Title, ownership.Owner, path ?? ownership.Source);
        }

        reporter.Warning($"{workload.Title} belongs to {ownership.Owner}, which will set the image back unless it changes in {ownership.Source} too.");
    }

    public static Ownership? Of(ObjectMeta metadata)
    {
        // Where the application of another namespace than Argo CD's own is namespace_application.
        if (TrackedBy(metadata) is { Length: > 0 } tracked)
        {
            var (space, application) = tracked.Split('_') is [var own, var rest] ? (own, rest) : ("argocd", tracked);
            return new Ownership($"the Argo CD application '{application}'", $"the Git repository of the application '{application}'", Reverts: true) { Application = ("Application", space, application) };
        }

        if (metadata.Labels.TryGetValue("kustomize.toolkit.fluxcd.io/name", out var kustomization))
        {
            var space = metadata.Labels.GetValueOrDefault("kustomize.toolkit.fluxcd.io/namespace", "");
            return new Ownership($"the Flux Kustomization '{space}/{kustomization}'", $"the Git path of the Kustomization '{space}/{kustomization}'", Reverts: true) { Application = space.Length > 0 ? ("Kustomization", space, kustomization) : null };
        }

        if (metadata.Labels.TryGetValue("helm.toolkit.fluxcd.io/name", out var helmRelease))
        {
            var where = $"{metadata.Labels.GetValueOrDefault("helm.toolkit.fluxcd.io/namespace")}/{helmRelease}";
            return new Ownership($"the Flux HelmRelease '{where}'", $"the values of the HelmRelease '{where}'", Reverts: true);
        }

        if (metadata.Labels.GetValueOrDefault("app.kubernetes.io/managed-by") == "Helm")
        {
            var release = metadata.Annotation("meta.helm.sh/release-name") ?? metadata.Name;
            return new Ownership($"the Helm release '{release}'", $"the values of the Helm release '{release}'", Reverts: false);
        }

        return null;
    }

    /// <summary>
    /// The Argo CD application that tracks an object: by <c>application:group/Kind:namespace/name</c>, which counts on that object only and not on a copy of it, or by
    /// Argo CD's own label. Its other label, <c>app.kubernetes.io/instance</c>, is everybody's and says nothing.
    /// </summary>
    private static string? TrackedBy(ObjectMeta metadata) =>
        metadata.Annotation("argocd.argoproj.io/tracking-id")?.Split(':') is [var application, _, var tracked] && tracked == $"{metadata.Namespace}/{metadata.Name}"
            ? application
            : metadata.Labels.GetValueOrDefault("argocd.argoproj.io/instance");
}
