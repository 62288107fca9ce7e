using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Argo;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes.Argo;

/// <summary>A Rollout named <c>app</c> in a namespace of its own, and what tests do with it.</summary>
internal static class ArgoPlace
{
    public static CancellationToken Limit => TestLimit.FromNow;

    public const string TwoPauses = """{"canary":{"steps":[{"setWeight":50},{"pause":{}},{"setWeight":75},{"pause":{}}]}}""";
    public const string OnePause = """{"canary":{"steps":[{"setWeight":50},{"pause":{}}]}}""";
    public const string NoPause = """{"canary":{"steps":[{"setWeight":25},{"setWeight":50}]}}""";
    public const string ByHand = """{"blueGreen":{"activeService":"app","previewService":"app-preview","autoPromotionEnabled":false}}""";

    public static KubernetesTargets Targets(IKubernetesClient client) => new(client, TimeProvider.System, Random.Shared) { Images = AnyImage.Instance };

    public static IRolloutTarget Target(Playground place) => Targets(place.Client).Find(TargetName.Parse("rollout/app"), place.Namespace);

    public static JsonObject Document(string strategy, string image = "app:v1", int replicas = 2)
    {
        var body = Playground.Workload("app", image, replicas);
        body["spec"]!["strategy"] = JsonNode.Parse(strategy);
        return body;
    }

    /// <summary>It, healthy at its first version.</summary>
    public static async Task<IRolloutTarget> DeployedAsync(Playground place, string strategy)
    {
        await place.CreateAsync(ArgoRollout.Resource, Document(strategy));
        await place.UntilAsync(ArgoRollout.Resource, "app", rollout => ArgoProgress.Of(rollout).Kind == ProgressKind.Done);
        return Target(place);
    }

    public static async Task<RolloutStatus> StartAsync(IRolloutTarget target, string image, FailureAction onFailure = FailureAction.Undo, Action<RolloutStatus>? seen = null, CancellationToken? cancellation = null)
    {
        var request = new RolloutRequest { Image = ((ImageSource?)image)!, OnFailure = onFailure, Timeout = TestLimit.Time };
        return await target.ApplyAsync(await target.PlanAsync(request, SilentReporter.Instance, Limit), seen, SilentReporter.Instance, cancellation ?? Limit);
    }

    public static async Task<RolloutStatus> DoAsync(IRolloutTarget target, RolloutVerb verb, TimeSpan? timeout = null)
    {
        var plan = await target.PlanAsync(new RolloutCommand(verb) { Timeout = timeout ?? TimeSpan.FromSeconds(30) }, SilentReporter.Instance, Limit);
        return await target.ApplyAsync(plan, null, SilentReporter.Instance, Limit);
    }

    public static async Task<RolloutStatus> UndoAsync(IRolloutTarget target, UndoRequest? request = null) =>
        await target.ApplyAsync(await target.PlanUndoAsync(request ?? new UndoRequest { Timeout = TestLimit.Time }, SilentReporter.Instance, Limit), null, SilentReporter.Instance, Limit);

    public static async Task<ArgoRollout> ReadAsync(Playground place) => (await place.GetAsync(ArgoRollout.Resource, "app"))!;

    public static async Task<IReadOnlyList<string>> TagsAsync(Playground place) =>
        [.. (await PodsAsync(place)).Select(pod => ImageReference.Parse(pod.Spec.Containers[0].Image).Tag!).Order(StringComparer.Ordinal)];

    public static async Task<IReadOnlyList<Pod>> PodsAsync(Playground place) =>
        [.. (await place.Client.ListAllAsync(Resources.Pods, place.Namespace, new ListQuery { LabelSelector = "app=app" }, Limit)).Items.Where(pod => pod.Metadata.DeletionTimestamp is null)];

    public static async Task<RolloutException> RefusedAsync(string id, Func<Task> action)
    {
        var error = await Assert.ThrowsAsync<RolloutException>(action);
        Assert.Equal(id, error.Id);
        return error;
    }
}
