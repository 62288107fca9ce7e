using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Traffic.Kubernetes;

namespace Rollout.Engine.Kubernetes.Strategies;

/// <summary>The end of what was made beside a workload: first it gets no traffic any more, then it goes.</summary>
internal static class SecondSide
{
    /// <summary>Routers tell of themselves by no watch that would be worth opening for a moment.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(300);

    public static async Task RetireAsync(WorkloadStore store, Workload first, RolloutRecord record, IReporter reporter, CancellationToken cancellation)
    {
        await GiveBackAsync(store, record, reporter, cancellation);
        await store.DespiteOutagesAsync(() => SetsBeside.RemoveAsync(store.Client, first, cancellation), reporter, cancellation);
    }

    /// <summary>All traffic goes to the workload itself, and its router says so. A router that does not is no outage of the cluster's.</summary>
    /// <exception cref="RolloutException">RouteNotAccepted: what was made is left, as it may still be reached.</exception>
    public static async Task GiveBackAsync(WorkloadStore store, RolloutRecord record, IReporter reporter, CancellationToken cancellation)
    {
        if (record.Stepped is not { Route: { } route } state) return;
        var router = ShareRouters.Open(store.Client, store.Namespace, route, state.Steps);
        var deadline = store.Now + TimeSpan.FromSeconds(record.TimeoutSec);
        while (true)
        {
            // Somebody may put back meanwhile what was taken out; where it is as wanted, nothing is written.
            await store.DespiteOutagesAsync(() => router.RestoreAsync(cancellation), reporter, cancellation);
            if (await store.DespiteOutagesAsync(() => router.ShareAsync(cancellation), reporter, cancellation) is { Percent: 0, Match: null }) return;
            if (store.Now >= deadline) throw RouteErrors.NotAccepted($"{route.Router} {route.Name}", "its traffic is not back at what ran before");
            await Task.Delay(LookEvery, store.Cluster.Time, cancellation);
        }
    }
}
