using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes;

/// <summary>What the client promises, on each cluster.</summary>
public sealed class ClientContractTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EachCluster]
    public async Task WhatIsCreatedIsReadBackAndWhatIsNotThereIsNull(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);

        var created = await place.CreateAsync(Resources.Deployments, Playground.Workload("shop", "shop:v1", 3, new JsonObject { ["minReadySeconds"] = 1 }));
        var read = await place.GetAsync(Resources.Deployments, "shop");

        Assert.Equal((created.Metadata.Uid, place.Namespace, 3, 1), (read!.Metadata.Uid, read.Metadata.Namespace, read.Spec.Replicas, read.Spec.MinReadySeconds));
        Assert.Equal("app=shop", read.Spec.Selector.ToString());
        Assert.Equal("shop:v1", (string?)read.Spec.Template["spec"]!["containers"]![0]!["image"]);
        Assert.Null(await place.GetAsync(Resources.Deployments, "other"));
        Assert.StartsWith("v1.", (await place.Client.VersionAsync(None)).GitVersion, StringComparison.Ordinal);
    }

    [Theory, EachCluster]
    public async Task TheServersRefusalsAreErrorsOfTheirOwn(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        await place.CreateAsync(Resources.Deployments, Playground.Workload("shop", "shop:v1", 0));

        await Refused("KubernetesConflict", () => place.CreateAsync(Resources.Deployments, Playground.Workload("shop", "shop:v1")));
        await Refused("KubernetesInvalid", () => place.CreateAsync(Resources.Deployments, Playground.Workload("Bad_Name", "shop:v1")));
        await Refused("KubernetesNotFound", () => place.PatchAsync(Resources.Deployments, "other", Patch.Merge([])));
        await Refused("KubernetesNotFound", () => place.Client.CreateAsync(Resources.Deployments, "no-such-namespace", Playground.Workload("shop", "shop:v1"), dryRun: false, None));
    }

    [Theory, EachCluster]
    public async Task TheFourPatchesChangeWhatTheyNameAndNothingElse(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var workload = Playground.Workload("shop", "shop:v1", 0);
        ((JsonArray)workload["spec"]!["template"]!["spec"]!["containers"]!).Add(new JsonObject { ["name"] = "side", ["image"] = "side:v1" });
        await place.CreateAsync(Resources.Deployments, workload);

        await place.PatchAsync(Resources.Deployments, "shop", Patch.StrategicMerge(Image("main", "shop:v2")));
        await place.PatchAsync(Resources.Deployments, "shop", Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["a"] = "1", ["b"] = "2" } } }));
        await place.PatchAsync(Resources.Deployments, "shop", Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["b"] = null } } }));
        await place.PatchAsync(Resources.Deployments, "shop", Patch.Json([Operation("test", "/spec/template/spec/containers/1/name", "side"), Operation("replace", "/spec/template/spec/containers/1/image", "side:v2")]));
        var applied = await place.PatchAsync(Resources.Deployments, "shop", Patch.Apply(new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "Deployment",
            ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["c"] = "3" } },
        }));

        Assert.Equal(["main=shop:v2", "side=side:v2"], ((JsonArray)applied.Spec.Template["spec"]!["containers"]!).Select(container => $"{container!["name"]}={container["image"]}"));
        Assert.Equal(("1", null, "3"), (applied.Metadata.Annotation("a"), applied.Metadata.Annotation("b"), applied.Metadata.Annotation("c")));
    }

    [Theory, EachCluster]
    public async Task AFailedTestAndAnOldResourceVersionAreConflictsAndChangeNothing(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var old = await place.CreateAsync(Resources.Deployments, Playground.Workload("shop", "shop:v1", 0));
        await place.PatchAsync(Resources.Deployments, "shop", Patch.StrategicMerge(Image("main", "shop:v2")));

        await Refused("KubernetesConflict", () => place.PatchAsync(Resources.Deployments, "shop", Patch.Json([Operation("test", "/spec/template/spec/containers/0/image", "shop:v1"), Operation("replace", "/spec/template/spec/containers/0/image", "shop:v3")])));
        var late = Image("main", "shop:v3");
        late["metadata"] = new JsonObject { ["resourceVersion"] = old.Metadata.ResourceVersion };
        await Refused("KubernetesConflict", () => place.PatchAsync(Resources.Deployments, "shop", Patch.StrategicMerge(late)));

        Assert.Equal("shop:v2", (string?)(await place.GetAsync(Resources.Deployments, "shop"))!.Spec.Template["spec"]!["containers"]![0]!["image"]);
    }

    [Theory, EachCluster]
    public async Task APreviewShowsTheResultAndStoresNothing(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var before = await place.CreateAsync(Resources.Deployments, Playground.Workload("shop", "shop:v1", 0));

        var preview = await place.Client.PreviewAsync(Resources.Deployments, place.Namespace, "shop", Patch.StrategicMerge(Image("main", "shop:v2")), None);
        var dry = await place.Client.CreateAsync(Resources.Deployments, place.Namespace, Playground.Workload("dry", "shop:v1"), dryRun: true, None);

        Assert.Equal("shop:v2", (string?)preview["spec"]!["template"]!["spec"]!["containers"]![0]!["image"]);
        Assert.Equal(before.Metadata.Generation, (await place.GetAsync(Resources.Deployments, "shop"))!.Metadata.Generation);
        Assert.Equal("dry", dry.Metadata.Name);
        Assert.Null(await place.GetAsync(Resources.Deployments, "dry"));
    }

    [Theory, EachCluster]
    public async Task AListComesInPagesBySelectorAndAllOfIt(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        for (var i = 0; i < 7; i++) await place.CreateAsync(Resources.Deployments, Playground.Workload($"shop-{i}", "shop:v1", 0));

        var names = new List<string>();
        var pages = 0;
        var page = new KubernetesList<Deployment> { Metadata = new ListMeta() };
        do
        {
            page = await place.Client.ListAsync(Resources.Deployments, place.Namespace, new ListQuery { Limit = 3, Continue = page.Metadata.Continue }, None);
            names.AddRange(page.Items.Select(item => item.Metadata.Name));
            pages++;
        }
        while (page.Metadata.Continue.Length > 0);

        Assert.Equal(3, pages);
        Assert.Equal(Enumerable.Range(0, 7).Select(i => $"shop-{i}"), names);
        Assert.Equal(["shop-4"], (await place.Client.ListAllAsync(Resources.Deployments, place.Namespace, new ListQuery { FieldSelector = "metadata.name=shop-4" }, None)).Items.Select(item => item.Metadata.Name));
        Assert.Empty((await place.Client.ListAllAsync(Resources.Deployments, place.Namespace, new ListQuery { LabelSelector = "app in (a,b)" }, None)).Items);
    }

    [Theory, EachCluster]
    public async Task AWatchTellsEveryChangeFromTheListOn(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        await place.CreateAsync(Resources.Leases, Lease("first", "a"));
        var seen = new List<string>();
        var changes = new ListWatch<Lease>(place.Client, Resources.Leases, place.Namespace, new ListQuery(), TimeProvider.System, Random.Shared);
        using var patience = new CancellationTokenSource(TestLimit.Time);

        await foreach (var change in changes.RunAsync(patience.Token))
        {
            switch (change)
            {
                case Change<Lease>.Listed listed:
                    seen.AddRange(listed.Items.Select(item => "listed " + item.Metadata.Name));
                    await place.CreateAsync(Resources.Leases, Lease("second", "b"));
                    await place.PatchAsync(Resources.Leases, "first", Patch.Merge(new JsonObject { ["spec"] = new JsonObject { ["holderIdentity"] = "c" } }));
                    await place.Client.DeleteAsync(Resources.Leases, place.Namespace, "second", null, None);
                    break;
                case Change<Lease>.Updated updated: seen.Add($"{updated.Item.Metadata.Name} {updated.Item.Spec.HolderIdentity}"); break;
                case Change<Lease>.Deleted deleted: seen.Add("deleted " + deleted.Item.Metadata.Name); break;
            }

            if (seen.Count == 4) break;
        }

        Assert.Equal(["listed first", "second b", "first c", "deleted second"], seen);
    }

    [Theory, EachCluster]
    public async Task BookmarksMoveTheVersionOnWhereNothingHappens(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var list = await place.Client.ListAsync(Resources.Leases, place.Namespace, new ListQuery(), None);

        await using var elsewhere = await Clusters.PlaygroundAsync(cluster);
        await elsewhere.CreateAsync(Resources.Leases, Lease("other", "a"));
        var types = new List<string>();
        // A real server sends one about two seconds before the watch's time is over.
        await foreach (var message in place.Client.WatchAsync(Resources.Leases, place.Namespace, new WatchQuery { ResourceVersion = list.Metadata.ResourceVersion, Timeout = TimeSpan.FromSeconds(6) }, None))
        {
            types.Add(message.Type);
            Assert.NotEqual("", message.Object.Metadata.ResourceVersion);
        }

        Assert.Equal(["BOOKMARK"], types.Distinct());
    }

    [Theory, EachCluster]
    public async Task DeletingIsDoneOnceAndOnlyToTheObjectMeant(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var lease = await place.CreateAsync(Resources.Leases, Lease("one", "a"));

        await place.Client.DeleteAsync(Resources.Leases, place.Namespace, "one", Guid.NewGuid().ToString(), None);
        Assert.NotNull(await place.GetAsync(Resources.Leases, "one"));
        await place.Client.DeleteAsync(Resources.Leases, place.Namespace, "one", lease.Metadata.Uid, None);
        await place.Client.DeleteAsync(Resources.Leases, place.Namespace, "one", lease.Metadata.Uid, None);
        Assert.Null(await place.GetAsync(Resources.Leases, "one"));
    }

    [Theory, EachCluster]
    public async Task APodsLogIsReadAndAMissingOneIsEmpty(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        await place.CreateAsync(Resources.Deployments, Playground.Workload("shop", "shop:v1", 1));
        await place.UntilAsync(Resources.Deployments, "shop", shop => shop.Status.ReadyReplicas == 1);
        var pod = (await place.Client.ListAllAsync(Resources.Pods, place.Namespace, new ListQuery { LabelSelector = "app=shop" }, None)).Items.Single();

        Assert.Contains("main", Assert.Single(await place.Client.LogTailAsync(place.Namespace, pod.Metadata.Name, "main", 5, previous: false, None)), StringComparison.Ordinal);
        Assert.Empty(await place.Client.LogTailAsync(place.Namespace, "gone", "main", 5, previous: false, None));
    }

    [Theory, EachCluster]
    public async Task OnesOwnRightsCanBeAskedFor(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);

        Assert.True(await place.Client.MayAsync(new ResourceAttributes("patch", "apps", "deployments", place.Namespace), None));
    }

    private static async Task Refused(string id, Func<Task> action) => Assert.Equal(id, (await Assert.ThrowsAsync<RolloutException>(action)).Id);

    private static JsonObject Lease(string name, string holder) => new() { ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = new JsonObject { ["holderIdentity"] = holder } };

    private static JsonObject Image(string container, string image) => new()
    {
        ["spec"] = new JsonObject { ["template"] = new JsonObject { ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = container, ["image"] = image }) } } },
    };

    private static JsonObject Operation(string op, string path, string value) => new() { ["op"] = op, ["path"] = path, ["value"] = value };
}
