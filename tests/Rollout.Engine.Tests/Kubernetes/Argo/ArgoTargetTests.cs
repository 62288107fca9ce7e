using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Argo;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Xunit;
using static Rollout.Engine.Tests.Kubernetes.Argo.ArgoPlace;

namespace Rollout.Engine.Tests.Kubernetes.Argo;

/// <summary>Rollouts of Argo as users meet them, with a controller that acts as Argo's does.</summary>
public sealed class ArgoTargetTests
{
    [Fact]
    public async Task ACanaryWithoutPausesEndsHealthy()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        var target = await DeployedAsync(place, NoPause);

        var status = await StartAsync(target, "app:v2");

        Assert.Equal((RolloutPhase.Healthy, null, RolloutPlatform.Argo, RolloutStrategy.Canary, null), (status.Phase, status.Reason, status.Platform, status.Strategy, status.Step));
        Assert.Equal(("v2", "v1", 2, 2, 2), (status.Image!.Tag, status.PreviousImage!.Tag, status.Revision, status.Updated, status.Available));
        Assert.Equal(["v2", "v2"], await TagsAsync(place));
        // The API fills defaults into the ReplicaSet's template alone: what is current is known all the same.
        Assert.Equal([("v2", 2, true, HealthVerdict.Healthy), ("v1", 1, false, HealthVerdict.Inconclusive)], (await target.HistoryAsync(Limit)).Select(revision => (revision.Image.Tag, revision.Revision, revision.Current, revision.Verdict)));
    }

    [Fact]
    public async Task APauseIsAPhaseAndResumeGoesOnToTheNext()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        var target = await DeployedAsync(place, TwoPauses);

        var paused = await StartAsync(target, "app:v2");
        Assert.Equal((RolloutPhase.Paused, "CanaryPauseStep", "2 of 4: pause at weight 50%"), (paused.Phase, paused.Reason, paused.Step));
        Assert.Equal(["v1", "v2"], await TagsAsync(place));

        // From another shell.
        var other = Target(place);
        Assert.Equal((paused.Phase, paused.Step), (await other.ReadAsync(Limit))! is var read ? (read.Phase, read.Step) : default);
        Assert.Equal("4 of 4: pause at weight 75%", (await DoAsync(other, RolloutVerb.Resume)).Step);
        var done = await DoAsync(other, RolloutVerb.Resume);

        Assert.Equal((RolloutPhase.Healthy, "v2", "v1"), (done.Phase, done.Image!.Tag, done.PreviousImage!.Tag));
        Assert.Equal(["Started", "Resumed", "Resumed", "Completed"], done.Decisions.Select(decision => decision.Action));
        Assert.Equal(HealthVerdict.Healthy, (await target.HistoryAsync(Limit))[0].Verdict);
    }

    [Fact]
    public async Task InFullItIsPromotedPastEveryPause()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        var target = await DeployedAsync(place, TwoPauses);
        await StartAsync(target, "app:v2");

        var done = await DoAsync(target, RolloutVerb.Promote);

        Assert.Equal((RolloutPhase.Healthy, "v2"), (done.Phase, done.Image!.Tag));
        Assert.Equal(["v2", "v2"], await TagsAsync(place));
    }

    [Fact]
    public async Task APauseForATimeIsWaitedThroughAndToldAsAPause()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        var target = await DeployedAsync(place, """{"canary":{"steps":[{"setWeight":50},{"pause":{"duration":1}}]}}""");
        var seen = new List<RolloutStatus>();

        var done = await StartAsync(target, "app:v2", seen: seen.Add);

        Assert.Equal(RolloutPhase.Healthy, done.Phase);
        Assert.Contains(seen, status => status is { Phase: RolloutPhase.Paused, Step: "2 of 2: pause 1 at weight 50%" });
    }

    [Theory]
    [InlineData(OnePause, "bad", "ErrImagePull")]
    [InlineData(NoPause, "crash", "CrashLoopBackOff")]
    [InlineData(ByHand, "bad", "ErrImagePull")]
    public async Task AnImageThatCannotRunIsToldEarlyAndUndone(string strategy, string tag, string reason)
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        var target = await DeployedAsync(place, strategy);

        var status = await StartAsync(target, "app:" + tag);

        Assert.Equal((RolloutPhase.Undone, reason, "v1"), (status.Phase, status.Reason, status.Image!.Tag));
        Assert.Equal(["Started", "Failed", "Undoing", "Undone"], status.Decisions.Select(decision => decision.Action));
        Assert.Equal(["v1", "v1"], await TagsAsync(place));
        Assert.Equal(HealthVerdict.Unhealthy, (await target.HistoryAsync(Limit)).Single(revision => revision.Image.Tag == tag).Verdict);
    }

    [Fact]
    public async Task FreezeLeavesItPausedByHand()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        var target = await DeployedAsync(place, OnePause);

        var frozen = await StartAsync(target, "app:bad", FailureAction.Freeze);

        Assert.Equal((RolloutPhase.Failed, "bad"), (frozen.Phase, frozen.Image!.Tag));
        Assert.True((await ReadAsync(place)).Spec.Paused);
        Assert.Equal((RolloutPhase.Undone, "v1"), await UndoAsync(target) is var back ? (back.Phase, back.Image!.Tag) : default);
        Assert.False((await ReadAsync(place)).Spec.Paused);
    }

    [Fact]
    public async Task StopAbortsResumeTriesAgainAndUndoGoesBackForGood()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        var target = await DeployedAsync(place, OnePause);
        await StartAsync(target, "app:v2");

        var stopped = await DoAsync(target, RolloutVerb.Stop);
        Assert.Equal((RolloutPhase.Degraded, "RolloutAborted", null, "v2"), (stopped.Phase, stopped.Reason, stopped.Step, stopped.Image!.Tag));
        Assert.Equal(["v1", "v1"], await TagsAsync(place));
        Assert.Equal("Stopped", stopped.Decisions[^1].Action);
        await RefusedAsync("NothingToStop", () => DoAsync(target, RolloutVerb.Stop));

        Assert.Equal((RolloutPhase.Paused, "2 of 2: pause at weight 50%"), await DoAsync(target, RolloutVerb.Resume) is var again ? (again.Phase, again.Step) : default);
        await DoAsync(target, RolloutVerb.Stop);
        var undone = await UndoAsync(target);
        Assert.Equal((RolloutPhase.Undone, "v1"), (undone.Phase, undone.Image!.Tag));
        Assert.False((await ReadAsync(place)).Status.Abort);
    }

    [Fact]
    public async Task AStopFromAnotherShellEndsWhatTheFirstFollows()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        var target = await DeployedAsync(place, """{"canary":{"steps":[{"setWeight":50},{"pause":{"duration":600}}]}}""");
        var first = StartAsync(target, "app:v2", FailureAction.Continue);
        await place.UntilAsync(ArgoRollout.Resource, "app", rollout => ArgoProgress.Of(rollout).Kind == ProgressKind.Held);

        var stopped = await DoAsync(Target(place), RolloutVerb.Stop);

        Assert.Equal("RolloutAborted", stopped.Reason);
        Assert.Equal((RolloutPhase.Failed, "RolloutAborted"), await first is var ended ? (ended.Phase, ended.Reason) : default);
    }

    [Fact]
    public async Task UndoGoesPastTheStepsToAnyRevision()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        var target = await DeployedAsync(place, OnePause);
        foreach (var tag in (string[])["v2", "v3"])
        {
            await StartAsync(target, "app:" + tag);
            await DoAsync(target, RolloutVerb.Resume);
        }

        var undone = await UndoAsync(target, new UndoRequest { ToRevision = 1 });

        Assert.Equal((RolloutPhase.Undone, "v1", true), (undone.Phase, undone.Image!.Tag, undone.Succeeded));
        Assert.Equal(["v1", "v1"], await TagsAsync(place));
    }

    [Fact]
    public async Task AStableVersionThatIsBadDoesNotHoldUpItsUndo()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        var target = await DeployedAsync(place, NoPause);
        // It serves, is promoted, and dies.
        await StartAsync(target, "app:dielater");
        await place.UntilAsync(ArgoRollout.Resource, "app", rollout => rollout.Status.AvailableReplicas == 0);

        var undone = await UndoAsync(target, new UndoRequest { Verdict = HealthVerdict.Unhealthy, Timeout = TestLimit.Time });

        Assert.Equal((RolloutPhase.Undone, "v1"), (undone.Phase, undone.Image!.Tag));
    }

    [Fact]
    public async Task BlueGreenWaitsWithItsPreviewForThePromotion()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        var target = await DeployedAsync(place, ByHand);

        var waiting = await StartAsync(target, "app:v2");
        Assert.Equal((RolloutPhase.Paused, "BlueGreenPause", RolloutStrategy.BlueGreen, "1 of 2: preview on app-preview"), (waiting.Phase, waiting.Reason, waiting.Strategy, waiting.Step));
        var before = (await ReadAsync(place)).Status;
        Assert.Equal(before.StableRS, before.BlueGreen.ActiveSelector);

        Assert.Equal(RolloutPhase.Healthy, (await DoAsync(target, RolloutVerb.Resume)).Phase);
        var after = (await ReadAsync(place)).Status;
        Assert.Equal((after.CurrentPodHash, after.CurrentPodHash), (after.BlueGreen.ActiveSelector, after.StableRS));
    }

    [Fact]
    public async Task BlueGreenSwitchesByItselfWhereItMay()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        var target = await DeployedAsync(place, """{"blueGreen":{"activeService":"app"}}""");

        Assert.Equal(RolloutPhase.Healthy, (await StartAsync(target, "app:v2")).Phase);
    }

    [Fact]
    public async Task APauseByHandIsLiftedWithoutSkippingAStep()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        var target = await DeployedAsync(place, OnePause);
        var suspended = await DoAsync(target, RolloutVerb.Suspend);
        Assert.Equal((RolloutPhase.Paused, true), (suspended.Phase, (await ReadAsync(place)).Spec.Paused));
        await place.PatchAsync(ArgoRollout.Resource, "app", Patch.Merge(new JsonObject { ["spec"] = new JsonObject { ["template"] = new JsonObject { ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = "app:v2" }) } } } }));

        Assert.Equal("2 of 2: pause at weight 50%", (await DoAsync(target, RolloutVerb.Resume)).Step);
        Assert.False((await ReadAsync(place)).Spec.Paused);
    }

    [Fact]
    public async Task AnAnalysisThatDoesNotEndIsSkippedByResume()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        var target = await DeployedAsync(place, """{"canary":{"steps":[{"setWeight":50},{"analysis":{}}]}}""");
        using var dies = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => StartAsync(target, "app:v2", seen: status => { if (status.Step == "2 of 2: analysis at weight 50%") dies.Cancel(); }, cancellation: dies.Token));

        Assert.Equal((RolloutPhase.Healthy, "v2"), await DoAsync(Target(place), RolloutVerb.Resume) is var done ? (done.Phase, done.Image!.Tag) : default);
    }

    [Fact]
    public async Task RestartReplacesEveryPodByOneOfTheSameImage()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        var target = await DeployedAsync(place, OnePause);
        var before = (await PodsAsync(place)).Select(pod => pod.Metadata.Uid).ToList();

        var status = await DoAsync(target, RolloutVerb.Restart);

        Assert.Equal((RolloutPhase.Healthy, 1), (status.Phase, status.Revision));
        var after = await PodsAsync(place);
        Assert.Equal(2, after.Count);
        Assert.Empty(after.Select(pod => pod.Metadata.Uid).Intersect(before));
    }

    [Fact]
    public async Task ATemplateInADeploymentIsChangedThere()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        await place.CreateAsync(Resources.Deployments, Playground.Workload("shape", "app:v1", 0));
        var body = Document(OnePause);
        ((JsonObject)body["spec"]!).Remove("template");
        body["spec"]!["workloadRef"] = new JsonObject { ["apiVersion"] = "apps/v1", ["kind"] = "Deployment", ["name"] = "shape" };
        body["spec"]!["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = "shape" } };
        await place.CreateAsync(ArgoRollout.Resource, body);
        await place.UntilAsync(ArgoRollout.Resource, "app", rollout => ArgoProgress.Of(rollout).Kind == ProgressKind.Done);
        var target = Target(place);

        Assert.Equal((RolloutPhase.Paused, "v2"), await StartAsync(target, "app:v2") is var paused ? (paused.Phase, paused.Image!.Tag) : default);
        Assert.Equal("docker.io/library/app:v2", PodTemplate.Image((await place.GetAsync(Resources.Deployments, "shape"))!.Spec.Template, "main"));
        Assert.Empty((await ReadAsync(place)).Spec.Template);
        Assert.Equal(RolloutPhase.Healthy, (await DoAsync(target, RolloutVerb.Resume)).Phase);
        Assert.Equal((RolloutPhase.Undone, "v1"), await UndoAsync(target) is var undone ? (undone.Phase, undone.Image!.Tag) : default);
        Assert.Equal("app:v1", PodTemplate.Image((await place.GetAsync(Resources.Deployments, "shape"))!.Spec.Template, "main"));
        Assert.Contains(await Targets(place.Client).ListAsync(new TargetFilter { Namespace = place.Namespace }, Limit), listed => listed is { Target: "rollout/app", Image.Tag: "v1" });
    }

    [Fact]
    public async Task WhatTheSpecDecidesIsRefusedAndChangesNothing()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        var target = await DeployedAsync(place, OnePause);
        var image = ((ImageSource?)"app:v2")!;

        Assert.Contains("-Strategy BlueGreen", (await RefusedAsync("ArgoSpecDecides", () => target.PlanAsync(new RolloutRequest { Image = image, Strategy = RolloutStrategy.BlueGreen }, SilentReporter.Instance, Limit))).Message, StringComparison.Ordinal);
        foreach (var asked in (RolloutRequest[])
        [
            new() { Image = image, AutoPromote = true }, new() { Image = image, Baseline = true }, new() { Image = image, Steps = [new WeightStep(20)] },
            new() { Image = image, ScaleDownDelay = TimeSpan.FromSeconds(30) }, new() { Image = image, Docker = new DockerWorkload { Backend = "app" } },
        ])
        {
            await RefusedAsync("ArgoSpecDecides", () => target.PlanAsync(asked, SilentReporter.Instance, Limit));
        }

        await RefusedAsync("WorkloadNotFound", () => Targets(place.Client).Find(TargetName.Parse("rollout/gone"), place.Namespace).PlanUndoAsync(new UndoRequest(), SilentReporter.Instance, Limit));
        await RefusedAsync("NothingToStop", () => DoAsync(target, RolloutVerb.Stop));
        Assert.NotNull(await target.PlanAsync(new RolloutRequest { Image = image, Strategy = RolloutStrategy.Canary }, SilentReporter.Instance, Limit));
        await place.PatchAsync(ArgoRollout.Resource, "app", Patch.Merge(new JsonObject { ["spec"] = new JsonObject { ["workloadRef"] = new JsonObject { ["kind"] = "ReplicaSet", ["name"] = "x" } } }));
        await RefusedAsync("ArgoWorkloadRefNotSupported", () => target.PlanAsync(new RolloutRequest { Image = image }, SilentReporter.Instance, Limit));
    }

    [Fact]
    public async Task WhatItsStrategyHasAFieldForIsSetThereAndNothingElseOfIt()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        var target = await DeployedAsync(place, ByHand);
        var request = new RolloutRequest { Image = ((ImageSource?)"app:v2")!, AutoPromote = true, ScaleDownDelay = TimeSpan.FromSeconds(90), Timeout = TestLimit.Time };

        var plan = await target.PlanAsync(request, SilentReporter.Instance, Limit);
        Assert.Contains("scaleDownDelaySeconds", plan.Description, StringComparison.Ordinal);
        Assert.Equal((RolloutPhase.Healthy, "v2"), await target.ApplyAsync(plan, null, SilentReporter.Instance, Limit) is var done ? (done.Phase, done.Image!.Tag) : default);

        Assert.Equal(
            """{"activeService":"app","previewService":"app-preview","autoPromotionEnabled":true,"scaleDownDelaySeconds":90}""",
            (await place.Client.PreviewAsync(ArgoRollout.Resource, place.Namespace, "app", Patch.Merge([]), Limit))["spec"]!["strategy"]!["blueGreen"]!.ToJsonString());
    }

    [Theory]
    [InlineData("""{"canary":{}}""", "-MaxSurge,-MaxUnavailable", """{"canary":{"maxSurge":2,"maxUnavailable":"25%"}}""")]
    [InlineData("""{"canary":{}}""", "-ScaleDownDelay", null)]
    [InlineData("""{"canary":{"trafficRouting":{}}}""", "-ScaleDownDelay", """{"canary":{"scaleDownDelaySeconds":30}}""")]
    [InlineData("""{"blueGreen":{}}""", "-ScaleDownDelay", """{"blueGreen":{"scaleDownDelaySeconds":30}}""")]
    [InlineData("""{"blueGreen":{}}""", "-MaxSurge", null)]
    [InlineData("""{"blueGreen":{}}""", "-MaxUnavailable", null)]
    [InlineData("""{"blueGreen":{}}""", "", "")]
    public void SettingsAreSetOrRefused(string strategy, string given, string? set)
    {
        var rollout = new ArgoRollout { Spec = new ArgoSpec { Strategy = System.Text.Json.JsonSerializer.Deserialize<ArgoStrategy>(strategy, System.Text.Json.JsonSerializerOptions.Web)! } };
        var request = new RolloutRequest
        {
            Image = ((ImageSource?)"app:v2")!,
            ScaleDownDelay = TimeSpan.FromSeconds(given.Contains("-ScaleDownDelay", StringComparison.Ordinal) ? 29.5 : 0),
            MaxSurge = given.Contains("-MaxSurge", StringComparison.Ordinal) ? "2" : null,
            MaxUnavailable = given.Contains("-MaxUnavailable", StringComparison.Ordinal) ? "25%" : null,
        };

        if (set is null) Assert.Equal("ArgoSpecDecides", Assert.Throws<RolloutException>(() => ArgoSettings.Of(request, rollout, "app")).Id);
        else Assert.Equal(set, ArgoSettings.Of(request, rollout, "app")?.ToJsonString() ?? "");
    }

    [Fact]
    public async Task ChecksAreMadeAtTheEndThoughItPausedOnTheWay()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        var target = await DeployedAsync(place, OnePause);
        var nobody = new TcpHealthCheck { Name = "port", HostName = "127.0.0.1", Port = Engines.Ports.Free(), FailureLimit = 1 };
        var request = new RolloutRequest { Image = ((ImageSource?)"app:v2")!, HealthChecks = [nobody], Timeout = TestLimit.Time };
        Assert.Equal(RolloutPhase.Paused, (await target.ApplyAsync(await target.PlanAsync(request, SilentReporter.Instance, Limit), null, SilentReporter.Instance, Limit)).Phase);

        var done = await DoAsync(Target(place), RolloutVerb.Resume);

        Assert.Equal((RolloutPhase.Undone, "HealthCheckFailed", "v1"), (done.Phase, done.Reason, done.Image!.Tag));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AClusterWithoutArgoSaysSoAndListsTheRest(bool isForbidden)
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.HasArgo = isForbidden;
        cluster.Allows = (_, resource, _) => resource != Controllers.Rollouts;
        cluster.Locked(() => cluster.Store.Create(new Key("apps/deployments", "default", "other"), Controllers.WithDefaults("apps/deployments", Playground.Workload("other", "app:v1")), dryRun: false));
        using var client = cluster.Client();

        await RefusedAsync(isForbidden ? "KubernetesForbidden" : "ArgoNotInstalled", () => Targets(client).Find(TargetName.Parse("rollout/app"), "default").ReadAsync(Limit));
        Assert.Equal(["deployment/other"], (await Targets(client).ListAsync(new TargetFilter { Namespace = "default" }, Limit)).Select(status => status.Target));
    }

    [Fact]
    public async Task AVersionWithoutAStatusSubresourceIsPromotedToo()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.HasArgoStatus = false;
        using var client = cluster.Client();
        await client.CreateAsync(ArgoRollout.Resource, "default", Document(OnePause), dryRun: false, Limit);
        var target = Targets(client).Find(TargetName.Parse("rollout/app"), "default");
        await foreach (var status in target.WatchAsync(Limit)) if (status.Phase == RolloutPhase.Healthy) break;
        await StartAsync(target, "app:v2");

        Assert.Equal(RolloutPhase.Healthy, (await DoAsync(target, RolloutVerb.Resume)).Phase);
    }
}
