using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>Who else keeps a workload, by the marks they leave on it.</summary>
/// <param name="Owner">Who, with the name it goes by there.</param>
/// <param name="Source">What to change instead.</param>
/// <param name="Reverts">True where it takes a change back by itself; false where only its next upgrade does.</param>
internal sealed record Ownership(string Owner, string Source, bool Reverts)
{
    public static Ownership? Of(ObjectMeta metadata)
    {
        // application:group/Kind:namespace/name
        if (metadata.Annotation("argocd.argoproj.io/tracking-id")?.Split(':')[0] is { Length: > 0 } application)
        {
            return new Ownership($"the Argo CD application '{application}'", $"the Git repository of the application '{application}'", Reverts: true);
        }

        if (metadata.Labels.TryGetValue("kustomize.toolkit.fluxcd.io/name", out var kustomization))
        {
            var where = $"{metadata.Labels.GetValueOrDefault("kustomize.toolkit.fluxcd.io/namespace")}/{kustomization}";
            return new Ownership($"the Flux Kustomization '{where}'", $"the Git path of the Kustomization '{where}'", Reverts: true);
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
}
