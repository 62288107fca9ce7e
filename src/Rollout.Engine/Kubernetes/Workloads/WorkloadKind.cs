using System.Globalization;
using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Argo;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>One of the kinds: how its objects are read, changed and watched.</summary>
internal abstract class WorkloadKind
{
    private static readonly WorkloadKind[] All =
    [
        new WorkloadKind<Deployment, ReplicaSet>("deployment", Resources.Deployments, Workload.Of, Resources.ReplicaSets, Revision.Of),
        new WorkloadKind<StatefulSet, ControllerRevision>("statefulset", Resources.StatefulSets, Workload.Of, Resources.ControllerRevisions, Revision.Of),
        new WorkloadKind<DaemonSet, ControllerRevision>("daemonset", Resources.DaemonSets, Workload.Of, Resources.ControllerRevisions, Revision.Of),
        new ArgoKind(),
    ];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<WorkloadKind> Kinds => All;

    /// <summary>deployment, statefulset, daemonset, rollout.</summary>
    public abstract string Name { get; }

    public static WorkloadKind? Find(string name) => All.FirstOrDefault(kind => kind.Name == name);

    public abstract Task<Workload?> GetAsync(IKubernetesClient client, string @namespace, string name, CancellationToken cancellation);

    /// <summary>The workloads, each with the number of its revision.</summary>
    public abstract Task<IReadOnlyList<Workload>> ListNumberedAsync(IKubernetesClient client, string? @namespace, ListQuery query, CancellationToken cancellation);

    public abstract Task<Workload> PatchAsync(IKubernetesClient client, Workload workload, Patch patch, CancellationToken cancellation);

    /// <summary>The whole object as the server would store it after the patch.</summary>
    public abstract Task<JsonObject> PreviewAsync(IKubernetesClient client, Workload workload, Patch patch, CancellationToken cancellation);

    /// <summary>Its revisions, the newest first.</summary>
    public abstract Task<IReadOnlyList<Revision>> RevisionsAsync(IKubernetesClient client, Workload workload, CancellationToken cancellation);

    /// <summary>Writes an annotation on a revision.</summary>
    public abstract Task AnnotateAsync(IKubernetesClient client, Revision revision, string key, string value, CancellationToken cancellation);

    /// <summary>
    /// Takes away what would hold up an undo, or the fix of a broken version, each once. A StatefulSet in order waits for a Pod that does not serve before it replaces it: that Pod is deleted.
    /// On the way to a new version only where it is broken, and on no way one below the partition, in whose place the same would come.
    /// True while the controller says of the workload itself that it is held by that.
    /// </summary>
    public virtual async Task<bool> FreeAsync(IKubernetesClient client, Sight sight, bool isUndo, ISet<string> freed, CancellationToken cancellation)
    {
        if (sight.Workload is not { IsOrdered: true } workload) return false;
        var stuck = sight.OldPods.FirstOrDefault(pod => pod.Metadata.DeletionTimestamp is null && Ordinal(pod) >= workload.Partition
            && (isUndo ? !SlowestPod.IsReady(pod) : PodTrouble.Of(pod) is not null) && freed.Add(pod.Metadata.Uid));
        if (stuck is null) return false;
        try
        {
            await client.DeleteAsync(Resources.Pods, stuck.Metadata.Namespace, stuck.Metadata.Name, stuck.Metadata.Uid, cancellation);
        }
        catch (RolloutException e) when (KubernetesErrors.IsTransient(e))
        {
            // At the next look.
            freed.Remove(stuck.Metadata.Uid);
        }

        return false;
    }

    private static int Ordinal(Pod pod) => int.Parse(pod.Metadata.Name.AsSpan(pod.Metadata.Name.LastIndexOf('-') + 1), CultureInfo.InvariantCulture);

    /// <summary>What is seen of the kind in a namespace, shared by all who look.</summary>
    public abstract WorkloadWatch Watch(ClusterWatch cluster, string @namespace);
}

/// <inheritdoc/>
internal sealed class WorkloadKind<TWorkload, TRevision>(string name, Resource<TWorkload> resource, Func<TWorkload, Workload> view, Resource<TRevision> revisions, Func<TRevision, Revision> revisionView) : WorkloadKind
    where TWorkload : class, IKubernetesObject
    where TRevision : class, IKubernetesObject
{
    public override string Name => name;

    public override async Task<Workload?> GetAsync(IKubernetesClient client, string @namespace, string workload, CancellationToken cancellation) =>
        await client.GetAsync(resource, @namespace, workload, cancellation) is { } found ? view(found) : null;

    public override async Task<IReadOnlyList<Workload>> ListNumberedAsync(IKubernetesClient client, string? @namespace, ListQuery query, CancellationToken cancellation)
    {
        IReadOnlyList<Workload> workloads = [.. (await client.ListAllAsync(resource, @namespace, query, cancellation)).Items.Select(view)];
        // Deployments carry their number; of the others one list tells it for all.
        if (workloads.All(workload => workload.Revision > 0 || workload.Kind == "deployment")) return workloads;
        var all = await client.ListAllAsync(revisions, @namespace, new ListQuery(), cancellation);
        var newest = all.Items.GroupBy(item => item.Metadata.OwnerReferences.FirstOrDefault(owner => owner.Controller)?.Uid ?? "")
            .ToDictionary(owned => owned.Key, owned => owned.Max(item => revisionView(item).Number));
        return [.. workloads.Select(workload => workload with { Revision = newest.GetValueOrDefault(workload.Metadata.Uid) })];
    }

    public override async Task<Workload> PatchAsync(IKubernetesClient client, Workload workload, Patch patch, CancellationToken cancellation) =>
        view(await client.PatchAsync(resource, workload.Metadata.Namespace, workload.Metadata.Name, patch, cancellation));

    public override Task<JsonObject> PreviewAsync(IKubernetesClient client, Workload workload, Patch patch, CancellationToken cancellation) =>
        client.PreviewAsync(resource, workload.Metadata.Namespace, workload.Metadata.Name, patch, cancellation);

    public override async Task<IReadOnlyList<Revision>> RevisionsAsync(IKubernetesClient client, Workload workload, CancellationToken cancellation)
    {
        var all = await client.ListAllAsync(revisions, workload.Metadata.Namespace, new ListQuery { LabelSelector = workload.Selector.ToString() }, cancellation);
        return [.. all.Items.Where(item => item.Metadata.IsControlledBy(workload.Metadata.Uid)).Select(revisionView).OrderByDescending(revision => revision.Number)];
    }

    public override Task AnnotateAsync(IKubernetesClient client, Revision revision, string key, string value, CancellationToken cancellation)
    {
        var body = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [key] = value } } };
        return client.PatchAsync(revisions, revision.Metadata.Namespace, revision.Metadata.Name, Patch.Merge(body), cancellation);
    }

    public override WorkloadWatch Watch(ClusterWatch cluster, string @namespace) =>
        new WorkloadWatch<TWorkload, TRevision>(cluster.Open(resource, @namespace), view, cluster.Open(revisions, @namespace), revisionView, cluster.Open(Resources.Pods, @namespace));
}
