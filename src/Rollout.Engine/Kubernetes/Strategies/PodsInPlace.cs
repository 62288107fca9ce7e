using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;

namespace Rollout.Engine.Kubernetes.Strategies;

/// <summary>
/// A StatefulSet or DaemonSet, whose Pods are replaced each in its place. It has the new template from the first step on, and its own controller makes the Pods: of a StatefulSet those from the
/// partition up, of a DaemonSet (OnDelete meanwhile) those on the nodes whose Pod was deleted.
/// </summary>
internal sealed class PodsInPlace(WorkloadStore store) : ISides
{
    private readonly WatchedWorkload _watched = new(store.Watch, store.Cluster.Time);
    private readonly HashSet<string> _deleted = [];

    public Task BeginAsync(Workload workload, CancellationToken cancellation) => _watched.BeginAsync(workload, cancellation);

    public SidesSight Look()
    {
        var (workload, seen) = _watched.Look();
        if (workload?.LastRecord is not { Stepped: { } state } record) return new SidesSight(workload, default, default, []);
        // Those that a StatefulSet's own partition keeps from every update are none of it.
        var replicas = Math.Max(0, workload.Progress.Desired - state.Partition);
        var isSuperseded = state.Template is { } template && template != PodTemplate.Fingerprint(workload.Template);
        // Which Pods are new cannot be told before the controller and the watch have come as far as the last write.
        var isSettled = seen is { Workload: { } told, Wanted: not null } && ReferenceEquals(told, workload) && workload.Progress.Reason != "NotObserved";
        if (!isSettled) return new SidesSight(workload, default, new SideSight(replicas, 0), []) { Replicas = replicas, IsSettled = false, IsSuperseded = isSuperseded };

        var old = Left(seen!).ToList();
        var oldWanted = Math.Min(workload.Kind == "statefulset" ? workload.Partition - state.Partition : old.Count, replicas);
        return new SidesSight(workload, new SideSight(replicas - oldWanted, Available(seen!.NewPods, workload)), new SideSight(oldWanted, Available(old, workload)), seen.NewPods)
        {
            Replicas = replicas,
            OldPods = old,
            IsSuperseded = isSuperseded,
        };
    }

    public void Wrote(Workload workload) => _watched.Wrote(workload);

    public Task WaitAsync(TimeSpan limit, CancellationToken cancellation) => _watched.WaitAsync(limit, cancellation);

    /// <summary>A new Pod comes in the place of an old one.</summary>
    public Task RaiseNewAsync(SidesSight sight, int count, CancellationToken cancellation) => LowerOldAsync(sight, count, cancellation);

    public async Task LowerOldAsync(SidesSight sight, int count, CancellationToken cancellation)
    {
        var workload = sight.Workload!;
        if (workload.Kind == "statefulset")
        {
            Wrote(await store.PatchAsync(workload, now => SteppedPatch.Of(now, now.LastRecord!, Math.Max(0, sight.Old.Wanted - count)), cancellation));
            return;
        }

        // What does not serve anyway goes first.
        foreach (var pod in sight.OldPods.OrderBy(SlowestPod.IsReady).ThenBy(pod => pod.Spec.NodeName, StringComparer.Ordinal).Take(count))
        {
            await store.Client.DeleteAsync(Resources.Pods, store.Namespace, pod.Metadata.Name, pod.Metadata.Uid, cancellation);
            _deleted.Add(pod.Metadata.Uid);
        }
    }

    public ValueTask DisposeAsync() => _watched.DisposeAsync();

    private IEnumerable<Pod> Left(Sight sight) => sight.OldPods.Where(pod => pod.Metadata.DeletionTimestamp is null && !_deleted.Contains(pod.Metadata.Uid));

    private int Available(IEnumerable<Pod> pods, Workload workload) =>
        pods.Count(pod => pod.Metadata.DeletionTimestamp is null && SlowestPod.IsReady(pod, TimeSpan.FromSeconds(workload.MinReadySeconds), store.Now));
}
