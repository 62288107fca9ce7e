using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Tests.Health;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Xunit;
using static Rollout.Engine.Tests.Kubernetes.Cluster.TargetSteps;

namespace Rollout.Engine.Tests.Kubernetes;

/// <summary>What keeps two shells apart, and how it is known that one has died.</summary>
public sealed class TargetLeaseTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(2);

    [Theory, EachCluster]
    public async Task AllOfAShellsLeasesLiveByOneHeartbeat(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster, atRest: true);
        var time = new SimulatedTime();
        var start = time.GetUtcNow();
        var heartbeats = new Heartbeats(place.Client, time);
        Workload one = Named(place, "one"), two = Named(place, "two");
        var first = await TargetLease.TakeAsync(place.Client, one, heartbeats, time, Limit);
        var second = await TargetLease.TakeAsync(place.Client, two, heartbeats, time, Limit);
        await LeaseAsync(place, lease => lease.Metadata.Name.StartsWith("rollout-shell-", StringComparison.Ordinal) && lease.Spec.RenewTime > start + Long);

        Assert.Equal(3, (await LeasesAsync(place)).Count);
        // Nobody touches a workload's own lease once it is taken.
        Assert.All(await LeasesAsync(place), lease => Assert.Equal(lease.Metadata.Name.StartsWith("rollout-shell-", StringComparison.Ordinal), lease.Spec.RenewTime > start + Long));
        await RefusedAsync("RolloutInProgress", () => TargetLease.TakeAsync(place.Client, one, new Heartbeats(place.Client, time), time, Limit));

        await first.DisposeAsync();
        Assert.False(await TargetLease.IsHeldAsync(place.Client, one, time, Limit));
        Assert.True(await TargetLease.IsHeldAsync(place.Client, two, time, Limit));
        await second.DisposeAsync();
        Assert.Empty(await LeasesAsync(place));
    }

    [Theory, EachCluster]
    public async Task WhatADeadShellHeldIsTakenOverAndItsHeartbeatClearedAway(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster, atRest: true);
        var workload = Named(place, "one");
        await LeftAsync(place, "rollout-deployment-one", DateTimeOffset.UtcNow - Long, "rollout-shell-other");
        await LeftAsync(place, "rollout-shell-other", DateTimeOffset.UtcNow, null);
        var heartbeats = new Heartbeats(place.Client, TimeProvider.System);
        Assert.Contains("somebody", (await RefusedAsync("RolloutInProgress", () => TakeAsync())).Message, StringComparison.Ordinal);

        await place.PatchAsync(Resources.Leases, "rollout-shell-other", Patch.Merge(new JsonObject { ["spec"] = Spec(DateTimeOffset.UtcNow - Long) }));
        var taken = await TakeAsync();

        var lease = Assert.Single(await LeasesAsync(place));
        Assert.Equal((TargetLease.Shell, 1), (lease.Spec.HolderIdentity, lease.Spec.LeaseTransitions));
        // What another shell has taken over meanwhile is not the first's to give back.
        await place.PatchAsync(Resources.Leases, "rollout-deployment-one", Patch.Merge(new JsonObject { ["spec"] = Spec(DateTimeOffset.UtcNow) }));
        await taken.DisposeAsync();
        Assert.True(await TargetLease.IsHeldAsync(place.Client, workload, TimeProvider.System, Limit));

        Task<TargetLease> TakeAsync() => TargetLease.TakeAsync(place.Client, workload, heartbeats, TimeProvider.System, Limit);
    }

    private static Workload Named(Playground place, string name) => Workload.Of(new Deployment { Metadata = new ObjectMeta { Name = name, Namespace = place.Namespace } });

    private static Task LeftAsync(Playground place, string name, DateTimeOffset renewed, string? heartbeat) => place.CreateAsync(Resources.Leases, new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["annotations"] = heartbeat is null ? null : new JsonObject { ["rollout.pwsh/heartbeat"] = heartbeat } },
        ["spec"] = Spec(renewed),
    });

    private static JsonObject Spec(DateTimeOffset renewed) => new() { ["holderIdentity"] = "somebody", ["leaseDurationSeconds"] = 15, ["renewTime"] = Heartbeat.MicroTime(renewed) };

    private static async Task<IReadOnlyList<Lease>> LeasesAsync(Playground place) => (await place.Client.ListAllAsync(Resources.Leases, place.Namespace, new ListQuery(), Limit)).Items;

    private static async Task LeaseAsync(Playground place, Func<Lease, bool> wanted)
    {
        var changes = new ListWatch<Lease>(place.Client, Resources.Leases, place.Namespace, new ListQuery(), TimeProvider.System, Random.Shared);
        await foreach (var change in changes.RunAsync(Limit))
        {
            if (change is Change<Lease>.Updated { Item: var lease } && wanted(lease)) return;
        }
    }
}
