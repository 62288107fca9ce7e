using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>
/// The right to change a workload, as long as it is held. Shows every few seconds that its holder lives; all writing of the record goes through it.
/// </summary>
internal sealed class Lease : IAsyncDisposable
{
    // Leaving must not hold up a shell that was told to stop; what is not said in this time, the silence will say. One that is done has
    // until the silence would say it: the next command may come at once, and must find the workload free.
    private static readonly TimeSpan HastyFarewell = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan OrderlyFarewell = Holder.Expiry;

    private readonly StateStore store;
    private readonly WorkloadNames names;
    private readonly TimeProvider time;
    private readonly Holder holder;
    private readonly CancellationToken stopped;
    private readonly CancellationTokenSource ended = new();
    private readonly SemaphoreSlim writing = new(1, 1);
    private volatile bool lost;
    private DateTimeOffset written;
    private Task renewing = Task.CompletedTask;

    private Lease(
        StateStore store, WorkloadNames names, TimeProvider time, Holder holder, WorkloadState state, ContainerTemplate template, string imageId, CancellationToken stopped)
    {
        this.store = store;
        this.names = names;
        this.time = time;
        this.holder = holder;
        State = state;
        Template = template;
        ImageId = imageId;
        this.stopped = stopped;
    }

    /// <summary>The record as last written.</summary>
    internal WorkloadState State { get; private set; }

    /// <summary>The settings of the release that is under way.</summary>
    internal ContainerTemplate Template { get; }

    /// <summary>The image of that release.</summary>
    internal string ImageId { get; }

    /// <summary>Takes the work up, with a first record.</summary>
    /// <exception cref="RolloutException">RolloutInProgress: another shell was faster.</exception>
    internal static async Task<Lease> TakeAsync(
        StateStore store, WorkloadNames names, TimeProvider time, WorkloadState state, ContainerTemplate template, string imageId, CancellationToken cancellation)
    {
        var lease = new Lease(store, names, time, Holder.Here(time.GetUtcNow()), state, template, imageId, cancellation);
        await lease.SaveAsync(state, cancellation);
        lease.renewing = lease.RenewAsync();
        return lease;
    }

    /// <summary>Writes a record.</summary>
    /// <exception cref="RolloutException">RolloutInProgress: another shell has taken over.</exception>
    internal Task SaveAsync(WorkloadState next, CancellationToken cancellation) => SaveAsync(() => next, cancellation);

    private async Task SaveAsync(Func<WorkloadState> next, CancellationToken cancellation)
    {
        await writing.WaitAsync(cancellation);

        // Once begun it is not cut off: what the engine makes of a request nobody waits for any more would look like another shell's.
        await WriteAndReleaseAsync(next).WaitAsync(cancellation);
    }

    private async Task WriteAndReleaseAsync(Func<WorkloadState> next)
    {
        try
        {
            var state = next();

            // With the last record of a change the work is laid down.
            var isOver = state.Change is null or { Frozen: true };
            using var patience = new CancellationTokenSource(Holder.Expiry, time);
            await WriteAsync(state, isOver ? null : holder, patience.Token);
        }
        finally
        {
            writing.Release();
        }
    }

    /// <summary>
    /// Makes sure before anything is changed that the work is still this holder's: who was held up for long (a suspended machine, an engine
    /// that was away) may have been taken for dead.
    /// </summary>
    internal async Task ConfirmAsync(CancellationToken cancellation)
    {
        if (lost) throw RolloutErrors.InProgress(names.Workload, null);
        if (time.GetUtcNow() - written > 2 * Holder.RenewEvery) await SaveAsync(() => State, cancellation);
    }

    /// <summary>Says, where it is not done, that nobody is at work any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        using var patience = new CancellationTokenSource(stopped.IsCancellationRequested ? HastyFarewell : OrderlyFarewell, time);
        try
        {
            await renewing.WaitAsync(patience.Token);
            await writing.WaitAsync(patience.Token);
            if (!lost && State.Holder is not null) await WriteAsync(State, null, patience.Token);
            await store.Tidied.WaitAsync(patience.Token);
        }
        catch (Exception gone) when (gone is RolloutException or OperationCanceledException)
        {
            // The engine is away or slow. The record names a holder that no longer renews it, and is taken for what it is.
        }

        ended.Dispose();
    }

    /// <summary>Nothing is left to hold: the record was removed.</summary>
    internal async Task ForgetAsync(CancellationToken cancellation)
    {
        await writing.WaitAsync(cancellation);
        try
        {
            await store.RemoveAsync(State.Sequence, cancellation);
            State = State with { Holder = null };
        }
        finally
        {
            writing.Release();
        }
    }

    private async Task WriteAsync(WorkloadState state, Holder? by, CancellationToken cancellation)
    {
        var begun = time.GetUtcNow();
        if (await store.WriteAsync(state with { Sequence = State.Sequence, Holder = by }, Template, ImageId, holder.Id, cancellation) is not { } next)
        {
            lost = true;
            throw RolloutErrors.InProgress(names.Workload, null);
        }

        written = begun;

        State = next;
    }

    private async Task RenewAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(Holder.RenewEvery, time);
            while (await timer.WaitForNextTickAsync(ended.Token)) await RenewOnceAsync();
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private async Task RenewOnceAsync()
    {
        try
        {
            await writing.WaitAsync(ended.Token);
            if (State.Holder is null) writing.Release();
            else await WriteAndReleaseAsync(() => State);
        }
        catch (RolloutException)
        {
            // The engine is away: the next time. Or the lease was lost: ConfirmAsync says so.
        }
    }
}
