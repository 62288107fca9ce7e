using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Registries;
using Rollout.Engine.Rollouts;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes.Cluster;

/// <summary>What tests of rollouts do again and again: deploy <c>app</c>, roll it out, undo it, look at its Pods.</summary>
internal static class TargetSteps
{
    public static CancellationToken Limit => TestLimit.FromNow;

    public static KubernetesTargets Targets(Playground place, IImageDigests? images = null) => new(place.Client, TimeProvider.System, Random.Shared) { Images = images ?? AnyImage.Instance };

    public static async Task<IRolloutTarget> DeployedAsync(Playground place, string kind, string image, JsonObject? spec = null, JsonObject? metadata = null, IImageDigests? images = null)
    {
        var workload = Playground.Workload("app", image, 2, spec);
        foreach (var (key, value) in metadata ?? []) workload["metadata"]![key] = value?.DeepClone();
        switch (kind)
        {
            case "deployment":
                await place.CreateAsync(Resources.Deployments, workload);
                await place.UntilAsync(Resources.Deployments, "app", app => Progress.Of(app).Kind == ProgressKind.Done);
                break;
            case "statefulset":
                ((JsonObject)workload["spec"]!)["serviceName"] = "app";
                await place.CreateAsync(Resources.StatefulSets, workload);
                await place.UntilAsync(Resources.StatefulSets, "app", app => Progress.Of(app).Kind == ProgressKind.Done);
                break;
            default:
                ((JsonObject)workload["spec"]!).Remove("replicas");
                await place.CreateAsync(Resources.DaemonSets, workload);
                await place.UntilAsync(Resources.DaemonSets, "app", app => Progress.Of(app) is { Kind: ProgressKind.Done, Desired: > 0 });
                break;
        }

        return Targets(place, images).Find(new TargetName(kind, "app"), place.Namespace);
    }

    /// <summary>Until the first Pods of the second template are there.</summary>
    public static Task UnderWayAsync(Playground place) =>
        place.UntilAsync(Resources.Deployments, "app", app => app.Metadata.Generation > 1 && app.Status.ObservedGeneration == app.Metadata.Generation && app.Status.UpdatedReplicas > 0);

    public static async Task<RolloutStatus> StartAsync(
        IRolloutTarget target, string image, FailureAction onFailure = FailureAction.Undo, TimeSpan? timeout = null, int graceRestarts = 0, string? container = null, string? maxSurge = null, string? cause = null, Action<RolloutStatus>? seen = null, CancellationToken? cancellation = null, IReporter? reporter = null, Func<RolloutRequest, RolloutRequest>? with = null)
    {
        var request = new RolloutRequest
        {
            Image = ((ImageSource?)image)!,
            OnFailure = onFailure,
            Timeout = timeout ?? TimeSpan.FromMinutes(1),
            GraceRestarts = graceRestarts,
            Container = container,
            MaxSurge = maxSurge,
            ChangeCause = cause,
        };
        reporter ??= SilentReporter.Instance;
        var plan = await target.PlanAsync(with?.Invoke(request) ?? request, reporter, cancellation ?? Limit);
        return await target.ApplyAsync(plan, seen, reporter, cancellation ?? Limit);
    }

    public static async Task<RolloutStatus> UndoAsync(IRolloutTarget target, UndoRequest? request = null, IReporter? reporter = null)
    {
        var plan = await target.PlanUndoAsync(request ?? new UndoRequest(), reporter ?? SilentReporter.Instance, Limit);
        return await target.ApplyAsync(plan, null, SilentReporter.Instance, Limit);
    }

    public static async Task<IReadOnlyList<Pod>> PodsAsync(Playground place, string? tag = null) =>
        [.. (await place.Client.ListAllAsync(Resources.Pods, place.Namespace, new ListQuery { LabelSelector = "app=app" }, Limit)).Items
            .Where(pod => pod.Metadata.DeletionTimestamp is null && (tag is null || pod.Spec.Containers[0].Image.EndsWith(tag, StringComparison.Ordinal)))];

    public static async Task<RolloutException> RefusedAsync(string id, Func<Task> action)
    {
        var error = await Assert.ThrowsAsync<RolloutException>(action);
        Assert.Equal(id, error.Id);
        return error;
    }
}
