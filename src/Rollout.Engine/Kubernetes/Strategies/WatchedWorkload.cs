using Rollout.Engine.Kubernetes.Workloads;

namespace Rollout.Engine.Kubernetes.Strategies;

/// <summary>One workload: what its watch tells, or what was written and not told yet.</summary>
/// <param name="open">Opens its watch.</param>
/// <param name="time">The clock.</param>
internal sealed class WatchedWorkload(Func<WorkloadWatch> open, TimeProvider time) : IAsyncDisposable
{
    private WorkloadWatch? _watch;
    private Workload? _written;
    private bool _wasSeen;

    public bool IsOpen => _watch is not null;

    public async Task BeginAsync(Workload workload, CancellationToken cancellation)
    {
        if (_watch is not null) await _watch.DisposeAsync();
        (_watch, _written, _wasSeen) = (open(), workload, false);
        await _watch.BeginAsync(workload.Metadata.Uid, cancellation);
    }

    public void Wrote(Workload workload) => _written = workload;

    /// <summary>The workload, null where it is gone; and what the watch tells of its Pods.</summary>
    public (Workload? Workload, Sight? Sight) Look()
    {
        if (_watch is null) return (null, null);
        var sight = _watch.Look();
        _wasSeen |= sight.Workload is not null;
        // Gone, or not told of yet.
        if (sight.Workload is null) return (_wasSeen ? null : _written, sight);
        return (IsBehind(sight.Workload) ? _written : sight.Workload, sight);
    }

    public Task WaitAsync(TimeSpan limit, CancellationToken cancellation) => _watch!.WaitAsync(limit, time, cancellation);

    public async ValueTask DisposeAsync()
    {
        if (_watch is not null) await _watch.DisposeAsync();
    }

    private bool IsBehind(Workload seen) =>
        _written is { } written && (seen.Metadata.Generation < written.Metadata.Generation || Turn(seen) < Turn(written));

    private static int Turn(Workload workload) => workload.LastRecord?.Stepped?.Turn ?? 0;
}
