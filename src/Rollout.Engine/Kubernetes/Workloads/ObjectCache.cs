using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>
/// The objects of a kind in a namespace, kept up to date by one list and one watch for all who look. Looked up by name and by owner; whoever
/// listens to an object's uid, or to its owner's, is woken by each change.
/// </summary>
internal sealed class ObjectCache<T> : IAsyncDisposable where T : class, IKubernetesObject
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, T> _byUid = [];
    private readonly Dictionary<string, Dictionary<string, T>> _byOwner = [];
    private readonly Dictionary<string, List<Action>> _listeners = [];
    private readonly TaskCompletionSource _listed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _running;
    private RolloutException? _failure;

    public ObjectCache(ListWatch<T> changes) => _running = RunAsync(changes);

    /// <summary>Ends when the first list is there; with its failure where it cannot be had.</summary>
    public Task Listed => _listed.Task;

    /// <summary>An object; null where it is gone.</summary>
    public T? Find(string uid)
    {
        lock (_lock)
        {
            if (_failure is not null) throw _failure;
            return _byUid.GetValueOrDefault(uid);
        }
    }

    /// <summary>The objects that another controls.</summary>
    public IReadOnlyList<T> OwnedBy(string uid)
    {
        lock (_lock)
        {
            // What is watched no longer must not pass for what is there.
            if (_failure is not null) throw _failure;
            return _byOwner.TryGetValue(uid, out var owned) ? [.. owned.Values] : [];
        }
    }

    /// <summary>Has something called at each change of the object with this uid, and of those it controls.</summary>
    public void Listen(string uid, Action wake)
    {
        lock (_lock)
        {
            if (!_listeners.TryGetValue(uid, out var listeners)) _listeners[uid] = listeners = [];
            listeners.Add(wake);
        }
    }

    public void StopListening(string uid, Action wake)
    {
        lock (_lock)
        {
            if (_listeners.TryGetValue(uid, out var listeners) && listeners.Remove(wake) && listeners.Count == 0) _listeners.Remove(uid);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        _end.Dispose();
    }

    private async Task RunAsync(ListWatch<T> changes)
    {
        try
        {
            await foreach (var change in changes.RunAsync(_end.Token)) Take(change);
        }
        catch (OperationCanceledException)
        {
            _listed.TrySetCanceled();
        }
        catch (RolloutException e)
        {
            if (!_listed.TrySetException(e)) Fail(e);
        }
    }

    private void Take(Change<T> change)
    {
        List<Action> woken;
        lock (_lock)
        {
            switch (change)
            {
                case Change<T>.Listed listed: Replace(listed.Items); break;
                case Change<T>.Updated updated: Put(updated.Item); break;
                case Change<T>.Deleted deleted: Remove(deleted.Item); break;
            }

            woken = change switch
            {
                Change<T>.Listed => [.. _listeners.Values.SelectMany(all => all)],
                Change<T>.Updated updated => Concerned(updated.Item),
                Change<T>.Deleted deleted => Concerned(deleted.Item),
                _ => [],
            };
        }

        if (change is Change<T>.Listed) _listed.TrySetResult();
        foreach (var wake in woken) wake();
    }

    private void Fail(RolloutException failure)
    {
        List<Action> woken;
        lock (_lock)
        {
            _failure = failure;
            woken = [.. _listeners.Values.SelectMany(all => all)];
        }

        foreach (var wake in woken) wake();
    }

    private void Replace(IReadOnlyList<T> items)
    {
        _byUid.Clear();
        _byOwner.Clear();
        foreach (var item in items) Put(item);
    }

    private void Put(T item)
    {
        _byUid[item.Metadata.Uid] = item;
        if (OwnerOf(item) is not { } owner) return;
        if (!_byOwner.TryGetValue(owner, out var owned)) _byOwner[owner] = owned = [];
        owned[item.Metadata.Uid] = item;
    }

    private void Remove(T item)
    {
        _byUid.Remove(item.Metadata.Uid);
        if (OwnerOf(item) is { } owner && _byOwner.TryGetValue(owner, out var owned) && owned.Remove(item.Metadata.Uid) && owned.Count == 0) _byOwner.Remove(owner);
    }

    private List<Action> Concerned(T item) =>
        [.. Listeners(item.Metadata.Uid), .. OwnerOf(item) is { } owner ? Listeners(owner) : []];

    private List<Action> Listeners(string uid) => _listeners.GetValueOrDefault(uid) ?? [];

    private static string? OwnerOf(T item) => item.Metadata.OwnerReferences.FirstOrDefault(owner => owner.Controller)?.Uid;
}
