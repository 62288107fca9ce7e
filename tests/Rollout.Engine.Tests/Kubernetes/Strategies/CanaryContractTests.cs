using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes.Strategies;

/// <summary>Canaries of Deployments by replica counts, as users meet them, on each cluster.</summary>
public sealed class CanaryContractTests
{
    private static CancellationToken Limit => Stage.Limit;

    [Theory, EachCluster]
    public async Task ACanaryGoesAlongItsStepsToItsEnd(string cluster)
    {
        await using var stage = await Stage.SetAsync(cluster);
        var seen = new List<RolloutStatus>();

        var status = await stage.StartAsync(Stage.Request("25%,1s,check,50%"), seen.Add);

        Assert.Equal((RolloutPhase.Healthy, RolloutStrategy.Canary, true), (status.Phase, status.Strategy, status.Succeeded));
        Assert.Equal(("docker.io/library/app:v2", "docker.io/library/app:v1"), (status.Image!.ToString(), status.PreviousImage!.ToString()));
        Assert.Equal(["1 of 4: weight 25%", "2 of 4: pause 1s", "3 of 4: check", "4 of 4: weight 50%", "promote"], seen.Select(step => step.Step).OfType<string>().Distinct());
        Assert.Equal(["Started", "StepPassed", "StepPassed", "Checked", "StepPassed", "Completed"], status.Decisions.Select(decision => decision.Action));
        await stage.AssertAllRunsAsync("v2");
        Assert.Equal((RolloutPhase.Healthy, (string?)null), (await stage.Target.ReadAsync(Limit))! is { } read ? (read.Phase, read.Step) : default);
    }

    [Theory, EachCluster]
    public async Task AtAPauseTheCountsAreThoseOfItsShareAndTheServiceSelectsBothSides(string cluster)
    {
        await using var stage = await Stage.SetAsync(cluster, replicas: 5);

        var status = await stage.StartAsync(Stage.Request("20%,pause"));

        Assert.Equal((RolloutPhase.Paused, "2 of 2: pause", 5, 1), (status.Phase, status.Step, status.Desired, status.Updated));
        Assert.Equal((4, 1, null), await stage.CountsAsync());
        var pods = (await stage.Place.Client.ListAllAsync(Resources.Pods, stage.Place.Namespace, new ListQuery { LabelSelector = "app=app" }, Limit)).Items;
        Assert.Single(pods, pod => pod.Spec.Containers[0].Image.EndsWith(":v2", StringComparison.Ordinal));
        var health = await stage.HealthAsync(status);
        Assert.Equal((HealthVerdict.Healthy, "1 of 1 healthy"), (health.Verdict, health.Checks[0].Value));
        var listed = Assert.Single(await stage.Targets.ListAsync(new TargetFilter { Namespace = stage.Place.Namespace }, Limit));
        Assert.Equal((RolloutPhase.Paused, "2 of 2: pause", 1), (listed.Phase, listed.Step, listed.Updated));
    }

    [Theory, EachCluster]
    public async Task EachCommandWorksFromAnotherShell(string cluster)
    {
        await using var stage = await Stage.SetAsync(cluster);
        await stage.StartAsync(Stage.Request("25%,pause,50%,pause,75%,pause"));

        await Stage.RefusedAsync("SteppedRolloutUnderWay", () => stage.StartAsync(Stage.Request("10%", "app:v3")));
        await Stage.RefusedAsync("SteppedRolloutUnderWay", () => stage.StartAsync(Stage.Request("", "app:v3") with { Strategy = RolloutStrategy.Rolling }));
        await Stage.RefusedAsync("SteppedRolloutUnderWay", () => stage.DoAsync(RolloutVerb.Restart));
        Assert.Equal("4 of 6: pause", (await stage.DoAsync(RolloutVerb.Resume)).Step);
        Assert.Equal((2, 2, null), await stage.CountsAsync());
        Assert.Equal(RolloutPhase.Healthy, (await stage.DoAsync(RolloutVerb.Promote)).Phase);
        await stage.AssertAllRunsAsync("v2");
        await Stage.RefusedAsync("NothingToStop", () => stage.DoAsync(RolloutVerb.Stop));
    }

    [Theory, EachCluster]
    public async Task TheShellAtWorkDoesWhatAnotherAsksFor(string cluster)
    {
        await using var stage = await Stage.SetAsync(cluster);
        var atWork = stage.StartAsync(Stage.Request("25%,10m,50%,10m"));
        await AtStepAsync(stage, "2 of 4: pause 10m");

        Assert.Equal("Suspended", (await stage.DoAsync(RolloutVerb.Suspend)).Reason);
        Assert.Equal((RolloutPhase.Paused, "2 of 4: pause 10m"), await atWork is { } held ? (held.Phase, held.Step) : default);

        var resumed = stage.DoAsync(RolloutVerb.Resume);
        await AtStepAsync(stage, "2 of 4: pause 10m", "Stepping");
        var promoted = await stage.DoAsync(RolloutVerb.Promote);
        Assert.Equal((RolloutPhase.Healthy, RolloutPhase.Healthy), (promoted.Phase, (await resumed).Phase));
        await stage.AssertAllRunsAsync("v2");
    }

    /// <summary>A check that would go on for longer than the test may.</summary>
    [Theory]
    [EachClusterWith("Stop", RolloutPhase.Undone)]
    [EachClusterWith("Promote", RolloutPhase.Healthy)]
    [EachClusterWith("Suspend", RolloutPhase.Paused)]
    public async Task ACommandEndsACheckThatIsBeingMadeAtOnce(string cluster, string how, RolloutPhase expected)
    {
        await using var stage = await Stage.SetAsync(cluster);
        var rollout = stage.StartAsync(Stage.Request("") with { Steps = [new WeightStep(25), new CheckStep([new ContainerHealthCheck { Name = "containers", For = TimeSpan.FromHours(1) }])] });
        await AtStepAsync(stage, "2 of 2: check");

        Assert.Equal(expected, (await stage.DoAsync(Enum.Parse<RolloutVerb>(how))).Phase);

        Assert.Equal(expected, (await rollout).Phase);
    }

    [Theory]
    [EachClusterWith("25%,pause", "Stop")]
    [EachClusterWith("75%,pause", "Undo")]
    [EachClusterWith("100%,pause", "Stop")]
    public async Task StopAndUndoGiveTheOldSideItsPodsBackFirst(string cluster, string steps, string how)
    {
        await using var stage = await Stage.SetAsync(cluster);
        await stage.StartAsync(Stage.Request(steps));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Limit);
        var watching = FewestServingAsync(stage.Place, end.Token);

        var status = how == "Stop" ? await stage.DoAsync(RolloutVerb.Stop) : await stage.UndoAsync();

        Assert.Equal((RolloutPhase.Undone, true, "v1", "v2"), (status.Phase, status.Succeeded, status.Image!.Tag, status.PreviousImage!.Tag));
        await stage.AssertAllRunsAsync("v1");
        await end.CancelAsync();
        Assert.InRange(await watching, 3, 8);
    }

    /// <summary>Of all Pods together, as one watch tells them in the order in which it happened.</summary>
    private static async Task<int> FewestServingAsync(Playground place, CancellationToken end)
    {
        var (pods, fewest) = (new Dictionary<string, Pod>(), int.MaxValue);
        try
        {
            await foreach (var change in new ListWatch<Pod>(place.Client, Resources.Pods, place.Namespace, new ListQuery(), TimeProvider.System, Random.Shared).RunAsync(end))
            {
                if (change is Change<Pod>.Listed { Items: var all }) pods = all.ToDictionary(pod => pod.Metadata.Uid);
                if (change is Change<Pod>.Updated { Item: var pod }) pods[pod.Metadata.Uid] = pod;
                if (change is Change<Pod>.Deleted { Item: var gone }) pods.Remove(gone.Metadata.Uid);
                fewest = Math.Min(fewest, pods.Values.Count(pod => pod.Metadata.DeletionTimestamp is null && SlowestPod.IsReady(pod)));
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
        }

        return fewest;
    }

    [Theory]
    [EachClusterWith("bad", "ErrImagePull")]
    [EachClusterWith("crash", "CrashLoopBackOff")]
    public async Task ACanaryThatCannotRunIsToldEarlyAndTakenBack(string cluster, string tag, string reason)
    {
        await using var stage = await Stage.SetAsync(cluster);

        var status = await stage.StartAsync(Stage.Request("25%,10m", "app:" + tag));

        Assert.Equal((RolloutPhase.Undone, false, reason), (status.Phase, status.Succeeded, status.Reason));
        Assert.Contains("container main", status.Message, StringComparison.Ordinal);
        await stage.AssertAllRunsAsync("v1");
    }

    [Theory, EachCluster]
    public async Task FreezeLeavesACanaryThatFailedAndUndoTakesItBack(string cluster)
    {
        await using var stage = await Stage.SetAsync(cluster);

        var status = await stage.StartAsync(Stage.Request("25%,pause", "app:bad") with { OnFailure = FailureAction.Freeze });

        Assert.Equal((RolloutPhase.Failed, "1 of 2: weight 25%"), (status.Phase, status.Step));
        Assert.Equal((4, 1, null), await stage.CountsAsync());
        Assert.Equal(RolloutPhase.Undone, (await stage.UndoAsync()).Phase);
        await stage.AssertAllRunsAsync("v1");
    }

    [Theory, EachCluster]
    public async Task ACheckThatFailsTurnsItBackAndNobodysApprovalToo(string cluster)
    {
        await using var stage = await Stage.SetAsync(cluster);
        var check = new HttpHealthCheck { Name = "site", Uri = new Uri("http://127.0.0.1:9/"), FailureLimit = 1, Interval = TimeSpan.FromMilliseconds(10) };

        var status = await stage.StartAsync(Stage.Request("25%") with { Steps = [new WeightStep(25), new CheckStep([check])] });
        Assert.Equal((RolloutPhase.Undone, "HealthCheckFailed"), (status.Phase, status.Reason));

        status = await stage.StartAsync(Stage.Request("25%,pause within 1s"));
        Assert.Equal((RolloutPhase.Undone, "ApprovalExpired"), (status.Phase, status.Reason));
        await stage.AssertAllRunsAsync("v1");
    }

    [Theory, EachCluster]
    public async Task ABrokenOldVersionNeverStandsInTheWayOfItsFix(string cluster)
    {
        await using var stage = await Stage.SetAsync(cluster, image: "app:unready");

        Assert.Equal((RolloutPhase.Paused, RolloutPhase.Healthy), ((await stage.StartAsync(Stage.Request("50%,pause"))).Phase, (await stage.DoAsync(RolloutVerb.Resume)).Phase));

        await stage.AssertAllRunsAsync("v2");
    }

    [Theory, EachCluster]
    public async Task ABaselineIsAsLargeAsTheCanaryAndOfTheOldVersion(string cluster)
    {
        await using var stage = await Stage.SetAsync(cluster);

        await stage.StartAsync(Stage.Request("50%,pause") with { Baseline = true });

        Assert.Equal((2, 2, 2), await stage.CountsAsync());
        Assert.Equal("app:v1", (await stage.Place.GetAsync(Resources.Deployments, "app-baseline"))!.Spec.Template["spec"]!["containers"]![0]!["image"]!.ToString());
        Assert.Equal(RolloutPhase.Healthy, (await stage.DoAsync(RolloutVerb.Resume)).Phase);
        await stage.AssertAllRunsAsync("v2");
    }

    [Theory, EachCluster]
    public async Task WhatFailsOnlyWhenTheWorkloadItselfHasItIsUndoneToo(string cluster)
    {
        await using var stage = await Stage.SetAsync(cluster);
        await stage.StartAsync(Stage.Request("25%,pause"));
        var check = new HttpHealthCheck { Name = "site", Uri = new Uri("http://127.0.0.1:9/"), FailureLimit = 1, Interval = TimeSpan.FromMilliseconds(10) };
        await stage.DoAsync(RolloutVerb.Stop);

        var status = await stage.StartAsync(Stage.Request("25%") with { HealthChecks = [check] });

        Assert.Equal((RolloutPhase.Undone, "HealthCheckFailed"), (status.Phase, status.Reason));
        await stage.AssertAllRunsAsync("v1");
    }

    [Theory, EachCluster]
    public async Task AnothersChangeOverItWinsAndGetsAllPodsBack(string cluster)
    {
        await using var stage = await Stage.SetAsync(cluster);
        var rollout = stage.StartAsync(Stage.Request("50%,10m"));
        await AtStepAsync(stage, "2 of 2: pause 10m");

        await stage.PatchAppAsync(new JsonObject { ["template"] = new JsonObject { ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = "app:v9" }) } } });

        Assert.Equal((RolloutPhase.Failed, "Superseded"), await rollout is { } status ? (status.Phase, status.Reason) : default);
        await stage.AssertAllRunsAsync("v9");
    }

    [Theory, EachCluster]
    public async Task AnothersChangeWhileNobodyIsAtWorkIsSeenWhenSomebodyGoesOn(string cluster)
    {
        await using var stage = await Stage.SetAsync(cluster);
        await stage.StartAsync(Stage.Request("50%,pause"));
        await stage.PatchAppAsync(new JsonObject { ["template"] = new JsonObject { ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = "app:v1", ["env"] = new JsonArray(new JsonObject { ["name"] = "A", ["value"] = "b" }) }) } } });

        Assert.Equal("Superseded", (await stage.DoAsync(RolloutVerb.Resume)).Reason);

        await stage.AssertAllRunsAsync("v1");
    }

    [Theory, EachCluster]
    public async Task AWorkloadDeletedMeanwhileTakesItsCanaryWithIt(string cluster)
    {
        await using var stage = await Stage.SetAsync(cluster);
        var rollout = stage.StartAsync(Stage.Request("50%,10m"));
        await AtStepAsync(stage, "2 of 2: pause 10m");

        await stage.Place.Client.DeleteAsync(Resources.Deployments, stage.Place.Namespace, "app", null, Limit);

        Assert.Equal((RolloutPhase.Failed, "Deleted"), await rollout is { } status ? (status.Phase, status.Reason) : default);
        while (await stage.Place.GetAsync(Resources.Deployments, "app-canary") is not null) await Task.Delay(50, Limit);
    }

    [Theory, EachCluster]
    public async Task WhatCannotBeIsRefusedBeforeAnythingIsDone(string cluster)
    {
        await using var stage = await Stage.SetAsync(cluster);
        await Stage.RefusedAsync("StepNotSupported", () => stage.StartAsync(Stage.Request("") with { Steps = [new HeaderStep(new Dictionary<string, string> { ["x"] = "y" })] }));
        await stage.Place.CreateAsync(Resources.Deployments, Playground.Workload("app-canary", "other:v1", 1));
        await Stage.RefusedAsync("SecondSetNameTaken", () => stage.StartAsync(Stage.Request("25%")));
        await stage.Place.CreateAsync(Resources.HorizontalPodAutoscalers, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "scaler" },
            ["spec"] = new JsonObject { ["scaleTargetRef"] = new JsonObject { ["apiVersion"] = "apps/v1", ["kind"] = "Deployment", ["name"] = "app" }, ["maxReplicas"] = 9 },
        });
        Assert.Contains("'scaler'", (await Stage.RefusedAsync("AutoscalerAgainstCanary", () => stage.StartAsync(Stage.Request("25%")))).Message, StringComparison.Ordinal);
        Assert.Equal(1, (await stage.Place.GetAsync(Resources.Deployments, "app"))!.Metadata.Generation);
    }

    /// <summary>The shell dies at the n-th status it tells; another carries on.</summary>
    [Theory, EachCluster]
    public async Task AShellMayDieAtEveryStep(string cluster)
    {
        for (var dying = 1; ; dying++)
        {
            await using var stage = await Stage.SetAsync(cluster, replicas: 3);
            var told = 0;
            using var dies = new CancellationTokenSource();
            var rollout = stage.StartAsync(Stage.Request("34%,100ms,67%,check"), _ => { if (++told == dying) dies.Cancel(); }, dies.Token);
            if (await Task.WhenAny(rollout, Task.Delay(Timeout.Infinite, Limit)) == rollout && rollout.IsCompletedSuccessfully)
            {
                Assert.True(dying > 6, $"only {dying} times");
                return;
            }

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rollout);
            var status = await stage.Target.CarryOnAsync(null, SilentReporter.Instance, Limit);
            Assert.True(status is { Phase: RolloutPhase.Healthy, Image.Tag: "v2" }, $"dead at {dying}: {status.Phase} {status.Reason} {status.Message}");
            await stage.AssertAllRunsAsync("v2", 3);
            if (cluster == "real" && dying < 20) dying += 3;
        }
    }

    private static async Task AtStepAsync(Stage stage, string step, string? reason = null)
    {
        await foreach (var status in stage.Target.WatchAsync(Limit))
        {
            if (status.Step == step && (reason is null || status.Reason == reason)) return;
        }
    }
}
