using Rollout.Engine.Docker;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Configuration;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Registries;
using Rollout.Engine.Rollouts;

namespace Rollout.Module.Places;

/// <summary>
/// The engines and clusters that one cmdlet works on. Each is opened once, however many of its workloads are worked on: a fleet shares one
/// connection, and in a cluster one watch. Each workload is one object too, and each registry is asked, waited for and warned of once, wherever
/// its images go.
/// </summary>
internal sealed class OpenPlaces(string directory)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<object, IRolloutTargets> _known = [];
    private readonly Dictionary<string, Place> _open = new(StringComparer.Ordinal);
    private readonly Dictionary<TargetKey, IRolloutTarget> _targets = [];
    private readonly List<Task> _inUse = [];
    private readonly ImageDigests _images = new(new DockerConfig(), TimeProvider.System);

    /// <summary>An environment variable as a program started from here reads it: PowerShell's location is not this process's directory.</summary>
    internal string? Variable(string name)
    {
        var value = Environment.GetEnvironmentVariable(name);
        return name == "KUBECONFIG" && value is not null
            ? string.Join(Path.PathSeparator, value.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Select(path => Path.Combine(directory, path)))
            : value;
    }

    /// <summary>The engine that a question has been answered with before, or is by <paramref name="find"/>. Nothing is sent yet.</summary>
    internal IRolloutTargets Engine(object question, Func<DockerEndpoint> find) => Known(question, () =>
    {
        var endpoint = find();
        return Open($"{endpoint} {endpoint.Context}", () =>
        {
            var client = new DockerClient(endpoint);
            return new Place(new DockerTargets(client, new DockerConfig(), directory) { Images = _images }, client);
        });
    });

    /// <summary>The cluster that a question has been answered with before, or is by <paramref name="find"/>. Nothing is sent yet.</summary>
    internal IRolloutTargets Cluster(object question, Func<KubernetesConnection> find) => Known(question, () =>
    {
        var connection = find();
        return Open($"{connection.Endpoint.Kubeconfig} {connection.Context} {connection.Server}", () =>
        {
            var client = new KubernetesClient(connection, TimeProvider.System, Random.Shared);
            return new Place(new KubernetesTargets(client, TimeProvider.System, Random.Shared) { Images = _images }, client);
        });
    });

    /// <summary>A workload: the same object each time it is asked for.</summary>
    internal IRolloutTarget Target(IRolloutTargets place, TargetName name, string? @namespace)
    {
        var target = place.Find(name, @namespace);
        lock (_lock)
        {
            var key = new TargetKey(place.Endpoint, target.Name, target.Namespace);
            return _targets.TryGetValue(key, out var known) ? known : _targets[key] = target;
        }
    }

    /// <summary>Has the connections outlive the cmdlet, for what goes on without it.</summary>
    internal void KeepUntil(Task ended)
    {
        lock (_lock) _inUse.Add(ended);
    }

    /// <summary>Closes every connection once the work that uses them has ended.</summary>
    internal void CloseAfter(Task work)
    {
        lock (_lock) Task.WhenAll([work, .. _inUse]).ContinueWith(_ => Close(), TaskScheduler.Default);
    }

    private IRolloutTargets Known(object question, Func<IRolloutTargets> find)
    {
        lock (_lock) return _known.TryGetValue(question, out var place) ? place : _known[question] = find();
    }

    private IRolloutTargets Open(string place, Func<Place> open)
    {
        if (!_open.TryGetValue(place, out var known)) _open[place] = known = open();
        return known.Targets;
    }

    private void Close()
    {
        lock (_lock)
        {
            foreach (var place in _open.Values) place.Client.Dispose();
            _open.Clear();
        }
    }

    private sealed record Place(IRolloutTargets Targets, IDisposable Client);

    // A class: a dictionary by a tuple would be compiled at the first call.
    private sealed record TargetKey(RolloutEndpoint Endpoint, TargetName Name, string? Namespace);
}
