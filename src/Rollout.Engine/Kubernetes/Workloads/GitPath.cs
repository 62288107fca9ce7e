using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>Where in Git a workload comes from, as Argo CD's Application or Flux's Kustomization says it.</summary>
internal static class GitPath
{
    /// <summary>The path in words; null where there is no such object, or it may not be read.</summary>
    public static async Task<string?> FindAsync(Ownership ownership, IKubernetesClient client, CancellationToken cancellation)
    {
        try
        {
            return ownership.Application switch
            {
                ("Application", var space, var name) => InWords(await client.GetAsync(Resources.Applications, space, name, cancellation)),
                ("Kustomization", var space, var name) => InWords(await client.GetAsync(Resources.Kustomizations, space, name, cancellation)),
                _ => null,
            };
        }
        catch (RolloutException e) when (e.Kind is ErrorKind.PermissionDenied or ErrorKind.NotFound)
        {
            return null;
        }
    }

    private static string? InWords(Application? application) =>
        application?.Spec.Sources.Prepend(application.Spec.Source).FirstOrDefault(source => source.Path.Length > 0) is { } source ? InWords(source.Path, source.RepoUrl) : null;

    private static string? InWords(Kustomization? kustomization) =>
        kustomization?.Spec is { Path.Length: > 0 } spec ? InWords(spec.Path, $"{spec.SourceRef.Kind} '{spec.SourceRef.Name}'") : null;

    private static string InWords(string path, string repository) => $"'{path}' of {repository}";
}
