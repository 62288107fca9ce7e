using System.Collections.Concurrent;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>All objects of a kind that say something of workloads. One list a namespace serves a whole fleet.</summary>
internal sealed class NamespaceList<T>(IKubernetesClient client, Resource<T> resource, TimeProvider time) where T : class, IKubernetesObject
{
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<string, Lazy<Entry>> _lists = new();

    /// <summary>The objects of a namespace; none where they may not be listed.</summary>
    public Task<IReadOnlyList<T>> InAsync(string @namespace, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var list = _lists.AddOrUpdate(@namespace, Listed, (space, known) => now - known.Value.At < Kept ? known : Listed(space)).Value.List;
        return list.WaitAsync(cancellation);

        Lazy<Entry> Listed(string space) => new(() => new Entry(ListAsync(space), now));
    }

    private async Task<IReadOnlyList<T>> ListAsync(string @namespace)
    {
        try
        {
            return (await client.ListAllAsync(resource, @namespace, new ListQuery(), CancellationToken.None)).Items;
        }
        catch (RolloutException e) when (e.Kind is ErrorKind.PermissionDenied or ErrorKind.NotFound)
        {
            // A help, not a condition.
            return [];
        }
    }

    private sealed record Entry(Task<IReadOnlyList<T>> List, DateTimeOffset At);
}
