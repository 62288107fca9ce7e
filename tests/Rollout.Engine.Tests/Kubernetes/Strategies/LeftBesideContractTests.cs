using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes.Strategies;

/// <summary>What a shell that died leaves beside a Deployment, and what others do to it meanwhile, on each cluster.</summary>
public sealed class LeftBesideContractTests
{
    /// <summary>The tag of an image whose Pods take so long that what comes between is seen.</summary>
    private const string Slow = "slow2";

    private static CancellationToken Limit => Stage.Limit;

    [Theory, EachCluster]
    public async Task WhatAShellLeftAfterTheSwitchIsNotHealthyYetAndNoSecondSetIsMadeOverIt(string cluster)
    {
        await using var stage = await LeftAfterTheSwitchAsync(cluster);

        Assert.Equal((RolloutPhase.Progressing, "Abandoned"), (await stage.Target.ReadAsync(Limit))! is { } read ? (read.Phase, read.Reason) : default);
        await Stage.RefusedAsync("SteppedRolloutUnderWay", () => stage.StartAsync(Stage.Request("50%", "app:v3")));
        await Stage.RefusedAsync("SteppedRolloutUnderWay", () => stage.StartAsync(Stage.Request("", "app:v3") with { Strategy = RolloutStrategy.BlueGreen }));
        Assert.Equal(RolloutPhase.Healthy, (await stage.DoAsync(RolloutVerb.Resume)).Phase);
        await AssertServesAsync(stage, Slow);

        // A canary after a blue-green rollout has the replicas as its share: no Service's selector can share its traffic.
        Assert.Equal((RolloutPhase.Paused, 1), await stage.StartAsync(Stage.Request("50%,pause", "app:v3")) is { } held ? (held.Phase, held.Updated) : default);
    }

    [Theory]
    [EachClusterWith("Rolling")]
    [EachClusterWith("Restart")]
    [EachClusterWith("Undo")]
    public async Task WhatBringsTheWorkloadToAnEndTakesWhatWasLeftBesideItAway(string cluster, string how)
    {
        await using var stage = await LeftAfterTheSwitchAsync(cluster);

        var status = how switch
        {
            "Rolling" => await stage.StartAsync(Stage.Request("", "app:v3") with { Strategy = RolloutStrategy.Rolling }),
            "Restart" => await stage.DoAsync(RolloutVerb.Restart),
            _ => await stage.UndoAsync(),
        };

        Assert.True(status.Succeeded, $"{status.Phase} {status.Reason}: {status.Message}");
        await AssertServesAsync(stage, how switch { "Rolling" => "v3", "Restart" => Slow, _ => "v1" });
    }

    [Theory, EachCluster]
    public async Task AnothersImageWhileNobodyIsAtWorkIsTheirsAndIsTold(string cluster)
    {
        await using var stage = await Stage.SetAsync(cluster);
        await stage.StartAsync(Stage.Request("50%,pause"));
        await stage.PatchAppAsync(Image("app:v9"));

        Assert.Equal((RolloutPhase.Progressing, "Abandoned"), (await stage.Target.ReadAsync(Limit))! is { } read ? (read.Phase, read.Reason) : default);
        Assert.Equal((RolloutPhase.Failed, "Superseded"), await stage.DoAsync(RolloutVerb.Resume) is { } status ? (status.Phase, status.Reason) : default);

        await stage.AssertAllRunsAsync("v9");
    }

    [Theory]
    [EachClusterWith(8, "Resume", "v2")]
    [EachClusterWith(8, "Stop", "v1")]
    [EachClusterWith(1, "Resume", "v2")]
    [EachClusterWith(0, "Resume", "v2")]
    public async Task TheReplicasThatSomebodyElseSetsMeanwhileAreThoseOfAll(string cluster, int replicas, string how, string tag)
    {
        await using var stage = await Stage.SetAsync(cluster);
        await stage.StartAsync(Stage.Request("25%,pause,50%"));
        await stage.PatchAppAsync(new JsonObject { ["replicas"] = replicas });

        var status = await stage.DoAsync(Enum.Parse<RolloutVerb>(how));

        Assert.True(status.Succeeded, $"{status.Phase} {status.Reason}: {status.Message}");
        Assert.Contains(status.Decisions, decision => decision.Action == "Scaled");
        await stage.AssertAllRunsAsync(tag, replicas);
    }

    [Theory, EachCluster]
    public async Task BehindARouterTheNewSideGrowsWithTheWorkloadBeforeTheSwitch(string cluster)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        await stage.StartAsync(Stage.Request("") with { Strategy = RolloutStrategy.BlueGreen, ScaleDownDelay = TimeSpan.FromHours(1) });
        await stage.PatchAppAsync(new JsonObject { ["replicas"] = 5 });

        var rollout = stage.DoAsync(RolloutVerb.Resume);
        await foreach (var status in stage.Target.WatchAsync(Limit))
        {
            if (status.Step == "4 of 4: pause 1h") break;
        }

        Assert.Equal(5, (await stage.Place.GetAsync(Resources.Deployments, "app-green"))!.Status.AvailableReplicas);
        Assert.Equal(RolloutPhase.Undone, (await stage.DoAsync(RolloutVerb.Stop)).Phase);
        await rollout;
        await stage.AssertAllRunsAsync("v1", 5);
    }

    [Theory, EachCluster]
    public async Task ItIsUndoneWhenWhatRanBeforeServesAgain(string cluster)
    {
        await using var stage = await Stage.SetAsync(cluster);
        await stage.StartAsync(Stage.Request("75%,pause"));
        // The Pods of the canary are gone, and with them what the old side had given up for them.
        await stage.Place.Client.DeleteAsync(Resources.Deployments, stage.Place.Namespace, "app-canary", null, Limit);

        var status = await stage.DoAsync(RolloutVerb.Stop);

        Assert.Equal((RolloutPhase.Undone, 4), (status.Phase, status.Available));
    }

    [Theory, EachCluster]
    public async Task WhatRanBeforeAndIsBrokenIsNoUndoThatWentWellAndDoesNotHoldUpTheNext(string cluster)
    {
        await using var stage = await Stage.SetAsync(cluster, image: "app:crash");

        Assert.Equal(RolloutPhase.Failed, (await stage.StartAsync(Stage.Request("50%,pause", "app:bad"))).Phase);

        Assert.Equal(RolloutPhase.Healthy, (await stage.StartAsync(Stage.Request("50%"))).Phase);
        await stage.AssertAllRunsAsync("v2");
    }

    [Theory, EachCluster]
    public async Task ARouteWithoutARouterIsRefused(string cluster)
    {
        await using var stage = await Stage.SetAsync(cluster);
        await Stage.RefusedAsync("RouterIncomplete", () => stage.StartAsync(Stage.Request("25%") with { Docker = new DockerWorkload { Backend = "app" } }));
    }

    /// <summary>A blue-green rollout whose shell died when the workload itself was to get the new image: the traffic is at what stands beside it.</summary>
    private static async Task<Stage> LeftAfterTheSwitchAsync(string cluster)
    {
        var stage = await Stage.BehindAServiceAsync(cluster);
        using var dies = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stage.StartAsync(
            Stage.Request("", "app:" + Slow) with { Strategy = RolloutStrategy.BlueGreen, AutoPromote = true },
            status => { if (status.Step == "promote" && status.Reason != "Stepping") dies.Cancel(); },
            dies.Token));
        await stage.Place.UntilAsync(Resources.Deployments, "app", app => app.Status.UpdatedReplicas == 2 && app.Status.AvailableReplicas == 2 && app.Status.Replicas == 2 && app.Status.ObservedGeneration == app.Metadata.Generation);
        Assert.Equal("app-green", await SelectsAsync(stage));
        return stage;
    }

    private static async Task AssertServesAsync(Stage stage, string tag)
    {
        await stage.AssertAllRunsAsync(tag, 2);
        Assert.Equal("app", await SelectsAsync(stage));
        Assert.Null(await stage.Place.GetAsync(Resources.Deployments, "app-green"));
        Assert.Null(await stage.Place.GetAsync(Resources.Services, "app-green"));
    }

    private static async Task<string?> SelectsAsync(Stage stage) => (string?)(await stage.Place.GetAsync(Resources.Services, "app"))!.Spec["selector"]!["app"];

    private static JsonObject Image(string image) => new()
    {
        ["template"] = new JsonObject { ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = image }) } },
    };
}
