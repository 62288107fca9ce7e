using System.Text;
using System.Text.Json.Serialization.Metadata;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>A kind of object and where the API keeps it.</summary>
/// <typeparam name="T">The kind's model.</typeparam>
public sealed class Resource<T> where T : class, IKubernetesObject
{
    internal Resource(string group, string version, string plural, string kind, JsonTypeInfo<T> item, JsonTypeInfo<KubernetesList<T>> list)
    {
        Group = group;
        Version = version;
        Plural = plural;
        Kind = kind;
        Item = item;
        List = list;
    }

    /// <summary>The API group; empty for the core.</summary>
    public string Group { get; }

    /// <summary>The group's version.</summary>
    public string Version { get; }

    /// <summary>The name in paths and rights: <c>deployments</c>.</summary>
    public string Plural { get; }

    /// <summary>The name in objects: <c>Deployment</c>.</summary>
    public string Kind { get; }

    /// <summary><c>apiVersion</c> of an object.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>The path under which the server says which kinds it has of the group's version.</summary>
    internal string VersionPath => (Group.Length == 0 ? "/api/" : "/apis/") + ApiVersion;

    internal JsonTypeInfo<T> Item { get; }

    internal JsonTypeInfo<KubernetesList<T>> List { get; }

    /// <summary>The path of the collection (no name), of an object, or of its subresource.</summary>
    internal string Path(string? @namespace, string? name = null, string? subresource = null)
    {
        var path = new StringBuilder(VersionPath);
        if (@namespace is not null) path.Append("/namespaces/").Append(Uri.EscapeDataString(@namespace));
        path.Append('/').Append(Plural);
        if (name is not null) path.Append('/').Append(Uri.EscapeDataString(name));
        if (subresource is not null) path.Append('/').Append(subresource);
        return path.ToString();
    }
}

/// <summary>The kinds Rollout uses.</summary>
public static class Resources
{
    private static KubernetesJson Json => KubernetesJson.Default;

    /// <summary>Deployments.</summary>
    public static Resource<Deployment> Deployments { get; } = new("apps", "v1", "deployments", "Deployment", Json.Deployment, Json.KubernetesListDeployment);

    /// <summary>ReplicaSets.</summary>
    public static Resource<ReplicaSet> ReplicaSets { get; } = new("apps", "v1", "replicasets", "ReplicaSet", Json.ReplicaSet, Json.KubernetesListReplicaSet);

    /// <summary>StatefulSets.</summary>
    public static Resource<StatefulSet> StatefulSets { get; } = new("apps", "v1", "statefulsets", "StatefulSet", Json.StatefulSet, Json.KubernetesListStatefulSet);

    /// <summary>DaemonSets.</summary>
    public static Resource<DaemonSet> DaemonSets { get; } = new("apps", "v1", "daemonsets", "DaemonSet", Json.DaemonSet, Json.KubernetesListDaemonSet);

    /// <summary>ControllerRevisions.</summary>
    public static Resource<ControllerRevision> ControllerRevisions { get; } = new("apps", "v1", "controllerrevisions", "ControllerRevision", Json.ControllerRevision, Json.KubernetesListControllerRevision);

    /// <summary>Pods.</summary>
    public static Resource<Pod> Pods { get; } = new("", "v1", "pods", "Pod", Json.Pod, Json.KubernetesListPod);

    /// <summary>What Pods use, as metrics-server measures it.</summary>
    public static Resource<PodMetrics> PodMetrics { get; } = new("metrics.k8s.io", "v1beta1", "pods", "PodMetrics", Json.PodMetrics, Json.KubernetesListPodMetrics);

    /// <summary>Events.</summary>
    public static Resource<Event> Events { get; } = new("", "v1", "events", "Event", Json.Event, Json.KubernetesListEvent);

    /// <summary>Namespaces.</summary>
    public static Resource<Namespace> Namespaces { get; } = new("", "v1", "namespaces", "Namespace", Json.Namespace, Json.KubernetesListNamespace);

    /// <summary>Leases.</summary>
    public static Resource<Lease> Leases { get; } = new("coordination.k8s.io", "v1", "leases", "Lease", Json.Lease, Json.KubernetesListLease);

    /// <summary>HorizontalPodAutoscalers.</summary>
    public static Resource<HorizontalPodAutoscaler> HorizontalPodAutoscalers { get; } = new("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", Json.HorizontalPodAutoscaler, Json.KubernetesListHorizontalPodAutoscaler);

    /// <summary>PodDisruptionBudgets.</summary>
    public static Resource<PodDisruptionBudget> PodDisruptionBudgets { get; } = new("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", Json.PodDisruptionBudget, Json.KubernetesListPodDisruptionBudget);

    /// <summary>Applications of Argo CD.</summary>
    public static Resource<Application> Applications { get; } = new("argoproj.io", "v1alpha1", "applications", "Application", Json.Application, Json.KubernetesListApplication);

    /// <summary>Kustomizations of Flux.</summary>
    public static Resource<Kustomization> Kustomizations { get; } = new("kustomize.toolkit.fluxcd.io", "v1", "kustomizations", "Kustomization", Json.Kustomization, Json.KubernetesListKustomization);

    /// <summary>Services.</summary>
    public static Resource<PlainObject> Services { get; } = new("", "v1", "services", "Service", Json.PlainObject, Json.KubernetesListPlainObject);

    /// <summary>EndpointSlices.</summary>
    public static Resource<EndpointSlice> EndpointSlices { get; } = new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", Json.EndpointSlice, Json.KubernetesListEndpointSlice);

    /// <summary>HTTPRoutes of the Gateway API.</summary>
    public static Resource<PlainObject> HttpRoutes { get; } = new("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute", Json.PlainObject, Json.KubernetesListPlainObject);

    /// <summary>VirtualServices of Istio.</summary>
    public static Resource<PlainObject> VirtualServices { get; } = new("networking.istio.io", "v1", "virtualservices", "VirtualService", Json.PlainObject, Json.KubernetesListPlainObject);

    /// <summary>DestinationRules of Istio.</summary>
    public static Resource<PlainObject> DestinationRules { get; } = new("networking.istio.io", "v1", "destinationrules", "DestinationRule", Json.PlainObject, Json.KubernetesListPlainObject);

    /// <summary>SelfSubjectAccessReviews: asks whether oneself may.</summary>
    public static Resource<SelfSubjectAccessReview> SelfSubjectAccessReviews { get; } = new("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", Json.SelfSubjectAccessReview, Json.KubernetesListSelfSubjectAccessReview);
}
