using System.Globalization;
using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>
/// Keeps two shells apart: a Lease (coordination.k8s.io) beside the workload, renewed while work goes on and deleted at its end. One that was not renewed
/// in time is taken over, with the resourceVersion as precondition, so that only one of two takes it.
/// </summary>
internal sealed class TargetLease : IAsyncDisposable
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(5);
    private readonly IKubernetesClient _client;
    private readonly TimeProvider _time;
    private readonly string _holder;
    private readonly CancellationTokenSource _end = new();
    private readonly Task<bool> _renewing;
    private Lease _lease;

    private TargetLease(IKubernetesClient client, TimeProvider time, string holder, Lease lease)
    {
        (_client, _time, _holder, _lease) = (client, time, holder, lease);
        _renewing = RenewAsync();
    }

    /// <exception cref="RolloutException">RolloutInProgress: another shell has it.</exception>
    public static async Task<TargetLease> TakeAsync(IKubernetesClient client, Workload workload, TimeProvider time, CancellationToken cancellation)
    {
        var name = NameOf(workload);
        var holder = $"{Environment.UserName} on {Environment.MachineName} (process {Environment.ProcessId}, {Guid.NewGuid():N})";
        var now = time.GetUtcNow();
        try
        {
            var body = new JsonObject { ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = Spec(holder, now, now, 0) };
            return new TargetLease(client, time, holder, await client.CreateAsync(Resources.Leases, workload.Metadata.Namespace, body, dryRun: false, cancellation));
        }
        catch (RolloutException e) when (KubernetesErrors.IsConflict(e))
        {
            // There is one: held, or left by a shell that died.
        }

        var found = await client.GetAsync(Resources.Leases, workload.Metadata.Namespace, name, cancellation) ?? throw RolloutErrors.InProgress(workload.Title, null);
        if (IsHeld(found, now)) throw InProgress(workload, found);
        try
        {
            return new TargetLease(client, time, holder, await ChangeAsync(client, found, Spec(holder, now, now, (found.Spec.LeaseTransitions ?? 0) + 1), cancellation));
        }
        catch (RolloutException e) when (KubernetesErrors.IsConflict(e))
        {
            // Another shell was faster by a moment.
            throw RolloutErrors.InProgress(workload.Title, null);
        }
    }

    /// <summary>Whether a shell is at work on a workload; where that may not be asked, one is taken to be.</summary>
    public static async Task<bool> IsHeldAsync(IKubernetesClient client, Workload workload, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            return await client.GetAsync(Resources.Leases, workload.Metadata.Namespace, NameOf(workload), cancellation) is { } lease && IsHeld(lease, time.GetUtcNow());
        }
        catch (RolloutException e) when (e.Kind == ErrorKind.PermissionDenied)
        {
            return true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        var isHeld = await _renewing && IsHeld(_lease, _time.GetUtcNow());
        _end.Dispose();
        try
        {
            // Not where another has taken it over, which nobody does while it is held: its lease is another object's state, but the same uid.
            var present = isHeld ? _lease : await _client.GetAsync(Resources.Leases, _lease.Metadata.Namespace, _lease.Metadata.Name, CancellationToken.None);
            if (present?.Spec.HolderIdentity == _holder) await _client.DeleteAsync(Resources.Leases, _lease.Metadata.Namespace, _lease.Metadata.Name, _lease.Metadata.Uid, CancellationToken.None);
        }
        catch (RolloutException)
        {
            // It runs out by itself.
        }
    }

    /// <summary>Renews it until the work is done; false where it was lost before.</summary>
    private async Task<bool> RenewAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(RenewEvery, _time, _end.Token);
                try
                {
                    var spec = Spec(_holder, _lease.Spec.AcquireTime ?? _time.GetUtcNow(), _time.GetUtcNow(), _lease.Spec.LeaseTransitions ?? 0);
                    _lease = await ChangeAsync(_client, _lease, spec, _end.Token);
                }
                catch (RolloutException e) when (KubernetesErrors.IsTransient(e))
                {
                    // Tried again at the next turn.
                }
            }
        }
        catch (OperationCanceledException)
        {
            return true;
        }
        catch (RolloutException)
        {
            // Taken over or forbidden: the work goes on, and a change by the other is seen as such.
            return false;
        }
    }

    private static string NameOf(Workload workload) => $"rollout-{workload.Kind}-{workload.Metadata.Name}";

    private static bool IsHeld(Lease lease, DateTimeOffset now) =>
        !string.IsNullOrEmpty(lease.Spec.HolderIdentity) && now < (lease.Spec.RenewTime ?? DateTimeOffset.MinValue) + TimeSpan.FromSeconds(lease.Spec.LeaseDurationSeconds ?? 0);

    private static RolloutException InProgress(Workload workload, Lease lease) =>
        RolloutErrors.InProgress(workload.Title, $"{lease.Spec.HolderIdentity}, since {lease.Spec.AcquireTime?.UtcDateTime:HH:mm:ss} UTC");

    private static Task<Lease> ChangeAsync(IKubernetesClient client, Lease lease, JsonObject spec, CancellationToken cancellation)
    {
        var body = new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = lease.Metadata.ResourceVersion }, ["spec"] = spec };
        return client.PatchAsync(Resources.Leases, lease.Metadata.Namespace, lease.Metadata.Name, Patch.Merge(body), cancellation);
    }

    private static JsonObject Spec(string holder, DateTimeOffset acquired, DateTimeOffset renewed, int transitions) => new()
    {
        ["holderIdentity"] = holder,
        ["leaseDurationSeconds"] = (int)Duration.TotalSeconds,
        ["acquireTime"] = MicroTime(acquired),
        ["renewTime"] = MicroTime(renewed),
        ["leaseTransitions"] = transitions,
    };

    private static string MicroTime(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
