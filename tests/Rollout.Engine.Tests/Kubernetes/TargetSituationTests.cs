using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Engines;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Rollout.Engine.Tests.Registries;
using Xunit;
using static Rollout.Engine.Tests.Kubernetes.Cluster.TargetSteps;

namespace Rollout.Engine.Tests.Kubernetes;

/// <summary>Rollouts of workloads that somebody else has a hand in, or that are set up in a way of their own, on each cluster.</summary>
public sealed class TargetSituationTests
{
    private readonly RecordingReporter _reporter = new();

    [Theory]
    [EachClusterWith("annotations", "argocd.argoproj.io/tracking-id", "shop-prod:apps/Deployment:NAMESPACE/app", "Argo CD application 'shop-prod'")]
    [EachClusterWith("labels", "argocd.argoproj.io/instance", "shop-prod", "Argo CD application 'shop-prod'")]
    [EachClusterWith("labels", "kustomize.toolkit.fluxcd.io/name", "apps", "Flux Kustomization '/apps'")]
    [EachClusterWith("labels", "helm.toolkit.fluxcd.io/name", "shop", "Flux HelmRelease '/shop'")]
    public async Task WhatGitOpsWouldTakeBackIsRefusedUnlessForced(string cluster, string where, string key, string value, string owner)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1", metadata: new JsonObject { [where] = new JsonObject { [key] = value.Replace("NAMESPACE", place.Namespace, StringComparison.Ordinal) } });

        Assert.Contains(owner, (await RefusedAsync("OwnedByGitOps", () => StartAsync(target, "app:v2"))).Message, StringComparison.Ordinal);
        await RefusedAsync("OwnedByGitOps", () => UndoAsync(target));
        Assert.Equal(1, (await place.GetAsync(Resources.Deployments, "app"))!.Metadata.Generation);

        Assert.Equal(RolloutPhase.Healthy, (await StartAsync(target, "app:v2", reporter: _reporter, with: request => request with { Force = true })).Phase);
        Assert.Contains(owner, Assert.Single(_reporter.Warnings), StringComparison.Ordinal);
        Assert.Equal(RolloutPhase.Undone, (await UndoAsync(target, new UndoRequest { Force = true })).Phase);
    }

    [Theory]
    [EachClusterWith("shop:apps/Deployment:NAMESPACE/other")]
    [EachClusterWith("rubbish")]
    public async Task ATrackingIdThatIsAnotherObjectsSaysNothing(string cluster, string copied)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var tracked = new JsonObject { ["argocd.argoproj.io/tracking-id"] = copied.Replace("NAMESPACE", place.Namespace, StringComparison.Ordinal) };
        var target = await DeployedAsync(place, "deployment", "app:v1", metadata: new JsonObject { ["annotations"] = tracked });

        Assert.Equal(RolloutPhase.Healthy, (await StartAsync(target, "app:v2", reporter: _reporter)).Phase);
        Assert.Empty(_reporter.Warnings);
    }

    [Theory, EachCluster]
    public async Task HelmsReleaseIsAWarning(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1", metadata: new JsonObject
        {
            ["labels"] = new JsonObject { ["app.kubernetes.io/managed-by"] = "Helm" },
            ["annotations"] = new JsonObject { ["meta.helm.sh/release-name"] = "shop" },
        });

        Assert.Equal(RolloutPhase.Healthy, (await StartAsync(target, "app:v2", reporter: _reporter)).Phase);
        Assert.Contains("Helm release 'shop'", Assert.Single(_reporter.Warnings), StringComparison.Ordinal);
        await UndoAsync(target, reporter: _reporter);
        Assert.Equal(2, _reporter.Warnings.Count(warning => warning.Contains("Helm release 'shop'", StringComparison.Ordinal)));
    }

    [Theory, EachCluster]
    public async Task AnAutoscalerIsToldAndItsReplicasStay(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1", new JsonObject { ["replicas"] = 3 });
        await place.CreateAsync(Resources.HorizontalPodAutoscalers, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "busy" },
            ["spec"] = new JsonObject { ["scaleTargetRef"] = new JsonObject { ["apiVersion"] = "apps/v1", ["kind"] = "Deployment", ["name"] = "app" }, ["minReplicas"] = 2, ["maxReplicas"] = 9 },
        });

        var status = await StartAsync(target, "app:v2", reporter: _reporter);

        Assert.Equal((RolloutPhase.Healthy, 3), (status.Phase, status.Desired));
        Assert.Contains(_reporter.Details, detail => detail.Contains("'busy'", StringComparison.Ordinal) && detail.Contains("2 to 9 replicas", StringComparison.Ordinal));
        Assert.Contains(status.Decisions, decision => decision.Action == "Autoscaled");
        Assert.Empty(_reporter.Warnings);
    }

    [Theory]
    [EachClusterWith("deployment")]
    [EachClusterWith("statefulset")]
    [EachClusterWith("daemonset")]
    public async Task ReadyIsNotAvailableBeforeMinReadySeconds(string cluster, string kind)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, kind, "app:v1", new JsonObject { ["minReadySeconds"] = 2 });
        var seen = new List<RolloutStatus>();

        var status = await StartAsync(target, "app:v2", seen: seen.Add);

        Assert.Equal((RolloutPhase.Healthy, status.Desired), (status.Phase, status.Available));
        Assert.Contains(seen, step => step.Phase == RolloutPhase.Progressing && step.Ready > step.Available);
    }

    [Theory]
    [EachClusterWith("deployment")]
    [EachClusterWith("statefulset")]
    [EachClusterWith("daemonset")]
    public async Task TheRevisionIsKnownOfEachKindHoweverItIsAskedFor(string cluster, string kind)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, kind, "app:v1");

        var status = await StartAsync(target, "app:v2");

        Assert.Equal(2, status.Revision);
        Assert.Equal(2, (await target.ReadAsync(Limit))!.Revision);
        Assert.Equal(2, Assert.Single(await ListAsync(place)).Revision);
        Assert.Equal(2, (await target.HistoryAsync(Limit)).Single(revision => revision.Current).Revision);
    }

    [Theory, EachCluster]
    public async Task AFailedPullThatWasNotSeenIsReadFromItsEvents(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");
        using var dies = new CancellationTokenSource();
        // The grace keeps the failure from being certain before the shell is gone.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => StartAsync(
            target, "app:bad", FailureAction.Continue, seen: _ => dies.Cancel(), cancellation: dies.Token, with: request => request with { Grace = TimeSpan.FromSeconds(5) }));
        // By now the Pod says no more than "Back-off pulling image".
        await UntilAPodAsync(place, pod => pod.Status.ContainerStatuses.Any(status => status.State.Waiting?.Reason == "ImagePullBackOff"));

        var status = await target.CarryOnAsync(null, SilentReporter.Instance, Limit);

        Assert.Equal((RolloutPhase.Failed, "ImagePullBackOff"), (status.Phase, status.Reason));
        Assert.Contains("not found", status.Message, StringComparison.Ordinal);
    }

    [Theory, EachCluster]
    public async Task TheSlowestPodsReasonIsToldOnTheWay(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");
        var seen = new List<RolloutStatus>();

        await StartAsync(target, "app:slow2", seen: seen.Add);

        Assert.Contains(seen, step => step.Reason == "ContainerCreating" && step.Message!.Contains("Pod app-", StringComparison.Ordinal));
    }

    [Theory, EachCluster]
    public async Task AFailedCheckFailsTheRolloutAndItIsUndone(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");

        var status = await StartAsync(target, "app:v2", with: request => request with { HealthChecks = [Unreachable] });

        Assert.Equal((RolloutPhase.Undone, "HealthCheckFailed", "v1"), (status.Phase, status.Reason, status.Image!.Tag));
        Assert.Equal(HealthVerdict.Unhealthy, await VerdictAsync(target, "v2"));
        Assert.Contains(status.Decisions, decision => decision is { Action: "Checked", Verdict: HealthVerdict.Unhealthy });
    }

    [Theory, EachCluster]
    public async Task ToContinueDespiteAFailedCheckLeavesItDegraded(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");

        var status = await StartAsync(target, "app:v2", FailureAction.Continue, with: request => request with { HealthChecks = [Unreachable] });

        Assert.Equal((RolloutPhase.Degraded, "HealthCheckFailed", "v2"), (status.Phase, status.Reason, status.Image!.Tag));
        Assert.Equal(RolloutPhase.Degraded, (await target.ReadAsync(Limit))!.Phase);
        Assert.Equal(HealthVerdict.Unhealthy, await VerdictAsync(target, "v2"));
    }

    [Theory, EachCluster]
    public async Task WhatSomebodyElseBroughtLaterIsNotJudgedByAnOldRecord(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");
        Assert.Equal(RolloutPhase.Failed, (await StartAsync(target, "app:bad", FailureAction.Continue)).Phase);

        await place.PatchAsync(Resources.Deployments, "app", ImagePatch("app:v3"));
        await place.UntilAsync(Resources.Deployments, "app", app => Progress.Of(app).Kind == ProgressKind.Done);

        var status = (await target.ReadAsync(Limit))!;
        Assert.Equal((RolloutPhase.Healthy, null), (status.Phase, status.Reason));
    }

    [Theory, EachCluster]
    public async Task WithoutReplicasNothingIsKnownOfTheRevision(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1", new JsonObject { ["replicas"] = 0 });

        Assert.Equal(RolloutPhase.Healthy, (await StartAsync(target, "app:v2")).Phase);
        Assert.Equal(HealthVerdict.Inconclusive, await VerdictAsync(target, "v2"));
    }

    [Theory, EachCluster]
    public async Task APlanIsShownThoughTheWorkloadMovesOnMeanwhile(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");
        var plan = await target.PlanAsync(new RolloutRequest { Image = ((ImageSource?)"app:v2")! }, SilentReporter.Instance, Limit);

        await place.PatchAsync(Resources.Deployments, "app", Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["team"] = "a" } } }));

        Assert.Contains("app:v2", Assert.Single(await target.PreviewAsync(plan, Limit)), StringComparison.Ordinal);
    }

    [Theory, EachCluster]
    public async Task APlanShowsTheRoomThatWouldChange(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1", new JsonObject { ["strategy"] = new JsonObject { ["rollingUpdate"] = new JsonObject { ["maxSurge"] = 1, ["maxUnavailable"] = "25%" } } });
        var plan = await target.PlanAsync(new RolloutRequest { Image = ((ImageSource?)"app:v2")!, MaxSurge = "50%", MaxUnavailable = "25%" }, SilentReporter.Instance, Limit);

        Assert.Equal(["spec.strategy.rollingUpdate.maxSurge: 1 -> 50%"], (await target.PreviewAsync(plan, Limit)).Skip(1));
    }

    [Theory, EachCluster]
    public async Task APlanShowsWhatIsDeployedAndChangesNothing(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var digest = FaultRegistry.Digest([1]);
        var target = await DeployedAsync(place, "deployment", "app:v1", images: new OneDigest(digest));

        var plan = await target.PlanAsync(new RolloutRequest { Image = ((ImageSource?)"app:v2")! }, SilentReporter.Instance, Limit);

        Assert.Contains($"docker.io/library/app:v2@{digest}", plan.Description, StringComparison.Ordinal);
        Assert.Equal(1, (await place.GetAsync(Resources.Deployments, "app"))!.Metadata.Generation);
    }

    [Theory, EachCluster]
    public async Task TheDigestIsDeployedWithTheTagAndThePodsConfirmIt(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var digest = FaultRegistry.Digest([1]);
        var target = await DeployedAsync(place, "deployment", "app:v1", images: new OneDigest(digest));

        var pinned = await StartAsync(target, "app:v2", reporter: _reporter);
        var byTag = await StartAsync(target, "app:v3", reporter: _reporter, with: request => request with { ByTag = true });

        Assert.Equal(($"docker.io/library/app:v2@{digest}", digest), (pinned.Image!.ToString(), pinned.Digest));
        Assert.Contains(pinned.Decisions, decision => decision.Action == "DigestConfirmed");
        Assert.Equal("docker.io/library/app:v3", byTag.Image!.ToString());
        Assert.Empty(_reporter.Warnings);
    }

    private static HttpHealthCheck Unreachable => new() { Name = "shop", Uri = new Uri($"http://127.0.0.1:{Ports.Free()}/"), FailureLimit = 1 };

    private static Patch ImagePatch(string image) => Patch.StrategicMerge(new JsonObject
    {
        ["spec"] = new JsonObject { ["template"] = new JsonObject { ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = image }) } } },
    });

    private static async Task<IReadOnlyList<RolloutStatus>> ListAsync(Playground place) => await Targets(place).ListAsync(new TargetFilter { Namespace = place.Namespace }, Limit);

    private static async Task<HealthVerdict> VerdictAsync(IRolloutTarget target, string tag) => (await target.HistoryAsync(Limit)).Single(revision => revision.Image.Tag == tag).Verdict;

    private static async Task UntilAPodAsync(Playground place, Func<Pod, bool> wanted)
    {
        var changes = new ListWatch<Pod>(place.Client, Resources.Pods, place.Namespace, new ListQuery(), TimeProvider.System, Random.Shared);
        await foreach (var change in changes.RunAsync(Limit))
        {
            if (change is Change<Pod>.Listed listed && listed.Items.Any(wanted) || change is Change<Pod>.Updated updated && wanted(updated.Item)) return;
        }
    }
}
