using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Tests.Kubernetes.Cluster;

/// <summary>A client that counts the lists and watches it is asked for.</summary>
internal sealed class CountingClient(IKubernetesClient client) : IKubernetesClient
{
    private readonly ConcurrentBag<string> _asked = [];

    public RolloutEndpoint Endpoint => client.Endpoint;

    public string Namespace => client.Namespace;

    public int Lists(string plural) => _asked.Count(asked => asked == "list " + plural);

    public int Watches(string plural) => _asked.Count(asked => asked == "watch " + plural);

    public void Dispose() => client.Dispose();

    public Task ReachAsync(CancellationToken cancellation) => client.ReachAsync(cancellation);

    public Task<ServerVersion> VersionAsync(CancellationToken cancellation) => client.VersionAsync(cancellation);

    public Task<bool> ServesAsync<T>(Resource<T> resource, CancellationToken cancellation) where T : class, IKubernetesObject => client.ServesAsync(resource, cancellation);

    public Task<T?> GetAsync<T>(Resource<T> resource, string? @namespace, string name, CancellationToken cancellation) where T : class, IKubernetesObject => client.GetAsync(resource, @namespace, name, cancellation);

    public Task<KubernetesList<T>> ListAsync<T>(Resource<T> resource, string? @namespace, ListQuery query, CancellationToken cancellation) where T : class, IKubernetesObject
    {
        _asked.Add("list " + resource.Plural);
        return client.ListAsync(resource, @namespace, query, cancellation);
    }

    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(Resource<T> resource, string? @namespace, WatchQuery query, CancellationToken cancellation) where T : class, IKubernetesObject
    {
        _asked.Add("watch " + resource.Plural);
        return client.WatchAsync(resource, @namespace, query, cancellation);
    }

    public Task<T> CreateAsync<T>(Resource<T> resource, string? @namespace, JsonObject body, bool dryRun, CancellationToken cancellation) where T : class, IKubernetesObject => client.CreateAsync(resource, @namespace, body, dryRun, cancellation);

    public Task<T> PatchAsync<T>(Resource<T> resource, string? @namespace, string name, Patch patch, CancellationToken cancellation) where T : class, IKubernetesObject => client.PatchAsync(resource, @namespace, name, patch, cancellation);

    public Task<JsonObject> PreviewAsync<T>(Resource<T> resource, string? @namespace, string name, Patch patch, CancellationToken cancellation) where T : class, IKubernetesObject => client.PreviewAsync(resource, @namespace, name, patch, cancellation);

    public Task DeleteAsync<T>(Resource<T> resource, string? @namespace, string name, string? uid, CancellationToken cancellation) where T : class, IKubernetesObject => client.DeleteAsync(resource, @namespace, name, uid, cancellation);

    public Task DeleteAsync<T>(Resource<T> resource, ObjectMeta seen, CancellationToken cancellation) where T : class, IKubernetesObject => client.DeleteAsync(resource, seen, cancellation);

    public Task<IReadOnlyList<string>> LogTailAsync(string @namespace, string pod, string container, int lines, bool previous, CancellationToken cancellation) => client.LogTailAsync(@namespace, pod, container, lines, previous, cancellation);

    public Task<bool> MayAsync(ResourceAttributes what, CancellationToken cancellation) => client.MayAsync(what, cancellation);
}
