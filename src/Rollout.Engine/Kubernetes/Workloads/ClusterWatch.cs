using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>What is watched in one cluster: a cache for each kind and namespace, as long as somebody looks at it.</summary>
internal sealed class ClusterWatch(IKubernetesClient client, TimeProvider time, Random random)
{
    private readonly Lock _lock = new();

    public IKubernetesClient Client => client;

    private readonly Dictionary<(Type Kind, string Namespace), (IAsyncDisposable Cache, int Users)> _open = [];

    /// <summary>A share in a cache; the last that is given back ends the watch.</summary>
    public Share<T> Open<T>(Resource<T> resource, string @namespace) where T : class, IKubernetesObject
    {
        var key = (typeof(T), @namespace);
        lock (_lock)
        {
            var (cache, users) = _open.GetValueOrDefault(key);
            cache ??= new ObjectCache<T>(new ListWatch<T>(client, resource, @namespace, new ListQuery(), time, random));
            _open[key] = (cache, users + 1);
            return new Share<T>((ObjectCache<T>)cache, () => CloseAsync(key));
        }
    }

    private ValueTask CloseAsync((Type Kind, string Namespace) key)
    {
        IAsyncDisposable cache;
        lock (_lock)
        {
            (cache, var users) = _open[key];
            if (users > 1)
            {
                _open[key] = (cache, users - 1);
                return ValueTask.CompletedTask;
            }

            _open.Remove(key);
        }

        return cache.DisposeAsync();
    }

    /// <summary>A share in a cache.</summary>
    internal sealed class Share<T>(ObjectCache<T> cache, Func<ValueTask> close) : IAsyncDisposable where T : class, IKubernetesObject
    {
        public ObjectCache<T> Cache => cache;

        public ValueTask DisposeAsync() => close();
    }
}
