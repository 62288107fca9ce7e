using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Argo;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Xunit;
using static Rollout.Engine.Tests.Kubernetes.Argo.ArgoPlace;

namespace Rollout.Engine.Tests.Kubernetes.Argo;

/// <summary>
/// What the API itself does with the patches: on the in-process cluster with its controllers at rest, and on a real one, where no controller of Argo's is and the
/// CustomResourceDefinition is the test's own. The status is written here as a controller would.
/// </summary>
public sealed class ArgoApiTests
{
    [Theory, EachCluster]
    public async Task TheImageTheRecordAndNothingElseIsSet(string cluster)
    {
        await using var place = await PlaceAsync(cluster);
        var document = Document(OnePause);
        var container = (JsonObject)document["spec"]!["template"]!["spec"]!["containers"]![0]!;
        container["env"] = new JsonArray(new JsonObject { ["name"] = "A", ["value"] = "1" });
        ((JsonArray)document["spec"]!["template"]!["spec"]!["containers"]!).Add(new JsonObject { ["name"] = "side", ["image"] = "side:v1" });
        document["spec"]!["aFieldOfALaterVersion"] = 7;
        await place.CreateAsync(ArgoRollout.Resource, document);
        var target = Target(place);
        using var dies = new CancellationTokenSource();
        var request = new RolloutRequest { Image = ((ImageSource?)"app:v2")!, Container = "main" };
        var plan = await target.PlanAsync(request, SilentReporter.Instance, Limit);
        Assert.Equal(["spec.containers[main].image: app:v1 -> docker.io/library/app:v2"], await target.PreviewAsync(plan, Limit));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => target.ApplyAsync(plan, _ => dies.Cancel(), SilentReporter.Instance, dies.Token));

        var stored = await place.Client.PreviewAsync(ArgoRollout.Resource, place.Namespace, "app", Patch.Merge([]), Limit);
        var wanted = document["spec"]!.DeepClone();
        wanted["template"]!["spec"]!["containers"]![0]!["image"] = "docker.io/library/app:v2";
        Assert.True(JsonNode.DeepEquals(wanted, stored["spec"]), stored["spec"]!.ToJsonString());
        Assert.Equal((RolloutPhase.Progressing, "v2", "v1"), await target.ReadAsync(Limit) is { } read ? (read.Phase, read.Image!.Tag, read.PreviousImage!.Tag) : default);
    }

    [Theory, EachCluster]
    public async Task APromotionGoesIntoTheStatusAndIsWaitedFor(string cluster)
    {
        await using var place = await PlaceAsync(cluster);
        await place.CreateAsync(ArgoRollout.Resource, Document(OnePause));
        await StatusAsync(place, """{"phase":"Paused","message":"CanaryPauseStep","controllerPause":true,"pauseConditions":[{"reason":"CanaryPauseStep","startTime":"2026-01-01T00:00:00Z"}],"currentStepIndex":1,"currentPodHash":"new","stableRS":"old","observedGeneration":"1"}""");
        var target = Target(place);
        Assert.Equal((RolloutPhase.Paused, "2 of 2: pause at weight 50%"), (await target.ReadAsync(Limit))! is var paused ? (paused.Phase, paused.Step) : default);

        var resumed = DoAsync(target, RolloutVerb.Resume);
        var lifted = await place.UntilAsync(ArgoRollout.Resource, "app", rollout => rollout.Status.PauseConditions.Count == 0 && rollout.Metadata.Annotations.Count > 0);
        Assert.Equal(1, lifted.Metadata.Generation);
        await StatusAsync(place, """{"phase":"Healthy","message":null,"controllerPause":null,"currentStepIndex":2,"stableRS":"new"}""");

        Assert.Equal(RolloutPhase.Healthy, (await resumed).Phase);
    }

    [Theory, EachCluster]
    public async Task AnAbortGoesIntoTheStatusAndIsWaitedFor(string cluster)
    {
        await using var place = await PlaceAsync(cluster);
        await place.CreateAsync(ArgoRollout.Resource, Document(OnePause));
        await StatusAsync(place, """{"phase":"Progressing","currentStepIndex":0,"currentPodHash":"new","stableRS":"old","observedGeneration":"1","updatedReplicas":1,"availableReplicas":2}""");
        var stopped = DoAsync(Target(place), RolloutVerb.Stop);
        await place.UntilAsync(ArgoRollout.Resource, "app", rollout => rollout.Status.Abort);
        await StatusAsync(place, """{"phase":"Degraded","message":"RolloutAborted: Rollout aborted update to revision 2"}""");
        await StatusAsync(place, """{"updatedReplicas":0}""");

        Assert.Equal((RolloutPhase.Degraded, "RolloutAborted"), await stopped is var status ? (status.Phase, status.Reason) : default);
    }

    [Theory, EachCluster]
    public async Task AStatusThatMovedOnIsAConflictAndLookedAtAgain(string cluster)
    {
        await using var place = await PlaceAsync(cluster);
        var created = await place.CreateAsync(ArgoRollout.Resource, Document("""{"canary":{"steps":[{"analysis":{}},{"analysis":{}},{"analysis":{}}]}}"""));
        await StatusAsync(place, """{"phase":"Progressing","currentStepIndex":0,"currentPodHash":"new","stableRS":"old","observedGeneration":"1"}""");

        await RefusedAsync("KubernetesConflict", () => ArgoKind.PatchStatusAsync(place.Client, created.Metadata, new JsonObject { ["abort"] = true }, Limit));

        var target = Target(place);
        var plan = await target.PlanAsync(new RolloutCommand(RolloutVerb.Resume), SilentReporter.Instance, Limit);
        // The controller went a step further after the plan was made: the step that is skipped is the one it is at now.
        await StatusAsync(place, """{"currentStepIndex":1}""");
        var resumed = target.ApplyAsync(plan, null, SilentReporter.Instance, Limit);
        await place.UntilAsync(ArgoRollout.Resource, "app", rollout => rollout.Status.CurrentStepIndex == 2);
        await StatusAsync(place, """{"phase":"Healthy","stableRS":"new"}""");
        Assert.Equal(RolloutPhase.Healthy, (await resumed).Phase);
    }

    [Theory, EachCluster]
    public async Task ARestartAndAPauseGoIntoTheSpec(string cluster)
    {
        await using var place = await PlaceAsync(cluster);
        await place.CreateAsync(ArgoRollout.Resource, Document(OnePause));
        await StatusAsync(place, """{"phase":"Healthy","currentPodHash":"new","stableRS":"new","observedGeneration":"1"}""");
        var target = Target(place);

        var restarted = DoAsync(target, RolloutVerb.Restart);
        var asked = await place.UntilAsync(ArgoRollout.Resource, "app", rollout => rollout.Spec.RestartAt is not null);
        await StatusAsync(place, """{"observedGeneration":"2"}""");
        Assert.Equal((2, RolloutPhase.Healthy), (asked.Metadata.Generation, (await restarted).Phase));

        Assert.Equal(RolloutPhase.Paused, (await DoAsync(target, RolloutVerb.Suspend)).Phase);
        Assert.True((await ReadAsync(place)).Spec.Paused);
    }

    [Theory, EachCluster]
    public async Task UndoReplacesTheTemplateByTheRevisionsWithoutItsMarks(string cluster)
    {
        await using var place = await PlaceAsync(cluster);
        var document = Document(OnePause, "app:v2");
        document["spec"]!["template"]!["spec"]!["hostNetwork"] = true;
        var created = await place.CreateAsync(ArgoRollout.Resource, document);
        await place.CreateAsync(Resources.ReplicaSets, Kept(created, "old", 1, "app:v1"));
        await place.CreateAsync(Resources.ReplicaSets, Kept(created, "new", 2, "app:v2"));
        await StatusAsync(place, """{"phase":"Paused","message":"CanaryPauseStep","controllerPause":true,"pauseConditions":[{"reason":"CanaryPauseStep"}],"currentStepIndex":1,"currentPodHash":"new","stableRS":"old","observedGeneration":"1"}""");
        var target = Target(place);
        Assert.Equal([("v2", 2, true), ("v1", 1, false)], (await target.HistoryAsync(Limit)).Select(revision => (revision.Image.Tag, revision.Revision, revision.Current)));

        var undone = UndoAsync(target);
        var back = await place.UntilAsync(ArgoRollout.Resource, "app", rollout => rollout.Metadata.Generation == 2);
        await StatusAsync(place, """{"phase":"Healthy","message":null,"controllerPause":null,"pauseConditions":null,"currentPodHash":"old","observedGeneration":"2"}""");

        Assert.Equal((RolloutPhase.Undone, "v1"), await undone is var status ? (status.Phase, status.Image!.Tag) : default);
        Assert.Equal("""{"app":"app"}""", back.Spec.Template["metadata"]!["labels"]!.ToJsonString());
        Assert.False(((JsonObject)back.Spec.Template["spec"]!).ContainsKey("hostNetwork"));
    }

    /// <summary>A ReplicaSet as Argo keeps it, of no Pods; marked as the canary's side.</summary>
    private static JsonObject Kept(ArgoRollout owner, string hash, int revision, string image)
    {
        var body = Playground.Workload("app", image, 0);
        var labels = new JsonObject { ["app"] = "app", ["rollouts-pod-template-hash"] = hash };
        body["metadata"] = new JsonObject
        {
            ["name"] = "app-" + hash,
            ["labels"] = labels.DeepClone(),
            ["annotations"] = new JsonObject { ["rollout.argoproj.io/revision"] = $"{revision}", ["rollout.argoproj.io/ephemeral-metadata"] = """{"labels":{"side":"canary"}}""" },
            ["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = "argoproj.io/v1alpha1", ["kind"] = "Rollout", ["name"] = "app", ["uid"] = owner.Metadata.Uid, ["controller"] = true }),
        };
        body["spec"]!["selector"]!["matchLabels"] = labels.DeepClone();
        labels["side"] = "canary";
        body["spec"]!["template"]!["metadata"]!["labels"] = labels;
        return body;
    }

    private static async Task<Playground> PlaceAsync(string cluster)
    {
        var place = await Clusters.PlaygroundAsync(cluster, atRest: true);
        if (place.IsReal) await ArgoDefinition.InstallAsync(place.Client);
        return place;
    }

    private static Task StatusAsync(Playground place, string status) =>
        place.PatchAsync(ArgoRollout.Resource, "app", Patch.Merge(new JsonObject { ["status"] = JsonNode.Parse(status) }) with { Subresource = "status" });
}
