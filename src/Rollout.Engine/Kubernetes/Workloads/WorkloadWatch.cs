using System.Threading.Channels;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>One look at a workload.</summary>
/// <param name="Workload">Itself; null where it is gone.</param>
/// <param name="Revisions">Its revisions, the newest first.</param>
/// <param name="Wanted">The revision with its present template; null where that is not made yet.</param>
/// <param name="NewPods">The Pods of the wanted revision.</param>
/// <param name="OldPods">All its other Pods.</param>
internal sealed record Sight(Workload? Workload, IReadOnlyList<Revision> Revisions, Revision? Wanted, IReadOnlyList<Pod> NewPods, IReadOnlyList<Pod> OldPods);

/// <summary>Looks at one workload and waits for changes, through the caches it shares with others.</summary>
internal abstract class WorkloadWatch : IAsyncDisposable
{
    // One wake is enough however much happened. Who waits goes on right where the change was taken in: a look is short, and a thread woken for each is dearer.
    private readonly Channel<bool> _changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, AllowSynchronousContinuations = true });
    private ITimer? _timer;

    /// <summary>Begins to look at a workload.</summary>
    public abstract Task BeginAsync(string uid, CancellationToken cancellation);

    public abstract Sight Look();

    /// <summary>Waits until something changed since the last wait, or the time is over.</summary>
    public async Task WaitAsync(TimeSpan limit, TimeProvider time, CancellationToken cancellation)
    {
        _timer ??= time.CreateTimer(watch => ((WorkloadWatch)watch!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(limit, Timeout.InfiniteTimeSpan);
        await _changed.Reader.ReadAsync(cancellation);
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (_timer is not null) await _timer.DisposeAsync();
    }

    protected void Wake() => _changed.Writer.TryWrite(true);
}

/// <inheritdoc/>
internal class WorkloadWatch<TWorkload, TRevision>(
    ClusterWatch.Share<TWorkload> workloads,
    Func<TWorkload, Workload> view,
    ClusterWatch.Share<TRevision> revisions,
    Func<TRevision, Revision> revisionView,
    ClusterWatch.Share<Pod> pods) : WorkloadWatch
    where TWorkload : class, IKubernetesObject
    where TRevision : class, IKubernetesObject
{
    private readonly HashSet<string> _podOwners = [];
    private readonly Dictionary<string, bool> _isWanted = [];
    private (long Spec, long Template, string? Label) _wanted;
    private string _uid = "";
    private (TWorkload? Item, Workload? View) _last;

    /// <summary>The object itself; null where it is gone.</summary>
    protected TWorkload? Found => workloads.Cache.Find(_uid);

    public override async Task BeginAsync(string uid, CancellationToken cancellation)
    {
        _uid = uid;
        workloads.Cache.Listen(uid, Wake);
        revisions.Cache.Listen(uid, Wake);
        ListenToPodsOf(uid);
        await Task.WhenAll(workloads.Cache.Listed, revisions.Cache.Listed, pods.Cache.Listed).WaitAsync(cancellation);
    }

    public override Sight Look()
    {
        var owned = revisions.Cache.OwnedBy(_uid).Select(revisionView).ToList();
        owned.Sort((one, other) => other.Number.CompareTo(one.Number));
        var workload = View(Found)?.NumberedBy(owned);
        // A Deployment's Pods belong to its ReplicaSets, the others' to themselves.
        foreach (var revision in owned) ListenToPodsOf(revision.Metadata.Uid);
        var all = _podOwners.SelectMany(pods.Cache.OwnedBy).ToList();
        var wanted = workload is null ? null : owned.FirstOrDefault(revision => IsWanted(workload, revision));
        return new Sight(workload, owned, wanted, [.. all.Where(pod => wanted?.Owns(pod) == true)], [.. all.Where(pod => wanted?.Owns(pod) != true)]);
    }

    /// <summary>Most looks are at another Pod's change, with the workload as it was.</summary>
    private Workload? View(TWorkload? item)
    {
        if (!ReferenceEquals(item, _last.Item)) _last = (item, item is null ? null : view(item).After(_last.View));
        return _last.View;
    }

    public override async ValueTask DisposeAsync()
    {
        workloads.Cache.StopListening(_uid, Wake);
        revisions.Cache.StopListening(_uid, Wake);
        foreach (var owner in _podOwners) pods.Cache.StopListening(owner, Wake);
        await base.DisposeAsync();
        await workloads.DisposeAsync();
        await revisions.DisposeAsync();
        await pods.DisposeAsync();
    }

    /// <summary>
    /// The revision with the workload's template. Not simply the newest: the workload's change may be seen before the revision that is made for it. Remembered, as a
    /// revision never changes and comparing templates is dear.
    /// </summary>
    private bool IsWanted(Workload workload, Revision revision)
    {
        var wanted = (workload.Generation.Spec, workload.Generation.Template, workload.WantedLabel);
        if (_wanted != wanted)
        {
            _isWanted.Clear();
            _wanted = wanted;
        }

        if (!_isWanted.TryGetValue(revision.Metadata.Uid, out var isWanted)) _isWanted[revision.Metadata.Uid] = isWanted = workload.Wants(revision);
        return isWanted;
    }

    private void ListenToPodsOf(string owner)
    {
        if (_podOwners.Add(owner)) pods.Cache.Listen(owner, Wake);
    }
}
