using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes.Strategies;

/// <summary>Blue-green by a Service's selector, and canaries by the weights of routes, on each cluster.</summary>
public sealed class RoutedContractTests
{
    [Theory, EachCluster]
    public async Task BlueGreenIsHeldBeforeTheSwitchAndTheNewSetIsReachedByAServiceOfItsOwn(string cluster)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);

        var held = await stage.StartAsync(BlueGreen());

        Assert.Equal((RolloutPhase.Paused, RolloutStrategy.BlueGreen, "2 of 3: pause", 2), (held.Phase, held.Strategy, held.Step, held.Updated));
        Assert.Equal(("app", "app-green"), (await SelectsAsync(stage, "app"), await SelectsAsync(stage, "app-green")));
        Assert.Equal(["v1"], await ReachedAsync(stage, "app"));
        Assert.Equal(["v2"], await ReachedAsync(stage, "app-green"));
        Assert.Equal(RolloutPhase.Healthy, (await stage.DoAsync(RolloutVerb.Resume)).Phase);
        await AssertAllRunsAsync(stage, "v2");
    }

    [Theory, EachCluster]
    public async Task TheSwitchIsTakenBackAtOnceWhileTheOldSetStillRuns(string cluster)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        var rollout = stage.StartAsync(BlueGreen() with { AutoPromote = true, ScaleDownDelay = TimeSpan.FromMinutes(5) });
        await AtAsync(stage, "3 of 3: pause 5m");
        Assert.Equal(["v2"], await ReachedAsync(stage, "app"));

        var undone = await stage.UndoAsync();

        Assert.Equal((RolloutPhase.Undone, RolloutPhase.Undone), (undone.Phase, (await rollout).Phase));
        await AssertAllRunsAsync(stage, "v1");
    }

    [Theory, EachCluster]
    public async Task ChecksAreMadeBeforeAndAfterTheSwitch(string cluster)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);

        var status = await stage.StartAsync(BlueGreen() with { AutoPromote = true, HealthChecks = [new ContainerHealthCheck { Name = "containers" }] });

        Assert.Equal(RolloutPhase.Healthy, status.Phase);
        Assert.Equal(["StepPassed", "Checked", "StepPassed", "Checked", "Checked"], status.Decisions.Select(decision => decision.Action).Where(action => action is "StepPassed" or "Checked"));
        await AssertAllRunsAsync(stage, "v2");
    }

    [Theory, EachCluster]
    public async Task AShellMayDieAtEveryStepOfABlueGreenRollout(string cluster)
    {
        for (var dying = 1; ; dying += cluster == "real" ? 4 : 1)
        {
            await using var stage = await Stage.BehindAServiceAsync(cluster);
            var told = 0;
            using var dies = new CancellationTokenSource();
            try
            {
                await stage.StartAsync(BlueGreen() with { AutoPromote = true, ScaleDownDelay = TimeSpan.FromMilliseconds(50) }, _ => { if (++told == dying) dies.Cancel(); }, dies.Token);
                Assert.True(dying > 5, $"only {dying} times");
                return;
            }
            catch (OperationCanceledException)
            {
                // The shell is dead; another goes on.
            }

            var status = await stage.Target.CarryOnAsync(null, SilentReporter.Instance, Stage.Limit);
            Assert.True(status is { Phase: RolloutPhase.Healthy, Image.Tag: "v2" }, $"dead at {dying}: {status.Phase} {status.Reason} {status.Message}");
            await AssertAllRunsAsync(stage, "v2");
        }
    }

    [Theory, EachCluster]
    public async Task AGatewaySharesTheTrafficOutByTheWeightsAloneAndGetsItsOwnBack(string cluster)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        using var done = new CancellationTokenSource();
        await Routes.GatewayAsync(stage.Place);
        var gateway = Routes.AcceptAsync(stage.Place, done.Token);
        await stage.Place.UntilAsync(Resources.HttpRoutes, "site", route => route.Status.Count > 0);

        var held = await stage.StartAsync(Routed("Gateway", "10%,pause,12.5%,pause"));
        Assert.Equal("2 of 4: pause", held.Step);
        Assert.Equal("other= | app=90 app-canary=10", await Routes.WeightsAsync(stage.Place, Resources.HttpRoutes));
        Assert.Equal((2, 1, null), await stage.CountsAsync());

        await stage.DoAsync(RolloutVerb.Resume);
        Assert.Equal("other= | app=875 app-canary=125", await Routes.WeightsAsync(stage.Place, Resources.HttpRoutes));
        Assert.Equal(RolloutPhase.Healthy, (await stage.DoAsync(RolloutVerb.Resume)).Phase);
        Assert.Equal("other= | app=7", await Routes.WeightsAsync(stage.Place, Resources.HttpRoutes));
        await AssertAllRunsAsync(stage, "v2");

        // The router is remembered, and an undo puts its weights back first.
        await stage.StartAsync(Routed(null, "50%,pause", "app:v3"));
        Assert.Equal("other= | app=50 app-canary=50", await Routes.WeightsAsync(stage.Place, Resources.HttpRoutes));
        Assert.Equal(RolloutPhase.Undone, (await stage.DoAsync(RolloutVerb.Stop)).Phase);
        Assert.Equal("other= | app=7", await Routes.WeightsAsync(stage.Place, Resources.HttpRoutes));
        await done.CancelAsync();
        await gateway;
    }

    [Theory]
    [EachClusterWith("Stop", "")]
    [EachClusterWith("Resume", "RouteGone")]
    public async Task ARouteThatIsGoneHoldsUpNoWayBack(string cluster, string how, string reason)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        await Routes.IstioAsync(stage.Place, subsets: false);
        await stage.StartAsync(Routed("Istio", "25%,pause,50%"));
        await stage.Place.Client.DeleteAsync(Resources.VirtualServices, stage.Place.Namespace, "site", null, Stage.Limit);

        var status = await stage.DoAsync(Enum.Parse<RolloutVerb>(how));

        Assert.Equal((RolloutPhase.Undone, reason), (status.Phase, status.Reason ?? ""));
        await AssertAllRunsAsync(stage, "v1");
    }

    [Theory, EachCluster]
    public async Task AServiceWhoseNameWouldBeTooLongIsRefusedBeforeAnythingIsDone(string cluster)
    {
        var name = new string('a', 58);
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        await stage.Place.CreateAsync(Resources.Deployments, Playground.Workload(name, "app:v1", 1));
        await stage.Place.CreateAsync(Resources.Services, new JsonObject { ["metadata"] = new JsonObject { ["name"] = "long" }, ["spec"] = new JsonObject { ["selector"] = new JsonObject { ["app"] = name }, ["ports"] = new JsonArray(new JsonObject { ["port"] = 80 }) } });
        var target = stage.Targets.Find(new TargetName("deployment", name), stage.Place.Namespace);

        await Stage.RefusedAsync("SecondSetNameTooLong", () => target.PlanAsync(BlueGreen(), SilentReporter.Instance, Stage.Limit));
    }

    [Theory, EachCluster]
    public async Task WeightsThatSomebodyElseKeepsChangingEndIt(string cluster)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        using var done = new CancellationTokenSource();
        await Routes.GatewayAsync(stage.Place);
        var gateway = Routes.AcceptAsync(stage.Place, done.Token);
        await stage.Place.UntilAsync(Resources.HttpRoutes, "site", route => route.Status.Count > 0);
        var rollout = stage.StartAsync(Routed("Gateway", "20%,10m"));
        for (var times = 0; times < 6 && !rollout.IsCompleted; times++)
        {
            var moved = stage.Place.UntilAsync(Resources.HttpRoutes, "site", route => rollout.IsCompleted || (int?)route.Spec["rules"]![1]!["backendRefs"]!.AsArray().ElementAtOrDefault(1)?["weight"] == 20);
            if (await Task.WhenAny(moved, rollout) == rollout) break;
            await stage.Place.PatchAsync(Resources.HttpRoutes, "site", Patch.Json([new JsonObject { ["op"] = "replace", ["path"] = "/spec/rules/1/backendRefs/1/weight", ["value"] = 3 }]));
            // The one at work looks when something of the workload changes.
            await stage.Place.PatchAsync(Resources.Deployments, "app", Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["turn"] = $"{times}" } } }));
        }

        Assert.Equal((RolloutPhase.Undone, "RouterSharesNotKept"), await rollout is { } status ? (status.Phase, status.Reason) : default);
        await done.CancelAsync();
        await gateway;
    }

    [Theory, EachCluster]
    public async Task AWeightThatSomebodyElseChangesInOneRuleOfSeveralIsPutBack(string cluster)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        await Routes.IstioAsync(stage.Place, subsets: false, new JsonObject { ["route"] = new JsonArray(new JsonObject { ["destination"] = new JsonObject { ["host"] = "app" } }) });
        var rollout = stage.StartAsync(Routed("Istio", "20%,10m"));
        await AtAsync(stage, "2 of 2: pause 10m");
        await stage.Place.PatchAsync(Resources.VirtualServices, "site", Patch.Json([new JsonObject { ["op"] = "replace", ["path"] = "/spec/http/0/route/1/weight", ["value"] = 3 }]));
        // The one at work looks when something of the workload changes.
        await stage.Place.PatchAsync(Resources.Deployments, "app", Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["turn"] = "1" } } }));
        await stage.Place.UntilAsync(Resources.VirtualServices, "site", site => (int?)site.Spec["http"]![0]!["route"]![1]!["weight"] == 20);

        Assert.Equal("app=80 app-canary=20 | app=80 app-canary=20", await Routes.WeightsAsync(stage.Place, Resources.VirtualServices));
        Assert.Equal(RolloutPhase.Undone, (await stage.DoAsync(RolloutVerb.Stop)).Phase);
        await rollout;
        Assert.Equal("app= | app=", await Routes.WeightsAsync(stage.Place, Resources.VirtualServices));
    }

    [Theory]
    [EachClusterWith(RolloutVerb.Stop)]
    [EachClusterWith(RolloutVerb.Resume)]
    public async Task OfSeveralRulesEachKeepsTheReferenceThatItHadItself(string cluster, RolloutVerb how)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        var own = (string service, int weight) => new JsonObject { ["destination"] = new JsonObject { ["host"] = service }, ["weight"] = weight };
        await Routes.IstioAsync(stage.Place, subsets: false, new JsonObject { ["route"] = new JsonArray(own("app", 100), own("app-canary", 0)) });
        var before = await Routes.SpecAsync(stage.Place, Resources.VirtualServices);
        await stage.StartAsync(Routed("Istio", "20%,pause"));
        Assert.Equal("app=80 app-canary=20 | app=80 app-canary=20", await Routes.WeightsAsync(stage.Place, Resources.VirtualServices));

        Assert.True((await stage.DoAsync(how)).Succeeded);

        var after = await Routes.SpecAsync(stage.Place, Resources.VirtualServices);
        Assert.True(JsonNode.DeepEquals(before, after), after.ToJsonString());
    }

    [Theory]
    [EachClusterWith(false)]
    [EachClusterWith(true)]
    public async Task IstioSharesItOutByHostsOrBySubsets(string cluster, bool subsets)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        await Routes.IstioAsync(stage.Place, subsets);

        await stage.StartAsync(Routed("istio", "25%,pause"));

        Assert.Equal(subsets ? "stable=75 canary=25" : "app=75 app-canary=25", await Routes.WeightsAsync(stage.Place, Resources.VirtualServices));
        Assert.Equal(subsets ? ["v1", "v2"] : ["v1"], await ReachedAsync(stage, "app"));
        var promoted = await stage.DoAsync(RolloutVerb.Promote);
        Assert.True(promoted.Phase == RolloutPhase.Healthy, $"{promoted.Phase} {promoted.Reason}: {promoted.Message}");
        Assert.Equal(subsets ? "stable=" : "app=", await Routes.WeightsAsync(stage.Place, Resources.VirtualServices));
    }

    [Theory, EachCluster]
    public async Task ARouterThatIsNotClearIsRefusedBeforeAnythingIsDone(string cluster)
    {
        await using var stage = await Stage.SetAsync(cluster, 2);
        await Stage.RefusedAsync("RouteBackendNotChosen", () => stage.StartAsync(BlueGreen()));
        await Routes.ServiceAsync(stage.Place);
        await Stage.RefusedAsync("StepNotSupported", () => stage.StartAsync(Routed("Service", "10%")));
        await Stage.RefusedAsync("UnknownRouter", () => stage.StartAsync(Routed("HAProxy", "10%")));
        await Routes.GatewayAsync(stage.Place);
        await Stage.RefusedAsync("RouteNotAccepted", () => stage.StartAsync(Routed("Gateway", "10%")));
        await Routes.ServiceAsync(stage.Place, "second");
        Assert.Contains("app, second", (await Stage.RefusedAsync("RouteBackendNotChosen", () => stage.StartAsync(BlueGreen()))).Message, StringComparison.Ordinal);
        Assert.Equal(1, (await stage.Place.GetAsync(Resources.Deployments, "app"))!.Metadata.Generation);
    }

    private static RolloutRequest BlueGreen(string image = "app:v2") => Stage.Request("", image) with { Strategy = RolloutStrategy.BlueGreen };

    private static RolloutRequest Routed(string? router, string steps, string image = "app:v2") => Stage.Request(steps, image) with { Docker = new DockerWorkload { Router = router } };

    private static async Task<string?> SelectsAsync(Stage stage, string service) => (string?)(await stage.Place.GetAsync(Resources.Services, service))!.Spec["selector"]!["app"];

    /// <summary>The versions that a Service's traffic goes to.</summary>
    private static async Task<IReadOnlyList<string>> ReachedAsync(Stage stage, string service)
    {
        var selector = (JsonObject)(await stage.Place.GetAsync(Resources.Services, service))!.Spec["selector"]!;
        var pods = await stage.Place.Client.ListAllAsync(Resources.Pods, stage.Place.Namespace, new ListQuery { LabelSelector = string.Join(',', selector.Select(label => $"{label.Key}={label.Value}")) }, Stage.Limit);
        return [.. pods.Items.Where(pod => pod.Metadata.DeletionTimestamp is null).Select(pod => ImageReference.Parse(pod.Spec.Containers[0].Image).Tag!).Distinct().Order(StringComparer.Ordinal)];
    }

    private static async Task AssertAllRunsAsync(Stage stage, string tag)
    {
        await stage.AssertAllRunsAsync(tag, 2);
        Assert.Equal("app", await SelectsAsync(stage, "app"));
        Assert.Null(await stage.Place.GetAsync(Resources.Services, "app-green"));
        Assert.Null(await stage.Place.GetAsync(Resources.Services, "app-canary"));
        Assert.Null(await stage.Place.GetAsync(Resources.Deployments, "app-green"));
    }

    private static async Task AtAsync(Stage stage, string step)
    {
        await foreach (var status in stage.Target.WatchAsync(Stage.Limit))
        {
            if (status.Step == step) return;
        }
    }
}
