using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Xunit;
using static Rollout.Engine.Tests.Kubernetes.Cluster.TargetSteps;

namespace Rollout.Engine.Tests.Kubernetes;

/// <summary>Rollouts of each kind, as users meet them, on each cluster.</summary>
public sealed class TargetContractTests
{
    [Theory]
    [EachClusterWith("deployment")]
    [EachClusterWith("statefulset")]
    [EachClusterWith("daemonset")]
    public async Task AGoodImageEndsHealthyWithEveryPodOfIt(string cluster, string kind)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, kind, "app:v1");
        var seen = new List<RolloutStatus>();

        var status = await StartAsync(target, "app:v2", seen: seen.Add, cause: "ticket 7");

        Assert.Equal((RolloutPhase.Healthy, null), (status.Phase, status.Reason));
        Assert.Equal(("docker.io/library/app:v2", "docker.io/library/app:v1"), (status.Image!.ToString(), status.PreviousImage!.ToString()));
        Assert.Equal(status.Desired, status.Updated);
        Assert.Equal(status.Desired, status.Available);
        Assert.NotNull(status.Duration);
        Assert.Contains(seen, step => step.Phase == RolloutPhase.Progressing);
        Assert.All(await PodsAsync(place), pod => Assert.Equal("docker.io/library/app:v2", pod.Spec.Containers[0].Image));
        var history = await target.HistoryAsync(Limit);
        Assert.Equal([("docker.io/library/app:v2", HealthVerdict.Healthy, true, "ticket 7"), ("docker.io/library/app:v1", HealthVerdict.Inconclusive, false, null)],
            history.Select(revision => (revision.Image.ToString(), revision.Verdict, revision.Current, revision.ChangeCause)));
        Assert.Equal(RolloutPhase.Healthy, (await target.ReadAsync(Limit))!.Phase);
    }

    [Theory]
    [EachClusterWith("deployment", "bad", "ErrImagePull")]
    [EachClusterWith("deployment", "crash", "CrashLoopBackOff")]
    [EachClusterWith("deployment", "oom", "OOMKilled")]
    [EachClusterWith("statefulset", "bad", "ErrImagePull")]
    [EachClusterWith("daemonset", "crash", "CrashLoopBackOff")]
    public async Task AnImageThatCannotRunIsToldEarlyAndUndone(string cluster, string kind, string tag, string reason)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, kind, "app:v1");

        var status = await StartAsync(target, "app:" + tag);

        Assert.Equal((RolloutPhase.Undone, reason), (status.Phase, status.Reason));
        Assert.Contains("container main", status.Message, StringComparison.Ordinal);
        Assert.Equal("docker.io/library/app:v1", status.Image!.ToString());
        Assert.Equal(["Started", "Failed", "Undoing", "Undone"], status.Decisions.Select(decision => decision.Action));
        Assert.All(await PodsAsync(place), pod => Assert.EndsWith("app:v1", pod.Spec.Containers[0].Image, StringComparison.Ordinal));
        Assert.Equal(HealthVerdict.Unhealthy, (await target.HistoryAsync(Limit)).Single(revision => revision.Image.Tag == tag).Verdict);
        if (tag == "crash") Assert.Contains("last log lines", status.Message, StringComparison.Ordinal);
        if (tag == "bad") Assert.Contains("not found", status.Message, StringComparison.Ordinal);
    }

    [Theory, EachCluster]
    public async Task WhatNeverGetsReadyFailsWhenItsTimeIsOverAndNamesThePod(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");

        var status = await StartAsync(target, "app:unready", FailureAction.Continue, timeout: TimeSpan.FromSeconds(4));

        Assert.Equal((RolloutPhase.Failed, "Timeout"), (status.Phase, status.Reason));
        Assert.Contains("is not ready", status.Message, StringComparison.Ordinal);
        Assert.Equal("unready", status.Image!.Tag);
        Assert.Equal(RolloutPhase.Failed, (await target.ReadAsync(Limit))!.Phase);
    }

    [Theory, EachCluster]
    public async Task TheControllersOwnDeadlineEndsItToo(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1", new JsonObject { ["progressDeadlineSeconds"] = 3 });

        var status = await StartAsync(target, "app:unready", FailureAction.Continue);

        Assert.Equal((RolloutPhase.Failed, "ProgressDeadlineExceeded"), (status.Phase, status.Reason));
    }

    [Theory, EachCluster]
    public async Task AFewRestartsAreForgivenWhereThatIsAskedFor(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");

        var status = await StartAsync(target, "app:crash", FailureAction.Continue, graceRestarts: 1);

        Assert.Equal("CrashLoopBackOff", status.Reason);
        Assert.All(await PodsAsync(place, "crash"), pod => Assert.InRange(pod.Status.ContainerStatuses[0].RestartCount, 0, 9));
        Assert.Contains(await PodsAsync(place, "crash"), pod => pod.Status.ContainerStatuses[0].RestartCount >= 2);
    }

    [Theory, EachCluster]
    public async Task UndoGoesToTheNewestVerifiedRevisionAndNotBackAndForth(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");
        await StartAsync(target, "app:v2");
        await StartAsync(target, "app:v3");

        Assert.Equal("v2", (await UndoAsync(target)).Image!.Tag);
        await StartAsync(target, "app:bad", FailureAction.Continue);
        var back = await UndoAsync(target);
        Assert.Equal((RolloutPhase.Undone, "v2"), (back.Phase, back.Image!.Tag));
        Assert.Equal("v1", (await UndoAsync(target, new UndoRequest { ToImage = ImageReference.Parse("app:v1") })).Image!.Tag);
        var history = await target.HistoryAsync(Limit);
        Assert.Equal("v3", (await UndoAsync(target, new UndoRequest { ToRevision = history.Single(revision => revision.Image.Tag == "v3").Revision })).Image!.Tag);
    }

    [Theory]
    [EachClusterWith("statefulset")]
    [EachClusterWith("daemonset")]
    public async Task SetsAreUndoneToAnEarlierRevisionToo(string cluster, string kind)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, kind, "app:v1");
        await StartAsync(target, "app:v2");

        var status = await UndoAsync(target);

        Assert.Equal((RolloutPhase.Undone, "v1"), (status.Phase, status.Image!.Tag));
        Assert.All(await PodsAsync(place), pod => Assert.EndsWith("app:v1", pod.Spec.Containers[0].Image, StringComparison.Ordinal));
    }

    [Theory, EachCluster]
    public async Task ThereMayBeNothingToGoBackTo(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");

        await RefusedAsync("NothingToUndo", () => target.PlanUndoAsync(new UndoRequest(), SilentReporter.Instance, Limit));
        await RefusedAsync("RevisionNotFound", () => target.PlanUndoAsync(new UndoRequest { ToRevision = 77 }, SilentReporter.Instance, Limit));
        await RefusedAsync("NothingToUndo", () => target.PlanUndoAsync(new UndoRequest { ToRevision = 1 }, SilentReporter.Instance, Limit));
    }

    [Theory, EachCluster]
    public async Task FreezePausesWhatFailedAndUndoLiftsThePause(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");

        var frozen = await StartAsync(target, "app:bad", FailureAction.Freeze);
        Assert.Equal((RolloutPhase.Failed, "bad"), (frozen.Phase, frozen.Image!.Tag));
        Assert.True((await place.GetAsync(Resources.Deployments, "app"))!.Spec.Paused);

        var back = await UndoAsync(target);
        Assert.Equal((RolloutPhase.Undone, "v1"), (back.Phase, back.Image!.Tag));
        Assert.False((await place.GetAsync(Resources.Deployments, "app"))!.Spec.Paused);
    }

    [Theory, EachCluster]
    public async Task APauseOfSomebodyElsesIsSeenAndLeft(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");
        await place.PatchAsync(Resources.Deployments, "app", Patch.Merge(new JsonObject { ["spec"] = new JsonObject { ["paused"] = true } }));

        var status = await StartAsync(target, "app:v2");

        Assert.Equal((RolloutPhase.Paused, "Paused"), (status.Phase, status.Reason));
        await RefusedAsync("WorkloadPaused", () => target.PlanUndoAsync(new UndoRequest(), SilentReporter.Instance, Limit));
    }

    [Theory]
    [EachClusterWith("statefulset")]
    [EachClusterWith("daemonset")]
    public async Task OnDeleteIsLeftToWhoDeletesThePods(string cluster, string kind)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, kind, "app:v1", new JsonObject { ["updateStrategy"] = new JsonObject { ["type"] = "OnDelete" } });

        var status = await StartAsync(target, "app:v2");

        Assert.Equal((RolloutPhase.Paused, "OnDelete"), (status.Phase, status.Reason));
    }

    [Theory, EachCluster]
    public async Task AboveAPartitionIsAllThereIsToDo(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "statefulset", "app:v1", new JsonObject { ["updateStrategy"] = new JsonObject { ["type"] = "RollingUpdate", ["rollingUpdate"] = new JsonObject { ["partition"] = 1 } } });

        var status = await StartAsync(target, "app:v2");

        Assert.Equal((RolloutPhase.Healthy, 1), (status.Phase, status.Updated));
    }

    [Theory, EachCluster]
    public async Task NoReplicasAreDoneAtOnce(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1", new JsonObject { ["replicas"] = 0 });

        Assert.Equal((RolloutPhase.Healthy, 0), await StartAsync(target, "app:bad") is { } status ? (status.Phase, status.Desired) : default);
    }

    [Theory, EachCluster]
    public async Task ReplicasChangedMeanwhileAreRespected(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");
        var rollout = StartAsync(target, "app:slow2");
        await UnderWayAsync(place);

        await place.PatchAsync(Resources.Deployments, "app", Patch.Merge(new JsonObject { ["spec"] = new JsonObject { ["replicas"] = 4 } }));
        var status = await rollout;

        Assert.Equal((RolloutPhase.Healthy, 4, 4), (status.Phase, status.Desired, status.Available));
    }

    [Theory, EachCluster]
    public async Task AnothersRolloutOverThisOneIsNeverItsSuccess(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");
        var rollout = StartAsync(target, "app:slow20");
        await UnderWayAsync(place);

        await place.PatchAsync(Resources.Deployments, "app", Patch.StrategicMerge(new JsonObject { ["spec"] = new JsonObject { ["template"] = new JsonObject { ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = "app:v9" }) } } } }));
        var status = await rollout;

        Assert.Equal((RolloutPhase.Failed, "Superseded"), (status.Phase, status.Reason));
        Assert.Equal("app:v9", (string?)(await place.GetAsync(Resources.Deployments, "app"))!.Spec.Template["spec"]!["containers"]![0]!["image"]);
    }

    [Theory, EachCluster]
    public async Task WhoLooksOnNeverTakesWhatIsBeingUndoneForHealthy(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");
        var begun = new TaskCompletionSource();
        var running = StartAsync(target, "app:bad", seen: _ => begun.TrySetResult());
        await begun.Task.WaitAsync(Limit);

        var seen = new List<RolloutPhase>();
        await foreach (var status in Targets(place).Find(target.Name, place.Namespace).WatchAsync(Limit))
        {
            seen.Add(status.Phase);
            if (status.Phase == RolloutPhase.Undone) break;
        }

        Assert.DoesNotContain(RolloutPhase.Healthy, seen);
        Assert.Equal(RolloutPhase.Undone, (await running).Phase);
    }

    [Theory, EachCluster]
    public async Task AnUndoWhoseShellDiedBeforeItsEndIsNotHealthyAndIsCarriedOn(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");
        var record = new RolloutRecord { Container = "main", Image = "app:v1", PreviousImage = "app:bad", IsUndo = true, Reason = "ErrImagePull", StartedAt = TimeProvider.System.GetUtcNow() };
        await place.PatchAsync(Resources.Deployments, "app", Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [RolloutRecord.Annotation] = record.ToJson() } } }));

        var status = await target.ReadAsync(Limit);
        Assert.Equal((RolloutPhase.Progressing, "Abandoned"), (status?.Phase, status?.Reason));
        var ended = await target.CarryOnAsync(null, SilentReporter.Instance, Limit);
        Assert.Equal((RolloutPhase.Undone, "ErrImagePull"), (ended.Phase, ended.Reason));
    }

    [Theory, EachCluster]
    public async Task WhoLooksOnIsToldWhatHoldsUpWhatSomebodyElseBegan(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");
        await place.PatchAsync(Resources.Deployments, "app", Patch.StrategicMerge((JsonObject)JsonNode.Parse("""{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"app:bad"}]}}}}""")!));

        await foreach (var status in target.WatchAsync(Limit))
        {
            if (status.Reason is not ("ErrImagePull" or "ImagePullBackOff")) continue;
            Assert.Equal(RolloutPhase.Progressing, status.Phase);
            Assert.Contains("Pod app-", status.Message, StringComparison.Ordinal);
            break;
        }
    }

    [Theory, EachCluster]
    public async Task ARolloutThatWasLeftHalfDoneIsNotRestartedOver(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");
        await place.PatchAsync(Resources.Deployments, "app", Patch.StrategicMerge((JsonObject)JsonNode.Parse("""{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"app:bad"}]}}}}""")!));
        var record = new RolloutRecord { Container = "main", Image = "app:bad", PreviousImage = "app:v1", OnFailure = FailureAction.Undo, StartedAt = TimeProvider.System.GetUtcNow() };
        await place.PatchAsync(Resources.Deployments, "app", Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [RolloutRecord.Annotation] = record.ToJson() } } }));

        await RefusedAsync("RolloutHalfDone", () => target.PlanAsync(new RolloutCommand(RolloutVerb.Restart), SilentReporter.Instance, Limit));

        var ended = await target.CarryOnAsync(null, SilentReporter.Instance, Limit);
        Assert.Equal((RolloutPhase.Undone, "docker.io/library/app:v1"), (ended.Phase, ended.Image!.ToString()));
        await target.PlanAsync(new RolloutCommand(RolloutVerb.Restart), SilentReporter.Instance, Limit);
    }

    [Theory, EachCluster]
    public async Task AWorkloadDeletedMeanwhileHasFailed(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");
        var rollout = StartAsync(target, "app:slow20");
        await UnderWayAsync(place);

        await place.Client.DeleteAsync(Resources.Deployments, place.Namespace, "app", null, Limit);
        var status = await rollout;

        Assert.Equal((RolloutPhase.Failed, "Deleted"), (status.Phase, status.Reason));
        Assert.Null(await target.ReadAsync(Limit));
    }

    [Theory, EachCluster]
    public async Task ASecondShellIsToldWhoIsAtWork(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");
        var first = StartAsync(target, "app:slow2");
        await place.UntilAsync(Resources.Leases, "rollout-deployment-app", lease => lease.Spec.HolderIdentity is not null);

        var refused = await RefusedAsync("RolloutInProgress", () => StartAsync(target, "app:v3"));

        Assert.Contains($"process {Environment.ProcessId}", refused.Message, StringComparison.Ordinal);
        Assert.Equal(RolloutPhase.Healthy, (await first).Phase);
        Assert.Null(await place.GetAsync(Resources.Leases, "rollout-deployment-app"));
    }

    [Theory]
    [EachClusterWith("deployment")]
    [EachClusterWith("statefulset")]
    [EachClusterWith("daemonset")]
    public async Task WhoIsAtWorkGoesBackWhenAnotherShellSaysStop(string cluster, string kind)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, kind, "app:v1");
        var first = StartAsync(target, "app:unready", FailureAction.Continue);
        var other = Targets(place).Find(new TargetName(kind, "app"), place.Namespace);
        await foreach (var status in other.WatchAsync(Limit)) if (status is { Phase: RolloutPhase.Progressing, StartedAt: not null }) break;

        var plan = await other.PlanAsync(new RolloutCommand(RolloutVerb.Stop), SilentReporter.Instance, Limit);
        var stopped = await other.ApplyAsync(plan, null, SilentReporter.Instance, Limit);

        var told = await first;
        Assert.All([stopped, told], status => Assert.Equal((RolloutPhase.Undone, "Stopped", "v1"), (status.Phase, status.Reason, status.Image!.Tag)));
        Assert.True(stopped.Succeeded);
        Assert.Equal(["Started", "Stopped", "Undoing", "Undone"], stopped.Decisions.Select(decision => decision.Action));
        Assert.Contains(Environment.MachineName, stopped.Message, StringComparison.Ordinal);
        Assert.Equal(HealthVerdict.Inconclusive, (await target.HistoryAsync(Limit)).Single(revision => revision.Image.Tag == "unready").Verdict);
        await RefusedAsync("NothingToStop", () => other.PlanAsync(new RolloutCommand(RolloutVerb.Stop), SilentReporter.Instance, Limit));
    }

    [Theory, EachCluster]
    public async Task AStopIsHeardWhileHealthIsChecked(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");
        var checking = new TaskCompletionSource();
        var endless = new ScriptHealthCheck { Name = "endless", Script = "..." }.RunBy(async (_, _, token) =>
        {
            // What an undo goes back to is checked as well.
            if (checking.TrySetResult()) await Task.Delay(Timeout.Infinite, token);
            return new ScriptOutcome(HealthVerdict.Healthy, "");
        });
        var first = StartAsync(target, "app:v2", with: request => request with { HealthChecks = [endless] });
        await checking.Task.WaitAsync(Limit);
        var other = Targets(place).Find(new TargetName("deployment", "app"), place.Namespace);

        var stopped = await other.ApplyAsync(await other.PlanAsync(new RolloutCommand(RolloutVerb.Stop), SilentReporter.Instance, Limit), null, SilentReporter.Instance, Limit);

        Assert.Equal((RolloutPhase.Undone, "v1"), (stopped.Phase, stopped.Image!.Tag));
        Assert.Equal("Stopped", (await first).Reason);
    }

    [Theory, EachCluster]
    public async Task AStopThatNobodyIsThereToHearIsDoneByWhoSaysIt(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");
        using var dies = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => StartAsync(target, "app:unready", seen: _ => dies.Cancel(), cancellation: dies.Token));
        var other = Targets(place).Find(new TargetName("deployment", "app"), place.Namespace);

        var stopped = await other.ApplyAsync(await other.PlanAsync(new RolloutCommand(RolloutVerb.Stop), SilentReporter.Instance, Limit), null, SilentReporter.Instance, Limit);

        Assert.Equal((RolloutPhase.Undone, "v1", true), (stopped.Phase, stopped.Image!.Tag, stopped.Succeeded));
    }

    [Theory]
    [EachClusterWith("-MaxSurge")]
    [EachClusterWith("-MaxUnavailable")]
    public async Task RoomThatAStatefulSetHasNotIsRefused(string cluster, string parameter)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "statefulset", "app:v1");

        var refused = await RefusedAsync("WorkloadRoomNotSupported", () => StartAsync(target, "app:v2", with: request => parameter == "-MaxSurge" ? request with { MaxSurge = "1" } : request with { MaxUnavailable = "2" }));

        Assert.Contains(parameter, refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await place.GetAsync(Resources.StatefulSets, "app"))!.Metadata.Generation);
    }

    [Theory, EachCluster]
    public async Task ADaemonSetSurgesWhereNothingMayBeMissing(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "daemonset", "app:v1");

        await RefusedAsync("KubernetesInvalid", () => target.PlanAsync(new RolloutRequest { Image = ((ImageSource?)"app:v2")!, MaxSurge = "1" }, SilentReporter.Instance, Limit));
        var status = await StartAsync(target, "app:v2", with: request => request with { MaxSurge = "1", MaxUnavailable = "0" });

        Assert.Equal(RolloutPhase.Healthy, status.Phase);
    }

    [Theory, EachCluster]
    public async Task ALeaseThatRanOutIsTakenOver(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");
        await place.CreateAsync(Resources.Leases, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "rollout-deployment-app" },
            ["spec"] = new JsonObject { ["holderIdentity"] = "somebody dead", ["leaseDurationSeconds"] = 15, ["renewTime"] = "2020-01-01T00:00:00.000000Z" },
        });

        Assert.Equal(RolloutPhase.Healthy, (await StartAsync(target, "app:v2")).Phase);
    }

    [Theory, EachCluster]
    public async Task WhatAShellThatDiedLeftIsCarriedOn(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await DeployedAsync(place, "deployment", "app:v1");
        using var dies = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => StartAsync(target, "app:slow2", seen: _ => dies.Cancel(), cancellation: dies.Token));

        var other = Targets(place).Find(TargetName.Parse("deployment/app"), place.Namespace);
        Assert.Equal(RolloutPhase.Progressing, (await other.ReadAsync(Limit))!.Phase);
        var status = await other.CarryOnAsync(null, SilentReporter.Instance, Limit);

        Assert.Equal((RolloutPhase.Healthy, "slow2"), (status.Phase, status.Image!.Tag));
        Assert.Equal(HealthVerdict.Healthy, (await other.HistoryAsync(Limit))[0].Verdict);
    }

    [Theory, EachCluster]
    public async Task TheContainerMustBeClearAndOthersStayAsTheyAre(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var workload = Playground.Workload("app", "app:v1", 1);
        var pod = (JsonObject)workload["spec"]!["template"]!["spec"]!;
        ((JsonArray)pod["containers"]!).Add(new JsonObject { ["name"] = "side", ["image"] = "side:v1" });
        pod["initContainers"] = new JsonArray(new JsonObject { ["name"] = "init", ["image"] = "init:v1" });
        await place.CreateAsync(Resources.Deployments, workload);
        var target = Targets(place).Find(TargetName.Parse("deploy/app"), place.Namespace);

        Assert.Contains("main, side, init", (await RefusedAsync("WorkloadContainerNotChosen", () => StartAsync(target, "app:v2"))).Message, StringComparison.Ordinal);
        await RefusedAsync("WorkloadContainerNotFound", () => StartAsync(target, "app:v2", container: "other"));
        Assert.Equal(RolloutPhase.Healthy, (await StartAsync(target, "init:v2", container: "init")).Phase);
        var template = (await place.GetAsync(Resources.Deployments, "app"))!.Spec.Template;
        Assert.Equal(("app:v1", "side:v1", "docker.io/library/init:v2"), (PodTemplate.Image(template, "main"), PodTemplate.Image(template, "side"), PodTemplate.Image(template, "init")));
    }

    [Theory, EachCluster]
    public async Task BadInputIsOneClearErrorAndChangesNothing(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var targets = Targets(place);

        Assert.Equal("InvalidTarget", Assert.Throws<RolloutException>(() => targets.Find(TargetName.Parse("deployment/Bad_Name"), place.Namespace)).Id);
        Assert.Equal("InvalidTarget", Assert.Throws<RolloutException>(() => targets.Find(TargetName.Parse("docker/app"), place.Namespace)).Id);
        await RefusedAsync("WorkloadNotFound", () => StartAsync(targets.Find(TargetName.Parse("deployment/gone"), place.Namespace), "app:v2"));
        await RefusedAsync("NamespaceNotFound", () => StartAsync(targets.Find(TargetName.Parse("deployment/app"), "no-such-namespace"), "app:v2"));
        var target = await DeployedAsync(place, "deployment", "app:v1");
        await RefusedAsync("KubernetesInvalid", () => StartAsync(target, "app:v2", maxSurge: "lots"));
        await RefusedAsync("StrategyNotSupported", () => target.PlanAsync(new RolloutRequest { Image = ((ImageSource?)"app:v2")!, Strategy = RolloutStrategy.Recreate }, SilentReporter.Instance, Limit));
        Assert.Equal(1, (await place.GetAsync(Resources.Deployments, "app"))!.Metadata.Generation);
    }

    [Theory, EachCluster]
    public async Task AFleetCostsOneListAndOneWatchPerKind(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        const int Count = 12;
        for (var i = 0; i < Count; i++) await place.CreateAsync(Resources.Deployments, Playground.Workload($"app-{i}", "app:v1", 2));
        for (var i = 0; i < Count; i++) await place.UntilAsync(Resources.Deployments, $"app-{i}", app => app.Status.AvailableReplicas == 2);
        var counting = new CountingClient(place.Client);
        var targets = new KubernetesTargets(counting, TimeProvider.System, Random.Shared) { Images = AnyImage.Instance };

        var all = await Task.WhenAll(Enumerable.Range(0, Count).Select(i => StartAsync(targets.Find(TargetName.Parse($"deployment/app-{i}"), place.Namespace), i == 3 ? "app:bad" : "app:slow1", FailureAction.Continue)));

        Assert.Equal(Count - 1, all.Count(status => status.Phase == RolloutPhase.Healthy));
        // Which of the two is seen is a matter of milliseconds.
        Assert.Matches("^(ErrImagePull|ImagePullBackOff)$", all.Single(status => status.Phase == RolloutPhase.Failed).Reason);
        Assert.Equal((1, 1, 1), (counting.Watches("deployments"), counting.Watches("replicasets"), counting.Watches("pods")));
        Assert.Equal((1, 1, 1), (counting.Lists("deployments"), counting.Lists("replicasets"), counting.Lists("pods")));
        Assert.Equal((1, 1, 1), (counting.Lists("services"), counting.Lists("poddisruptionbudgets"), counting.Lists("horizontalpodautoscalers")));
    }
}
