using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>
/// Keeps two shells apart: a Lease (coordination.k8s.io) beside the workload, deleted at the work's end. It lives as long as its shell does, whose heartbeat it names:
/// so a fleet costs one sign of life and not hundreds. One whose shell is dead is taken over, with the resourceVersion as precondition, so that only one of two takes it.
/// </summary>
internal sealed class TargetLease : IAsyncDisposable
{
    private const string HeartbeatAnnotation = RolloutRecord.Prefix + "heartbeat";
    private readonly IKubernetesClient _client;
    private readonly Heartbeats _heartbeats;
    private readonly Lease _lease;

    private TargetLease(IKubernetesClient client, Heartbeats heartbeats, Lease lease) => (_client, _heartbeats, _lease) = (client, heartbeats, lease);

    /// <summary>Who this is, for other people.</summary>
    public static string Shell { get; } = $"{Environment.UserName} on {Environment.MachineName} (process {Environment.ProcessId})";

    /// <exception cref="RolloutException">RolloutInProgress: another shell has it.</exception>
    public static async Task<TargetLease> TakeAsync(IKubernetesClient client, Workload workload, Heartbeats heartbeats, TimeProvider time, CancellationToken cancellation)
    {
        var space = workload.Metadata.Namespace;
        var heartbeat = heartbeats.Open(space);
        try
        {
            return new TargetLease(client, heartbeats, await TakeAsync(client, workload, heartbeat, time.GetUtcNow(), cancellation));
        }
        catch
        {
            await heartbeats.CloseAsync(space);
            throw;
        }
    }

    /// <summary>Whether a shell is at work on a workload; where that may not be asked, one is taken to be.</summary>
    public static async Task<bool> IsHeldAsync(IKubernetesClient client, Workload workload, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            return await client.GetAsync(Resources.Leases, workload.Metadata.Namespace, NameOf(workload), cancellation) is { } lease && await IsHeldAsync(client, lease, time.GetUtcNow(), cancellation);
        }
        catch (RolloutException e) when (e.Kind == ErrorKind.PermissionDenied)
        {
            return true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            // Only as it was taken: where another shell has it by now, it is theirs.
            await _client.DeleteAsync(Resources.Leases, _lease.Metadata, CancellationToken.None);
        }
        catch (RolloutException)
        {
            // It runs out by itself.
        }

        await _heartbeats.CloseAsync(_lease.Metadata.Namespace);
    }

    private static async Task<Lease> TakeAsync(IKubernetesClient client, Workload workload, Heartbeat heartbeat, DateTimeOffset now, CancellationToken cancellation)
    {
        var space = workload.Metadata.Namespace;
        try
        {
            return await client.CreateAsync(Resources.Leases, space, Body(heartbeat, now, 0, NameOf(workload), null), dryRun: false, cancellation);
        }
        catch (RolloutException e) when (KubernetesErrors.IsConflict(e))
        {
            // There is one: held, or left by a shell that died.
        }

        var found = await client.GetAsync(Resources.Leases, space, NameOf(workload), cancellation) ?? throw RolloutErrors.InProgress(workload.Title, null);
        if (await IsHeldAsync(client, found, now, cancellation)) throw RolloutErrors.InProgress(workload.Title, $"{found.Spec.HolderIdentity}, since {found.Spec.AcquireTime?.UtcDateTime:HH:mm:ss} UTC");
        try
        {
            var body = Body(heartbeat, now, (found.Spec.LeaseTransitions ?? 0) + 1, NameOf(workload), found.Metadata.ResourceVersion);
            var taken = await client.PatchAsync(Resources.Leases, space, NameOf(workload), Patch.Merge(body), cancellation);
            // The dead shell's heartbeat has nobody else to clear it away.
            if (found.Metadata.Annotation(HeartbeatAnnotation) is { } dead) await client.DeleteAsync(Resources.Leases, space, dead, null, cancellation);
            return taken;
        }
        catch (RolloutException e) when (KubernetesErrors.IsConflict(e))
        {
            // Another shell was faster by a moment.
            throw RolloutErrors.InProgress(workload.Title, null);
        }
    }

    /// <summary>Held by its own time, which is enough for the first heartbeat to come, or by that of its shell.</summary>
    private static async Task<bool> IsHeldAsync(IKubernetesClient client, Lease lease, DateTimeOffset now, CancellationToken cancellation)
    {
        if (string.IsNullOrEmpty(lease.Spec.HolderIdentity)) return false;
        if (Heartbeat.IsFresh(lease, now)) return true;
        return lease.Metadata.Annotation(HeartbeatAnnotation) is { } name
            && await client.GetAsync(Resources.Leases, lease.Metadata.Namespace, name, cancellation) is { } heartbeat
            && Heartbeat.IsFresh(heartbeat, now);
    }

    private static string NameOf(Workload workload) => $"rollout-{workload.Kind}-{workload.Metadata.Name}";

    private static JsonObject Body(Heartbeat heartbeat, DateTimeOffset now, int transitions, string name, string? version) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["name"] = name,
            ["resourceVersion"] = version,
            ["annotations"] = new JsonObject { [HeartbeatAnnotation] = heartbeat.Name },
        },
        ["spec"] = new JsonObject
        {
            ["holderIdentity"] = Shell,
            ["leaseDurationSeconds"] = (int)Heartbeat.Duration.TotalSeconds,
            ["acquireTime"] = Heartbeat.MicroTime(now),
            ["renewTime"] = Heartbeat.MicroTime(now),
            ["leaseTransitions"] = transitions,
        },
    };
}
