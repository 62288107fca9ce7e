using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes.Strategies;

/// <summary>Canaries of StatefulSets (by partition) and DaemonSets (by nodes), of three Pods each, on each cluster.</summary>
public sealed class InPlaceContractTests
{
    private static CancellationToken Limit => Stage.Limit;

    [Theory]
    [EachClusterWith("statefulset")]
    [EachClusterWith("daemonset")]
    public async Task EachStepReplacesAsManyPodsAsItSaysAndTheWorkloadGetsItsOwnStrategyBack(string cluster, string kind)
    {
        await using var stage = await SetAsync(cluster, kind);
        var fewest = 3;

        var status = await stage.StartAsync(Stage.Request("34%,pause,67%,check,pause"), seen => fewest = Math.Min(fewest, seen.Available));

        Assert.Equal((RolloutPhase.Paused, RolloutStrategy.Canary, "2 of 5: pause", 3, 1), (status.Phase, status.Strategy, status.Step, status.Desired, status.Updated));
        Assert.Equal(("docker.io/library/app:v2", "docker.io/library/app:v1"), (status.Image!.ToString(), status.PreviousImage!.ToString()));
        Assert.Equal((2, 1), await VersionsAsync(stage));
        Assert.Equal((HealthVerdict.Healthy, "1 of 1 healthy"), await stage.HealthAsync(status) is var health ? (health.Verdict, health.Checks[0].Value) : default);
        Assert.Equal(kind == "statefulset" ? "RollingUpdate 2" : "OnDelete 0", await StrategyAsync(stage, kind));
        if (kind == "statefulset") Assert.Equal("v2", (await TargetSteps.PodsAsync(stage.Place, ":v2")) is [{ Metadata.Name: "app-2" }] ? "v2" : "another than the highest");

        status = await stage.DoAsync(RolloutVerb.Resume);
        Assert.Equal("5 of 5: pause", status.Step);
        Assert.Equal((1, 2), await VersionsAsync(stage));
        status = await stage.DoAsync(RolloutVerb.Resume);
        Assert.Equal((RolloutPhase.Healthy, null, true), (status.Phase, status.Step, status.Succeeded));
        Assert.InRange(fewest, 2, 3);
        await AssertAllRunAsync(stage, kind, "v2");
        Assert.Equal(RolloutPhase.Undone, (await stage.UndoAsync()).Phase);
        await AssertAllRunAsync(stage, kind, "v1");
    }

    [Theory]
    [EachClusterWith("statefulset", "Stop")]
    [EachClusterWith("daemonset", "Undo")]
    public async Task GoingBackLeavesTheOldPodsThatAreLeftAlone(string cluster, string kind, string how)
    {
        await using var stage = await SetAsync(cluster, kind);
        await stage.StartAsync(Stage.Request("67%,pause"));
        var old = Assert.Single(await TargetSteps.PodsAsync(stage.Place, ":v1"));

        var status = how == "Stop" ? await stage.DoAsync(RolloutVerb.Stop) : await stage.UndoAsync();

        Assert.Equal((RolloutPhase.Undone, true, "v1", "v2"), (status.Phase, status.Succeeded, status.Image!.Tag, status.PreviousImage!.Tag));
        await AssertAllRunAsync(stage, kind, "v1");
        Assert.Contains(old.Metadata.Uid, (await TargetSteps.PodsAsync(stage.Place)).Select(pod => pod.Metadata.Uid));
    }

    [Theory]
    [EachClusterWith("statefulset", "bad", "ErrImagePull")]
    [EachClusterWith("statefulset", "crash", "CrashLoopBackOff")]
    [EachClusterWith("daemonset", "bad", "ErrImagePull")]
    public async Task AVersionThatCannotRunIsToldEarlyTakenBackAndRemembered(string cluster, string kind, string tag, string reason)
    {
        await using var stage = await SetAsync(cluster, kind);
        var before = (await TargetSteps.PodsAsync(stage.Place)).Select(pod => pod.Metadata.Uid).ToHashSet();

        var status = await stage.StartAsync(Stage.Request("67%,10m", "app:" + tag));

        Assert.Equal((RolloutPhase.Undone, false, reason), (status.Phase, status.Succeeded, status.Reason));
        Assert.Contains("container main", status.Message, StringComparison.Ordinal);
        await AssertAllRunAsync(stage, kind, "v1");
        Assert.Equal(2, (await TargetSteps.PodsAsync(stage.Place)).Count(pod => before.Contains(pod.Metadata.Uid)));
        Assert.Equal(HealthVerdict.Unhealthy, (await stage.Target.HistoryAsync(Limit)).Single(revision => revision.Image!.Tag == tag).Verdict);
    }

    [Theory]
    [EachClusterWith("statefulset")]
    [EachClusterWith("daemonset")]
    public async Task FreezeLeavesItAndUndoTakesItBack(string cluster, string kind)
    {
        await using var stage = await SetAsync(cluster, kind);

        var status = await stage.StartAsync(Stage.Request("34%,pause", "app:bad") with { OnFailure = FailureAction.Freeze });

        Assert.Equal((RolloutPhase.Failed, "1 of 2: weight 34%"), (status.Phase, status.Step));
        Assert.Equal(2, (await TargetSteps.PodsAsync(stage.Place, ":v1")).Count);
        await Stage.RefusedAsync("SteppedRolloutUnderWay", () => stage.StartAsync(Stage.Request("10%", "app:v3")));
        Assert.Equal(RolloutPhase.Undone, (await stage.UndoAsync()).Phase);
        await AssertAllRunAsync(stage, kind, "v1");
    }

    [Theory]
    [EachClusterWith("statefulset")]
    [EachClusterWith("daemonset")]
    public async Task AnothersChangeOverItWins(string cluster, string kind)
    {
        await using var stage = await SetAsync(cluster, kind);
        await stage.StartAsync(Stage.Request("34%,pause"));
        var another = new JsonObject { ["template"] = new JsonObject { ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = "app:v9" }) } } };
        var patch = Patch.StrategicMerge(new JsonObject { ["spec"] = another });
        if (kind == "statefulset") await stage.Place.PatchAsync(Resources.StatefulSets, "app", patch);
        else await stage.Place.PatchAsync(Resources.DaemonSets, "app", patch);

        var status = await stage.DoAsync(RolloutVerb.Resume);

        Assert.Equal((RolloutPhase.Failed, "Superseded"), (status.Phase, status.Reason));
        await AssertAllRunAsync(stage, kind, "v9");
    }

    [Theory, EachCluster]
    public async Task APartitionOfTheUsersOwnStays(string cluster)
    {
        await using var stage = await SetAsync(cluster, "statefulset", Partition(1));

        var status = await stage.StartAsync(Stage.Request("50%,pause"));
        Assert.Equal((RolloutPhase.Paused, "RollingUpdate 2"), (status.Phase, await StrategyAsync(stage, "statefulset")));

        Assert.Equal(RolloutPhase.Healthy, (await stage.DoAsync(RolloutVerb.Promote)).Phase);
        Assert.Equal("RollingUpdate 1", await StrategyAsync(stage, "statefulset"));
        Assert.Equal((1, 2), await VersionsAsync(stage));
    }

    [Theory]
    [EachClusterWith("statefulset")]
    [EachClusterWith("daemonset")]
    public async Task WhatCannotBeIsRefusedBeforeAnythingIsDone(string cluster, string kind)
    {
        await using var stage = await SetAsync(cluster, kind);
        await Stage.RefusedAsync("StrategyNotSupported", () => stage.StartAsync(Stage.Request("") with { Strategy = RolloutStrategy.BlueGreen }));
        await Stage.RefusedAsync("RouterNotApplicable", () => stage.StartAsync(Stage.Request("34%") with { Docker = new DockerWorkload { Router = "Gateway" } }));
        await Stage.RefusedAsync("BaselineNotSupported", () => stage.StartAsync(Stage.Request("34%") with { Baseline = true }));
        await Stage.RefusedAsync("WorkloadRoomNotSupported", () => stage.StartAsync(Stage.Request("34%") with { MaxSurge = "1" }));
        await Stage.RefusedAsync("StepHasTooManyReplicas", () => stage.StartAsync(Stage.Request("replicas 4")));
        Assert.Equal((3, 0), await VersionsAsync(stage));

        await using var byHand = await SetAsync(cluster, kind, new JsonObject { ["updateStrategy"] = new JsonObject { ["type"] = "OnDelete" } });
        await Stage.RefusedAsync("UpdatedByHand", () => byHand.StartAsync(Stage.Request("34%")));
    }

    [Theory, EachCluster]
    public async Task AnOldPodThatBreaksBelowThePartitionEndsTheStepInItsTimeAndIsNamed(string cluster)
    {
        await using var stage = await SetAsync(cluster, "statefulset");
        await stage.StartAsync(Stage.Request("34%,pause,67%") with { Timeout = TimeSpan.FromSeconds(stage.Place.IsReal ? 40 : 3) });
        await BreakAsync(stage, "app-0");

        var status = await stage.DoAsync(RolloutVerb.Resume);

        Assert.Equal(RolloutPhase.Failed, status.Phase);
        Assert.Contains("Pod app-0", status.Decisions.Single(decision => decision is { Action: "Failed", Verdict: null }).Message, StringComparison.Ordinal);
        Assert.Equal("RollingUpdate 0", await StrategyAsync(stage, "statefulset"));
        // That the new version is bad is not what was found out.
        Assert.DoesNotContain(await stage.Target.HistoryAsync(Limit), revision => revision is { Image.Tag: "v2", Verdict: HealthVerdict.Unhealthy });
    }

    [Theory, EachCluster]
    public async Task AVersionThatIsBrokenIsMendedByARollingUpdateThoughItsOrderWouldWaitForIt(string cluster)
    {
        await using var stage = new Stage(await Clusters.PlaygroundAsync(cluster), "statefulset");
        await stage.Place.CreateAsync(Resources.StatefulSets, Playground.Workload("app", "app:crash", 3, new JsonObject { ["serviceName"] = "app" }));
        await stage.Place.UntilAsync(Resources.Pods, "app-0", pod => PodTrouble.Of(pod) is not null);

        Assert.Contains("Pod app-0: CrashLoopBackOff", (await Stage.RefusedAsync("OldPodHoldsItUp", () => stage.StartAsync(Stage.Request("34%")))).Message, StringComparison.Ordinal);
        var status = await stage.StartAsync(Stage.Request("") with { Strategy = RolloutStrategy.Rolling });

        Assert.True(status.Phase == RolloutPhase.Healthy, $"{status.Phase} {status.Reason}: {status.Message}");
        await AssertAllRunAsync(stage, "statefulset", "v2");
    }

    /// <summary>The shell dies at the n-th status it tells; another carries on.</summary>
    [Theory]
    [EachClusterWith("statefulset")]
    [EachClusterWith("daemonset")]
    public async Task AShellMayDieAtEveryStep(string cluster, string kind)
    {
        for (var dying = 1; ; dying += cluster == "real" ? 5 : 1)
        {
            await using var stage = await SetAsync(cluster, kind);
            var told = 0;
            using var dies = new CancellationTokenSource();
            try
            {
                await stage.StartAsync(Stage.Request("34%,100ms,67%,check"), _ => { if (++told == dying) dies.Cancel(); }, dies.Token);
                Assert.True(dying > 6, $"only {dying} times");
                return;
            }
            catch (OperationCanceledException)
            {
                // The shell is dead; another goes on.
            }

            var status = await stage.Target.CarryOnAsync(null, SilentReporter.Instance, Limit);
            Assert.True(status is { Phase: RolloutPhase.Healthy, Image.Tag: "v2" }, $"dead at {dying}: {status.Phase} {status.Reason} {status.Message}");
            await AssertAllRunAsync(stage, kind, "v2");
        }
    }

    /// <summary>The same on the way back.</summary>
    [Theory]
    [EachClusterWith("statefulset")]
    [EachClusterWith("daemonset")]
    public async Task AShellMayDieOnTheWayBack(string cluster, string kind)
    {
        for (var dying = 1; ; dying += cluster == "real" ? 3 : 1)
        {
            await using var stage = await SetAsync(cluster, kind);
            await stage.StartAsync(Stage.Request("67%,pause"));
            var told = 0;
            using var dies = new CancellationTokenSource();
            var target = stage.Target;
            var plan = await target.PlanAsync(new RolloutCommand(RolloutVerb.Stop), SilentReporter.Instance, Limit);
            try
            {
                await target.ApplyAsync(plan, _ => { if (++told == dying) dies.Cancel(); }, SilentReporter.Instance, dies.Token);
                Assert.True(dying > 1, $"only {dying} times");
                return;
            }
            catch (OperationCanceledException)
            {
                // The shell is dead; another goes on.
            }

            var status = await stage.Target.CarryOnAsync(null, SilentReporter.Instance, Limit);
            Assert.True(status is { Phase: RolloutPhase.Undone, Image.Tag: "v1" }, $"dead at {dying}: {status.Phase} {status.Reason} {status.Message}");
            await AssertAllRunAsync(stage, kind, "v1");
        }
    }

    private static async Task<Stage> SetAsync(string cluster, string kind, JsonObject? spec = null)
    {
        var place = await Clusters.PlaygroundAsync(cluster);
        var whole = new JsonObject { ["replicas"] = 3 };
        foreach (var (key, value) in spec ?? []) whole[key] = value?.DeepClone();
        await TargetSteps.DeployedAsync(place, kind, "app:v1", whole);
        return new Stage(place, kind);
    }

    /// <summary>The Pod's container dies again and again from now on.</summary>
    private static Task BreakAsync(Stage stage, string pod)
    {
        var container = new JsonObject
        {
            ["name"] = "main", ["image"] = "app:v1", ["imageID"] = "", ["ready"] = false, ["restartCount"] = 3,
            ["state"] = new JsonObject { ["waiting"] = new JsonObject { ["reason"] = "CrashLoopBackOff", ["message"] = "back-off" } },
            ["lastState"] = new JsonObject { ["terminated"] = new JsonObject { ["exitCode"] = 1, ["reason"] = "Error" } },
        };
        var status = new JsonObject { ["containerStatuses"] = new JsonArray(container), ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = "False", ["lastTransitionTime"] = "2026-01-01T00:00:00Z" }) };
        return stage.Place.PatchAsync(Resources.Pods, pod, Patch.Merge(new JsonObject { ["status"] = status }) with { Subresource = "status" });
    }

    private static JsonObject Partition(int partition) => new() { ["updateStrategy"] = new JsonObject { ["type"] = "RollingUpdate", ["rollingUpdate"] = new JsonObject { ["partition"] = partition } } };

    private static async Task<(int Old, int New)> VersionsAsync(Stage stage) =>
        ((await TargetSteps.PodsAsync(stage.Place, ":v1")).Count, (await TargetSteps.PodsAsync(stage.Place, ":v2")).Count);

    private static async Task<string> StrategyAsync(Stage stage, string kind)
    {
        var strategy = kind == "statefulset" ? (await stage.Place.GetAsync(Resources.StatefulSets, "app"))!.Spec.UpdateStrategy : (await stage.Place.GetAsync(Resources.DaemonSets, "app"))!.Spec.UpdateStrategy;
        return $"{strategy.Type} {strategy.RollingUpdate.Partition}";
    }

    /// <summary>Everything is as a rollout to this version ought to leave it.</summary>
    private static async Task AssertAllRunAsync(Stage stage, string kind, string tag)
    {
        Assert.Equal("RollingUpdate 0", await StrategyAsync(stage, kind));
        if (kind == "statefulset") await stage.Place.UntilAsync(Resources.StatefulSets, "app", app => app.Status.AvailableReplicas == 3 && app.Status.UpdatedReplicas == 3 && app.Status.ObservedGeneration == app.Metadata.Generation);
        else await stage.Place.UntilAsync(Resources.DaemonSets, "app", app => app.Status.NumberAvailable == 3 && app.Status.UpdatedNumberScheduled == 3 && app.Status.ObservedGeneration == app.Metadata.Generation);
        Assert.Equal(3, (await TargetSteps.PodsAsync(stage.Place, ":" + tag)).Count);
        Assert.Equal(3, (await TargetSteps.PodsAsync(stage.Place)).Count);
    }
}
