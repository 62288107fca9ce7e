using System.Text.Json.Nodes;
using Rollout.Engine.Health;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes.Strategies;

/// <summary>A workload <c>app</c> of v1, a Deployment mostly, in a namespace of its own, and what tests of rollouts in steps do with it. Each use of it is another shell.</summary>
internal sealed class Stage(Playground place, string kind = "deployment", TimeProvider? time = null) : IAsyncDisposable
{
    public static CancellationToken Limit => TestLimit.FromNow;

    public Playground Place => place;

    /// <summary>More than a control plane needs whose controllers are busy with others' work: where time is not what a test is about, it never runs out.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public IRolloutTarget Target => Targets.Find(new TargetName(kind, "app"), place.Namespace);

    public KubernetesTargets Targets => new(place.Client, time ?? TimeProvider.System, Random.Shared) { Images = AnyImage.Instance };

    public static async Task<Stage> SetAsync(string cluster, int replicas = 4, string image = "app:v1", JsonObject? spec = null)
    {
        var place = await Clusters.PlaygroundAsync(cluster);
        await place.CreateAsync(Resources.Deployments, Playground.Workload("app", image, replicas, spec));
        await place.UntilAsync(Resources.Deployments, "app", app => app.Status.ObservedGeneration > 0 && app.Status.UpdatedReplicas == replicas && (image != "app:v1" || app.Status.AvailableReplicas == replicas));
        return new Stage(place);
    }

    /// <summary>Two replicas behind a Service <c>app</c>, with a label by which an Istio subset knows them.</summary>
    public static async Task<Stage> BehindAServiceAsync(string cluster) => await BehindAServiceAsync(await Clusters.PlaygroundAsync(cluster));

    /// <inheritdoc cref="BehindAServiceAsync(string)"/>
    public static async Task<Stage> BehindAServiceAsync(Playground place)
    {
        var template = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = "app", ["version"] = "a" } }, ["spec"] = Playground.Workload("app", "app:v1")["spec"]!["template"]!["spec"]!.DeepClone() };
        await TargetSteps.DeployedAsync(place, "deployment", "app:v1", new JsonObject { ["template"] = template });
        await Routes.ServiceAsync(place);
        return new Stage(place);
    }

    public static RolloutRequest Request(string steps, string image = "app:v2") => new()
    {
        Image = ((ImageSource?)image)!,
        Strategy = RolloutStrategy.Canary,
        Steps = StepText.Parse(steps),
        Timeout = Patience,
    };

    public async Task<RolloutStatus> StartAsync(RolloutRequest request, Action<RolloutStatus>? seen = null, CancellationToken? cancellation = null, IReporter? reporter = null)
    {
        var target = Target;
        var plan = await target.PlanAsync(request, reporter ?? SilentReporter.Instance, Limit);
        return await target.ApplyAsync(plan, seen, reporter ?? SilentReporter.Instance, cancellation ?? Limit);
    }

    public async Task<RolloutStatus> DoAsync(RolloutVerb verb)
    {
        var target = Target;
        return await target.ApplyAsync(await target.PlanAsync(new RolloutCommand(verb), SilentReporter.Instance, Limit), null, SilentReporter.Instance, Limit);
    }

    public async Task<RolloutStatus> UndoAsync()
    {
        var target = Target;
        return await target.ApplyAsync(await target.PlanUndoAsync(new UndoRequest(), SilentReporter.Instance, Limit), null, SilentReporter.Instance, Limit);
    }

    public Task<RolloutHealth> HealthAsync(RolloutStatus status) => new HealthCheckRunner(Targets.ReplicaStates, TimeProvider.System).RunAsync(status, [], SilentReporter.Instance, Limit);

    public async Task<(int Stable, int? Canary, int? Baseline)> CountsAsync() =>
        ((await place.GetAsync(Resources.Deployments, "app"))!.Spec.Replicas ?? 1, (await place.GetAsync(Resources.Deployments, "app-canary"))?.Spec.Replicas, (await place.GetAsync(Resources.Deployments, "app-baseline"))?.Spec.Replicas);

    /// <summary>Everything is as a rollout to this version ought to leave it.</summary>
    public async Task AssertAllRunsAsync(string tag, int replicas = 4)
    {
        Assert.Equal((replicas, null, null), await CountsAsync());
        var app = await place.UntilAsync(Resources.Deployments, "app", app => app.Status.AvailableReplicas == replicas && app.Status.Replicas == replicas && app.Status.ObservedGeneration == app.Metadata.Generation);
        Assert.EndsWith(":" + tag, PodTemplate.Image(app.Spec.Template, "main"), StringComparison.Ordinal);
        Assert.DoesNotContain("rollout.pwsh/role", app.Spec.Template.ToJsonString(), StringComparison.Ordinal);
    }

    public Task PatchAppAsync(JsonObject spec) => place.PatchAsync(Resources.Deployments, "app", Patch.StrategicMerge(new JsonObject { ["spec"] = spec }));

    public static async Task<RolloutException> RefusedAsync(string id, Func<Task> action)
    {
        var error = await Assert.ThrowsAsync<RolloutException>(action);
        Assert.Equal(id, error.Id);
        return error;
    }

    public ValueTask DisposeAsync() => place.DisposeAsync();
}
