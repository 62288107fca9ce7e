using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Tests.Kubernetes.Cluster;

namespace Rollout.Bench;

/// <summary>Many Deployments in a namespace of the real cluster: app-0, app-1 ... Removed at the end.</summary>
internal sealed class BenchFleet : IAsyncDisposable
{
    private readonly Playground _place;

    private BenchFleet(Playground place) => _place = place;

    internal string Namespace => _place.Namespace;

    internal static async Task<BenchFleet> CreateAsync(int count, int replicas)
    {
        var place = await Clusters.PlaygroundAsync("real");
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
            await place.CreateAsync(Resources.Deployments, Playground.Workload($"app-{i}", "app:v1", replicas)));
        var waiting = Enumerable.Range(0, count).Select(i => $"app-{i}").ToHashSet();
        var fleet = new BenchFleet(place);
        await foreach (var change in fleet.Changes(Resources.Deployments))
        {
            Deployment[] seen = change switch { Change<Deployment>.Listed listed => [.. listed.Items], Change<Deployment>.Updated updated => [updated.Item], _ => [] };
            foreach (var done in seen.Where(item => Progress.Of(item).Kind == ProgressKind.Done)) waiting.Remove(done.Metadata.Name);
            if (waiting.Count == 0) break;
        }

        return fleet;
    }

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    /// <summary>When each Deployment is first seen done with an image, from now on. Ends when all are.</summary>
    internal async Task<IReadOnlyDictionary<string, DateTimeOffset>> DoneAsync(string image, int count)
    {
        var done = new Dictionary<string, DateTimeOffset>();
        await foreach (var change in Changes(Resources.Deployments))
        {
            if (change is not Change<Deployment>.Updated { Item: var item } || Progress.Of(item).Kind != ProgressKind.Done) continue;
            if (PodTemplate.Image(item.Spec.Template, "main")?.EndsWith(image, StringComparison.Ordinal) == true) done.TryAdd(item.Metadata.Name, DateTimeOffset.UtcNow);
            if (done.Count == count) break;
        }

        return done;
    }

    /// <summary>When a Pod is first seen to wait for a reason, from now on.</summary>
    internal async Task<DateTimeOffset> WaitingAsync(string reason)
    {
        await foreach (var change in Changes(Resources.Pods))
        {
            if (change is Change<Pod>.Updated { Item: var pod } && pod.Status.ContainerStatuses.Any(status => status.State.Waiting?.Reason == reason)) break;
        }

        return DateTimeOffset.UtcNow;
    }

    private IAsyncEnumerable<Change<T>> Changes<T>(Resource<T> resource) where T : class, IKubernetesObject =>
        new ListWatch<T>(_place.Client, resource, _place.Namespace, new ListQuery(), TimeProvider.System, Random.Shared).RunAsync(CancellationToken.None);
}
