using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;

namespace Rollout.Engine.Kubernetes.Strategies;

/// <summary>A Deployment and the sets beside it: looked at, made, scaled and removed.</summary>
internal sealed class SetsBeside(WorkloadStore store) : ISides
{
    private const string BaselineRole = "baseline";
    private static readonly string[] Roles = [SteppedState.RoleOf(RolloutStrategy.Canary), SteppedState.RoleOf(RolloutStrategy.BlueGreen), BaselineRole];
    private static readonly WorkloadKind Deployments = WorkloadKind.Find("deployment")!;

    private readonly WatchedWorkload _first = Watched(store);
    private readonly WatchedWorkload _second = Watched(store);
    private readonly WatchedWorkload _baseline = Watched(store);

    /// <summary>The set with the new version that a record speaks of.</summary>
    public static SecondSet NewSet(RolloutRecord record) => new(record.Stepped!.Role, record.Image)
    {
        Apart = record.Stepped.Route is { } route ? (route.Label, route.NewValue) : null,
    };

    /// <summary>Whether a workload is the set with the new version beside another.</summary>
    public static bool IsNew(Workload workload, Workload first) => SecondSet.IsBeside(workload, first) && workload.Metadata.Name == SecondSet.NameBeside(first, RoleOf(first));

    private static SecondSet Baseline { get; } = new(BaselineRole, null);

    /// <summary>The set with the new version beside a workload; null where there is none.</summary>
    public static async Task<Workload?> FindAsync(IKubernetesClient client, Workload first, CancellationToken cancellation) => await FindAsync(client, first, RoleOf(first), cancellation);

    /// <exception cref="RolloutException">SecondSetNameTaken.</exception>
    public static async Task CheckNamesAsync(IKubernetesClient client, Workload first, bool withServices, CancellationToken cancellation)
    {
        foreach (var role in Roles)
        {
            var name = SecondSet.NameBeside(first, role);
            if (withServices && await client.GetAsync(Resources.Services, first.Metadata.Namespace, name, cancellation) is { } service && !service.Metadata.IsControlledBy(first.Metadata.Uid)) throw StrategyErrors.NameTaken(first.Title, name);
            if (await Deployments.GetAsync(client, first.Metadata.Namespace, name, cancellation) is { } found && !SecondSet.IsBeside(found, first)) throw StrategyErrors.NameTaken(first.Title, name);
        }
    }

    /// <summary>Removes every set beside a workload, with its Pods and the Services made for it.</summary>
    public static async Task RemoveAsync(IKubernetesClient client, Workload first, CancellationToken cancellation)
    {
        if (first.IsInPlace) return;
        var withServices = first.LastRecord?.Route is not null;
        foreach (var role in Roles)
        {
            var name = SecondSet.NameBeside(first, role);
            if (withServices && await client.GetAsync(Resources.Services, first.Metadata.Namespace, name, cancellation) is { } service && service.Metadata.IsControlledBy(first.Metadata.Uid)) await client.DeleteAsync(Resources.Services, first.Metadata.Namespace, name, service.Metadata.Uid, cancellation);
            if (await FindAsync(client, first, role, cancellation) is { } found) await client.DeleteAsync(Resources.Deployments, found.Metadata.Namespace, found.Metadata.Name, found.Metadata.Uid, cancellation);
        }
    }

    public async Task BeginAsync(Workload first, CancellationToken cancellation)
    {
        await _first.BeginAsync(first, cancellation);
        if (await FindAsync(store.Client, first, cancellation) is { } second) await _second.BeginAsync(second, cancellation);
        if (await FindAsync(store.Client, first, BaselineRole, cancellation) is { } baseline) await _baseline.BeginAsync(baseline, cancellation);
    }

    public SidesSight Look()
    {
        var (first, _) = _first.Look();
        var (second, sight) = _second.Look();
        var (baseline, _) = _baseline.Look();
        var record = first?.LastRecord;
        return new SidesSight(first, Side(second), Side(first), sight?.NewPods ?? [])
        {
            Second = second,
            IsSuperseded = first is not null && record is not null && (first.Overtaken is not null || (second is not null && !NewSet(record).IsMadeFrom(first, second, record.Container))),
            Replicas = record?.Stepped is { Route: not null } ? first!.Progress.Desired : null,
            IsBaselineBehind = record?.Stepped is { Baseline: true } && (Side(baseline).Wanted != Side(second).Wanted || Side(baseline).Available < Side(second).Wanted),
        };
    }

    public void Wrote(Workload first) => _first.Wrote(first);

    public async Task WaitAsync(TimeSpan limit, CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var waits = ((WatchedWorkload[])[_first, _second, _baseline]).Where(watched => watched.IsOpen).Select(watched => watched.WaitAsync(limit, end.Token)).ToList();
        await Task.WhenAny(waits);
        await end.CancelAsync();
        await Task.WhenAll(waits).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>The new side, and the baseline where there is to be one, gets so many Pods more.</summary>
    public async Task RaiseNewAsync(SidesSight sight, int count, CancellationToken cancellation)
    {
        var (first, record, replicas) = (sight.Workload!, sight.Workload!.LastRecord!, sight.New.Wanted + count);
        await ServeAsync(first, record, cancellation);
        await ScaleAsync(_second, first, NewSet(record), record.Container, replicas, cancellation);
        if (record.Stepped!.Baseline) await ScaleAsync(_baseline, first, Baseline, record.Container, replicas, cancellation);
    }

    public async Task LowerOldAsync(SidesSight sight, int count, CancellationToken cancellation) =>
        Wrote(await store.PatchAsync(sight.Workload!, now => SteppedPatch.Of(now, now.LastRecord!, sight.Old.Wanted - count), cancellation));

    public async ValueTask DisposeAsync()
    {
        await _first.DisposeAsync();
        await _second.DisposeAsync();
        await _baseline.DisposeAsync();
    }

    /// <summary>The new side's own Service, where the route asks for one.</summary>
    private async Task ServeAsync(Workload first, RolloutRecord record, CancellationToken cancellation)
    {
        if (_second.IsOpen || record.Stepped!.Route is not { } route || route.Second.Contains('/', StringComparison.Ordinal)) return;
        if (await store.Client.GetAsync(Resources.Services, store.Namespace, route.Second, cancellation) is not null) return;
        if (await store.Client.GetAsync(Resources.Services, store.Namespace, route.Backend, cancellation) is not { } like) return;
        await store.Client.CreateAsync(Resources.Services, store.Namespace, NewSet(record).ServiceBody(first, route.Second, like), dryRun: false, cancellation);
    }

    private static string RoleOf(Workload first) => first.LastRecord?.Stepped?.Role ?? Roles[0];

    private async Task ScaleAsync(WatchedWorkload watched, Workload first, SecondSet set, string container, int replicas, CancellationToken cancellation)
    {
        if (watched.Look().Workload is not { } present)
        {
            await watched.BeginAsync(await MadeAsync(first, set, container, replicas, cancellation), cancellation);
        }
        else if (present.Progress.Desired != replicas)
        {
            var body = new JsonObject { ["metadata"] = new JsonObject { ["uid"] = present.Metadata.Uid }, ["spec"] = new JsonObject { ["replicas"] = replicas } };
            watched.Wrote(await Deployments.PatchAsync(store.Client, present, Patch.Merge(body), cancellation));
        }
    }

    /// <summary>The set, made; where the answer to that got lost, it is there already.</summary>
    private async Task<Workload> MadeAsync(Workload first, SecondSet set, string container, int replicas, CancellationToken cancellation)
    {
        try
        {
            return Workload.Of(await store.Client.CreateAsync(Resources.Deployments, store.Namespace, set.Body(first, container, replicas), dryRun: false, cancellation));
        }
        catch (RolloutException e) when (KubernetesErrors.IsConflict(e))
        {
            if (await FindAsync(store.Client, first, set.Role, cancellation) is { } found) return found;
            throw;
        }
    }

    private static async Task<Workload?> FindAsync(IKubernetesClient client, Workload first, string role, CancellationToken cancellation) =>
        await Deployments.GetAsync(client, first.Metadata.Namespace, SecondSet.NameBeside(first, role), cancellation) is { Metadata.DeletionTimestamp: null } found && SecondSet.IsBeside(found, first) ? found : null;

    private static WatchedWorkload Watched(WorkloadStore store) => new(() => Deployments.Watch(store.Cluster.Watch, store.Namespace), store.Cluster.Time);

    private static SideSight Side(Workload? set) => set is null ? default : new SideSight(set.Progress.Desired, set.Progress.Available);
}
