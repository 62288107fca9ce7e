using System.Text.RegularExpressions;
using Rollout.Engine.Health;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Argo;
using Rollout.Engine.Kubernetes.Strategies;
using Rollout.Engine.Registries;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>The workloads of one cluster as rollout targets. Those that are followed at the same time share one list and one watch per kind and namespace.</summary>
public sealed partial class KubernetesTargets : IRolloutTargets
{
    /// <summary>Opens the cluster's workloads. Nothing is sent yet.</summary>
    /// <param name="client">The cluster; not disposed of.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Spreads repeats.</param>
    public KubernetesTargets(IKubernetesClient client, TimeProvider time, Random random)
    {
        (Client, Time) = (client, time);
        Watch = new ClusterWatch(client, time, random);
        Images = new ImageDigests(new DockerConfig(), time);
        Heartbeats = new Heartbeats(client, time);
        Autoscalers = new Autoscalers(client, time);
        Services = new NamespaceList<PlainObject>(client, Resources.Services, time);
        DisruptionBudgets = new NamespaceList<PodDisruptionBudget>(client, Resources.PodDisruptionBudgets, time);
        Version = new SupportedVersion(client);
        Rights = new GrantedRights(client);
    }

    /// <summary>What registries say of the images; unless another is given, with the credentials of Docker's config.json.</summary>
    public IImageDigests Images { get; init; }

    internal IKubernetesClient Client { get; }

    internal Heartbeats Heartbeats { get; }

    internal Autoscalers Autoscalers { get; }

    internal NamespaceList<PlainObject> Services { get; }

    internal NamespaceList<PodDisruptionBudget> DisruptionBudgets { get; }

    internal SupportedVersion Version { get; }

    internal GrantedRights Rights { get; }

    internal TimeProvider Time { get; }

    internal ClusterWatch Watch { get; }

    /// <inheritdoc/>
    public RolloutEndpoint Endpoint => Client.Endpoint;

    /// <inheritdoc/>
    public IReplicaStates ReplicaStates => new PodStates(this);

    /// <inheritdoc/>
    public IRolloutTarget Find(TargetName name, string? @namespace = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Home != TargetHome.Cluster) throw RolloutErrors.InvalidTarget(name.ToString(), "it is no workload of a cluster");
        if (name.Name.Length > 253 || !ObjectName().IsMatch(name.Name)) throw RolloutErrors.InvalidTarget(name.ToString(), "a name is lower-case letters, digits, '-' and '.', and starts and ends with a letter or digit");
        return Open(name, string.IsNullOrEmpty(@namespace) ? Client.Namespace : @namespace);
    }

    private IRolloutTarget Open(TargetName name, string @namespace)
    {
        var kind = WorkloadKind.Find(name.Kind) ?? throw RolloutErrors.KindNotSupported(name);
        var store = new WorkloadStore(name, @namespace, kind, this);
        return kind is ArgoKind ? new ArgoTarget(store) : new KubernetesTarget(store);
    }

    /// <inheritdoc/>
    public Task ReachAsync(CancellationToken cancellation) => Client.ReachAsync(cancellation);

    /// <summary>Every Deployment, StatefulSet, DaemonSet and, where Argo is there, Rollout: one list a kind.</summary>
    public async Task<IReadOnlyList<RolloutStatus>> ListAsync(TargetFilter filter, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var @namespace = filter.AllNamespaces ? null : string.IsNullOrEmpty(filter.Namespace) ? Client.Namespace : filter.Namespace;
        var lists = await Task.WhenAll(WorkloadKind.Kinds.Select(kind => kind.ListNumberedAsync(Client, @namespace, new ListQuery { LabelSelector = filter.Selector }, cancellation)));
        // A name that was mistyped must not look like a namespace where all is well.
        if (!string.IsNullOrEmpty(filter.Namespace) && lists.All(list => list.Count == 0) && await HasNamespaceAsync(filter.Namespace, cancellation) == false) throw WorkloadErrors.NamespaceNotFound(filter.Namespace);
        var all = lists.SelectMany(list => list).ToLookup(SecondSet.IsOne);
        // A set beside a workload is a part of that.
        return await Task.WhenAll(all[false].Select(ReadAsync));

        async Task<RolloutStatus> ReadAsync(Workload workload) =>
            StatusOf.Read(workload, Client.Endpoint, all[true].FirstOrDefault(set => SetsBeside.IsNew(set, workload)), await RouteAstray.LookAsync(Client, workload, cancellation));
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<EnvironmentCheck> CheckAsync(string? @namespace, CancellationToken cancellation) =>
        new ClusterChecks(this, string.IsNullOrEmpty(@namespace) ? Client.Namespace : @namespace).RunAsync(cancellation);

    /// <summary>The cluster's namespaces by name.</summary>
    public async Task<IReadOnlyList<string>> NamespacesAsync(CancellationToken cancellation) =>
        [.. (await Client.ListAllAsync(Resources.Namespaces, null, new ListQuery(), cancellation)).Items.Select(item => item.Metadata.Name).Order(StringComparer.Ordinal)];

    /// <summary>Whether a namespace is there; null where that may not be asked.</summary>
    internal async Task<bool?> HasNamespaceAsync(string @namespace, CancellationToken cancellation)
    {
        try
        {
            return await Client.GetAsync(Resources.Namespaces, null, @namespace, cancellation) is not null;
        }
        catch (RolloutException e) when (e.Kind == ErrorKind.PermissionDenied)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\z")]
    private static partial Regex ObjectName();
}
