using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>The API's types, for System.Text.Json.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(KubernetesList<Deployment>))]
[JsonSerializable(typeof(KubernetesList<ReplicaSet>))]
[JsonSerializable(typeof(KubernetesList<StatefulSet>))]
[JsonSerializable(typeof(KubernetesList<DaemonSet>))]
[JsonSerializable(typeof(KubernetesList<ControllerRevision>))]
[JsonSerializable(typeof(KubernetesList<Pod>))]
[JsonSerializable(typeof(KubernetesList<PodMetrics>))]
[JsonSerializable(typeof(KubernetesList<Event>))]
[JsonSerializable(typeof(KubernetesList<Namespace>))]
[JsonSerializable(typeof(KubernetesList<Lease>))]
[JsonSerializable(typeof(KubernetesList<HorizontalPodAutoscaler>))]
[JsonSerializable(typeof(KubernetesList<PodDisruptionBudget>))]
[JsonSerializable(typeof(KubernetesList<Application>))]
[JsonSerializable(typeof(KubernetesList<Kustomization>))]
[JsonSerializable(typeof(KubernetesList<SelfSubjectAccessReview>))]
[JsonSerializable(typeof(KubernetesList<PlainObject>))]
[JsonSerializable(typeof(KubernetesList<EndpointSlice>))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(ServerVersion))]
[JsonSerializable(typeof(Status))]
internal sealed partial class KubernetesJson : JsonSerializerContext;
