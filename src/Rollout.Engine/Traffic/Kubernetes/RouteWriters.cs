using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;

namespace Rollout.Engine.Traffic.Kubernetes;

/// <summary>Who else writes the weights of a route, and would put back what a rollout writes there: by the marks they leave on it, and by the managers that the API names for its fields.</summary>
internal static class RouteWriters
{
    private const string ByHand = "kubectl-";
    private const string ClientSideApply = "kubectl-client-side-apply";
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    // The names that controllers give themselves there.
    private static readonly (string Manager, string Name)[] Controllers =
    [
        ("flagger", "Flagger"),
        ("rollouts-controller", "Argo Rollouts"),
        ("argo-rollouts", "Argo Rollouts"),
        ("argocd-controller", "Argo CD"),
        ("argocd-application-controller", "Argo CD"),
        ("kustomize-controller", "Flux"),
        ("helm-controller", "Flux"),
    ];

    /// <summary>The managers that the API names for its weights, and those that it named before a rollout wrote them.</summary>
    /// <param name="route">The route.</param>
    /// <param name="shape">Its kind's.</param>
    /// <param name="known">Those that are remembered.</param>
    public static IReadOnlyList<RouteWriter> Of(PlainObject route, RouteShape shape, IReadOnlyList<RouteWriter> known) =>
        [.. route.Metadata.ManagedFields.Where(entry => WritesWeights(entry, shape)).Select(entry => new RouteWriter(entry.Manager, entry.Operation)).Union(known)];

    /// <summary>One sentence for each.</summary>
    /// <param name="route">The route.</param>
    /// <param name="shape">Its kind's.</param>
    /// <param name="managers">Who writes its weights.</param>
    public static IEnumerable<string> Warnings(PlainObject route, RouteShape shape, IReadOnlyList<RouteWriter> managers)
    {
        var name = $"{shape.Resource.Kind} '{route.Metadata.Name}'";
        var owner = Ownership.Of(route.Metadata);
        if (owner is { Reverts: true }) yield return $"{name} is kept by {owner.Owner}, which may put back what a rollout writes there. Have it leave the weights alone.";

        var controllers = managers.Select(Controller).OfType<string>().Distinct().Where(found => owner is not { Reverts: true } || found is not ("Argo CD" or "Flux")).ToList();
        foreach (var controller in controllers) yield return $"The weights of {name} are written by {controller} too, which puts back what a rollout writes there. Have it leave them alone, or leave this route's rollouts to it.";

        var declaring = managers.Where(entry => Controller(entry) is null && IsDeclaring(entry)).Select(entry => entry.Manager == ClientSideApply ? "kubectl apply" : ForeignText.Neutralise(entry.Manager));
        if (owner is { Reverts: false }) declaring = declaring.Where(manager => manager != "helm").Append(owner.Owner);
        if (route.Metadata.Annotation(LastApplied) is not null) declaring = declaring.Append("kubectl apply");
        foreach (var manager in declaring.Distinct()) yield return $"{name} is kept by {manager}, which sets its weights at every time it is used. Do not use it while the rollout goes on.";

        foreach (var other in managers.Where(entry => Controller(entry) is null && !IsDeclaring(entry) && !entry.Manager.StartsWith(ByHand, StringComparison.Ordinal))) yield return $"The weights of {name} were written by '{ForeignText.Neutralise(other.Manager)}'. Where that is a controller, it may put back what a rollout writes there: have it leave them alone.";
    }

    private static bool WritesWeights(ManagedFieldsEntry entry, RouteShape shape) =>
        entry.Subresource.Length == 0 && entry.Manager != KubernetesClient.FieldManager && entry.FieldsV1["f:spec"]?[$"f:{shape.Rules}"] is not null;

    private static string? Controller(RouteWriter entry) => Controllers.FirstOrDefault(known => known.Manager == entry.Manager).Name;

    /// <summary>What states the whole object from a file each time, and does nothing in between.</summary>
    private static bool IsDeclaring(RouteWriter entry) => entry.Operation == "Apply" || entry.Manager is "helm" or ClientSideApply;
}
