using System.Runtime.CompilerServices;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>One thing learnt about the objects that are watched.</summary>
/// <typeparam name="T">The kind's model.</typeparam>
internal abstract record Change<T>
{
    /// <summary>All there are: the first message, and again where the server no longer knew what had happened since.</summary>
    public sealed record Listed(IReadOnlyList<T> Items) : Change<T>;

    /// <summary>An object that is new or different.</summary>
    public sealed record Updated(T Item) : Change<T>;

    /// <summary>An object that is gone, in its last state.</summary>
    public sealed record Deleted(T Item) : Change<T>;

    /// <summary>The server is away; it goes on when it is back. Told once each time.</summary>
    public sealed record Interrupted(RolloutException Cause) : Change<T>;
}

/// <summary>
/// All objects of a kind and everything that happens to them, without end: list, then watch from the list's version; where a watch
/// ends, on from the last version seen (bookmarks count); where that is too old (410), list again. A server that goes away after the first list is
/// waited for; what will not mend itself (401, 403) is thrown. As client-go's reflector does it.
/// </summary>
/// <param name="client">The cluster.</param>
/// <param name="resource">The kind.</param>
/// <param name="namespace">The namespace; null for all.</param>
/// <param name="query">Which of them.</param>
/// <param name="time">For waits.</param>
/// <param name="random">Spreads waits and the watches' ends.</param>
internal sealed class ListWatch<T>(IKubernetesClient client, Resource<T> resource, string? @namespace, ListQuery query, TimeProvider time, Random random)
    where T : class, IKubernetesObject
{
    private static readonly TimeSpan ShortestWatch = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(10);

    public async IAsyncEnumerable<Change<T>> RunAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var list = await ListAsync(cancellation);
        yield return new Change<T>.Listed(list.Items);

        var version = list.Metadata.ResourceVersion;
        var isAway = false;
        var delay = FirstDelay;
        while (true)
        {
            RolloutException? failure;
            await using (var events = client.WatchAsync(resource, @namespace, Watch(version), cancellation).GetAsyncEnumerator(cancellation))
            {
                while (true)
                {
                    (var isMore, failure) = await TriedAsync(events.MoveNextAsync().AsTask());
                    if (!isMore) break;
                    (version, isAway, delay) = (events.Current.Object.Metadata.ResourceVersion, false, FirstDelay);
                    if (Said(events.Current) is { } change) yield return change;
                }
            }

            if (failure is not null && KubernetesErrors.IsExpired(failure))
            {
                (var again, failure) = await TriedAsync(ListAsync(cancellation));
                if (again is not null)
                {
                    (version, isAway, delay) = (again.Metadata.ResourceVersion, false, FirstDelay);
                    yield return new Change<T>.Listed(again.Items);
                }
            }

            if (failure is not null && !isAway) yield return new Change<T>.Interrupted(failure);
            isAway |= failure is not null;
            await Task.Delay(delay * (0.5 + random.NextDouble()), time, cancellation);
            if (delay < LongestDelay) delay *= 2;
        }
    }

    private Task<KubernetesList<T>> ListAsync(CancellationToken cancellation) => client.ListAllAsync(resource, @namespace, query, cancellation);

    private WatchQuery Watch(string version) => new()
    {
        LabelSelector = query.LabelSelector,
        FieldSelector = query.FieldSelector,
        ResourceVersion = version,
        Timeout = ShortestWatch * (1 + random.NextDouble()),
    };

    private static Change<T>? Said(WatchEvent<T> message) => message.Type switch
    {
        "ADDED" or "MODIFIED" => new Change<T>.Updated(message.Object),
        "DELETED" => new Change<T>.Deleted(message.Object),
        _ => null,
    };

    /// <summary>The result, or the failure where it is one that passes.</summary>
    private static async Task<(TResult? Result, RolloutException? Failure)> TriedAsync<TResult>(Task<TResult> task)
    {
        try
        {
            return (await task, null);
        }
        catch (RolloutException e) when (KubernetesErrors.IsTransient(e))
        {
            return (default, e);
        }
    }
}
