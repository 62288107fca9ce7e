using System.Globalization;
using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>The signs of life of this shell in one cluster: one for each namespace that it is at work in, however many workloads those are.</summary>
internal sealed class Heartbeats(IKubernetesClient client, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (Heartbeat Beat, int Users)> _open = [];

    /// <summary>A share in a namespace's.</summary>
    public Heartbeat Open(string @namespace)
    {
        lock (_lock)
        {
            var (beat, users) = _open.GetValueOrDefault(@namespace);
            beat ??= new Heartbeat(client, @namespace, time);
            _open[@namespace] = (beat, users + 1);
            return beat;
        }
    }

    /// <summary>Gives a share back; the last ends it.</summary>
    public ValueTask CloseAsync(string @namespace)
    {
        lock (_lock)
        {
            var (beat, users) = _open[@namespace];
            if (users == 1) _open.Remove(@namespace);
            else _open[@namespace] = (beat, users - 1);
            return users == 1 ? beat.DisposeAsync() : ValueTask.CompletedTask;
        }
    }
}

/// <summary>
/// A Lease (coordination.k8s.io) that is renewed every few seconds, and deleted at the end. It is made with the first beat: until then whatever is meant to live by
/// it has its own time.
/// </summary>
internal sealed class Heartbeat : IAsyncDisposable
{
    public static readonly TimeSpan Duration = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
    private readonly IKubernetesClient _client;
    private readonly string _namespace;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _beating;
    private ObjectMeta? _made;

    public Heartbeat(IKubernetesClient client, string @namespace, TimeProvider time)
    {
        (_client, _namespace, _time) = (client, @namespace, time);
        _beating = BeatAsync();
    }

    /// <summary>The Lease's name.</summary>
    public string Name { get; } = $"rollout-shell-{Guid.NewGuid():N}";

    /// <summary>Whether a Lease was renewed in time.</summary>
    public static bool IsFresh(Lease lease, DateTimeOffset now) =>
        now < (lease.Spec.RenewTime ?? DateTimeOffset.MinValue) + TimeSpan.FromSeconds(lease.Spec.LeaseDurationSeconds ?? 0);

    public static string MicroTime(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _beating;
        _end.Dispose();
        if (_made is null) return;
        try
        {
            await _client.DeleteAsync(Resources.Leases, _namespace, Name, _made.Uid, CancellationToken.None);
        }
        catch (RolloutException)
        {
            // It runs out by itself.
        }
    }

    private async Task BeatAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(Every, _time, _end.Token);
                try
                {
                    await OnceAsync();
                }
                catch (RolloutException e) when (KubernetesErrors.IsTransient(e))
                {
                    // Tried again at the next turn.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It is over.
        }
        catch (RolloutException)
        {
            // Forbidden, or somebody took it away: the work goes on, and where another shell takes it over, its change is seen as such.
        }
    }

    private async Task OnceAsync()
    {
        var spec = new JsonObject { ["holderIdentity"] = TargetLease.Shell, ["leaseDurationSeconds"] = (int)Duration.TotalSeconds, ["renewTime"] = MicroTime(_time.GetUtcNow()) };
        if (_made is null)
        {
            // Once begun it is not cut off: a Lease that nobody knows to be there would stay.
            _made = (await _client.CreateAsync(Resources.Leases, _namespace, new JsonObject { ["metadata"] = new JsonObject { ["name"] = Name }, ["spec"] = spec }, dryRun: false, CancellationToken.None)).Metadata;
            return;
        }

        await _client.PatchAsync(Resources.Leases, _namespace, Name, Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["uid"] = _made.Uid }, ["spec"] = spec }), _end.Token);
    }
}
