using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>One workload as the cluster keeps it: read, changed only as it was looked at, and written on.</summary>
internal sealed class WorkloadStore(TargetName name, string @namespace, WorkloadKind kind, KubernetesTargets cluster)
{
    private const int PatchTries = 5;
    private static readonly TimeSpan TakeOverEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(2);

    public TargetName Name => name;

    public string Namespace => @namespace;

    public KubernetesTargets Cluster => cluster;

    public IKubernetesClient Client => cluster.Client;

    public DateTimeOffset Now => cluster.Time.GetUtcNow();

    /// <summary>The workload; null where there is none.</summary>
    public Task<Workload?> ReadAsync(CancellationToken cancellation) => kind.GetAsync(Client, @namespace, name.Name, cancellation);

    /// <summary>The workload.</summary>
    /// <exception cref="RolloutException">WorkloadNotFound, NamespaceNotFound.</exception>
    public async Task<Workload> FindAsync(CancellationToken cancellation)
    {
        if (await ReadAsync(cancellation) is { } found) return found;
        if (await cluster.HasNamespaceAsync(@namespace, cancellation) == false) throw WorkloadErrors.NamespaceNotFound(@namespace);
        throw RolloutErrors.WorkloadNotFound($"{@namespace}/{name}", $"the cluster has no such {name.Kind}");
    }

    public Task<IReadOnlyList<Revision>> RevisionsAsync(Workload workload, CancellationToken cancellation) => kind.RevisionsAsync(Client, workload, cancellation);

    /// <summary>The workload with the number of its revision, which a StatefulSet or DaemonSet does not carry itself.</summary>
    public async Task<Workload> NumberedAsync(Workload workload, CancellationToken cancellation) =>
        workload.Revision > 0 ? workload : workload.NumberedBy(await RevisionsAsync(workload, cancellation));

    /// <summary>Takes away what would hold it up. True while it is held by that.</summary>
    public Task<bool> FreeAsync(Sight sight, bool isUndo, ISet<string> freed, CancellationToken cancellation) => kind.FreeAsync(Client, sight, isUndo, freed, cancellation);

    public WorkloadWatch Watch() => kind.Watch(cluster.Watch, @namespace);

    public Task<TargetLease> LeaseAsync(Workload workload, CancellationToken cancellation) => TargetLease.TakeAsync(Client, workload, cluster.Heartbeats, cluster.Time, cancellation);

    /// <summary>Does something as soon as nobody else is at work on the workload, unless what they do is the answer before.</summary>
    /// <param name="workload">The workload.</param>
    /// <param name="theirs">The answer where the workload shows it while others are at work; null where it does not yet.</param>
    /// <param name="work">What is done with the workload as it is by then, where it is still to be done.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<RolloutStatus> WhenFreeAsync(Workload workload, Func<Workload, Task<RolloutStatus?>> theirs, Func<Workload, Task<RolloutStatus>> work, CancellationToken cancellation)
    {
        await using var watch = Watch();
        await watch.BeginAsync(workload.Metadata.Uid, cancellation);
        while (true)
        {
            try
            {
                await using var lease = await LeaseAsync(workload, cancellation);
                return await work(await FindAsync(cancellation));
            }
            catch (RolloutException busy) when (busy.Id == "RolloutInProgress")
            {
                // Another shell is at work on it.
            }

            await watch.WaitAsync(TakeOverEvery, cluster.Time, cancellation);
            if (await ReadAsync(cancellation) is not { } now) throw RolloutErrors.WorkloadNotFound(workload.Title, "it was deleted meanwhile");
            if (await theirs(now) is { } answer) return answer;
        }
    }

    /// <summary>
    /// Does a part of what is under way, and waits for a server that is away meanwhile, as a watch does: a bad release does not stay because its undo met a control plane
    /// that restarts.
    /// </summary>
    /// <param name="part">What is done; done again where it is not known whether it was.</param>
    /// <param name="reporter">Told once that it is waited for.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<T> DespiteOutagesAsync<T>(Func<Task<T>> part, IReporter reporter, CancellationToken cancellation)
    {
        DateTimeOffset? until = null;
        while (true)
        {
            try
            {
                return await part();
            }
            catch (RolloutException e) when (KubernetesErrors.IsTransient(e) && Now < (until ?? DateTimeOffset.MaxValue))
            {
                if (until is null)
                {
                    until = Now + Patience;
                    reporter.Warning($"{name}: {e.Message} It is tried again for {Patience.TotalMinutes:0} minutes.");
                }
            }

            await Task.Delay(AskAgainAfter, cluster.Time, cancellation);
        }
    }

    /// <inheritdoc cref="DespiteOutagesAsync{T}"/>
    public Task DespiteOutagesAsync(Func<Task> part, IReporter reporter, CancellationToken cancellation) => DespiteOutagesAsync(async () =>
    {
        await part();
        return true;
    }, reporter, cancellation);

    /// <summary>Changes the workload as it was planned; where it moved on meanwhile only in its status, once more.</summary>
    /// <exception cref="RolloutException">WorkloadChangedMeanwhile, and what the server refuses.</exception>
    public async Task<Workload> PatchAsync(Workload planned, Func<Workload, Patch> patch, CancellationToken cancellation)
    {
        var workload = planned;
        for (var attempt = 1; ; attempt++)
        {
            var change = patch(workload);
            try
            {
                return await kind.PatchAsync(Client, workload, change, cancellation);
            }
            catch (RolloutException e) when (KubernetesErrors.IsConflict(e) && attempt < PatchTries)
            {
                workload = await FindAsync(cancellation);
                // An earlier try got through, and its answer was lost.
                if (change.Annotation(RolloutRecord.Annotation) is { } record && record == workload.Metadata.Annotation(RolloutRecord.Annotation)) return workload;
                if (workload.Metadata.Uid != planned.Metadata.Uid || !PodTemplate.AreSame(workload.Template, planned.Template)) throw WorkloadErrors.ChangedMeanwhile(planned.Title);
            }
        }
    }

    /// <summary>The whole object as the server would store it after a patch. What is only tried has no precondition: a status that moves meanwhile changes nothing of the answer.</summary>
    public Task<JsonObject> PreviewAsync(Workload workload, Patch patch, CancellationToken cancellation) => kind.PreviewAsync(Client, workload, patch.OfAnyVersion(), cancellation);

    /// <summary>Writes the record of its last rollout on it.</summary>
    public Task<Workload> WriteAsync(Workload workload, RolloutRecord record, CancellationToken cancellation) =>
        kind.PatchAsync(Client, workload, Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["uid"] = workload.Metadata.Uid, ["annotations"] = new JsonObject { [RolloutRecord.Annotation] = record.ToJson() } } }), cancellation);

    /// <summary>Writes what became of the present revision on that revision.</summary>
    public async Task MarkAsync(Workload workload, IReadOnlyList<Revision> revisions, HealthVerdict verdict, CancellationToken cancellation)
    {
        // Revisions are told of by another watch than the workload, which may not have come as far yet.
        var present = revisions.FirstOrDefault(workload.Wants) ?? (await RevisionsAsync(workload, cancellation)).FirstOrDefault(workload.Wants);
        if (present is not null && present.Verdict != verdict) await kind.AnnotateAsync(Client, present, RolloutRecord.VerdictAnnotation, verdict.ToString(), cancellation);
    }
}
