using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>Looks at the new replicas of one run, at many at a time: which were started, since when they run, since when they look bad.</summary>
/// <param name="engine">The engine.</param>
/// <param name="time">The clock.</param>
/// <param name="change">The change under way.</param>
/// <param name="begun">When it was begun, by the engine's clock.</param>
/// <param name="portsReachable">Whether the engine's loopback ports can be tried from here.</param>
internal sealed class HealthGate(IDockerClient engine, TimeProvider time, Change change, DateTimeOffset begun, bool portsReachable)
{
    private const int LogLines = 10;

    private readonly Lock looking = new();
    private readonly Dictionary<string, DateTimeOffset> upSince = [];
    private readonly Dictionary<string, DateTimeOffset> badSince = [];
    private readonly Dictionary<string, ReplicaHealth> failed = [];
    private readonly Dictionary<string, int> forgiven = [];
    private readonly HashSet<string> started = [];
    private readonly HashSet<string> leftIll = [];

    /// <summary>True where something is to be found out that no event tells.</summary>
    internal bool IsProbing { get; private set; }

    /// <summary>This run starts it: from now on its end is a failure.</summary>
    internal void Starts(string id)
    {
        lock (looking) started.Add(id);
    }

    /// <summary>It could not even be started.</summary>
    internal void CouldNotStart(string id, string problem) => Fail(id, new ReplicaHealth(ReplicaPhase.Failed, "ContainerStartFailed", $"could not be started: {problem}"));

    /// <summary>It is healthy by itself, but the router does not take it.</summary>
    internal void CouldNotServe(string id, string problem) => Fail(id, new ReplicaHealth(ReplicaPhase.Failed, "RouterRefused", $"could not be put into the router: {problem}"));

    /// <summary>The router did not take it: it is not tried again.</summary>
    internal bool IsGivenUp(string id)
    {
        lock (looking) return failed.ContainsKey(id);
    }

    /// <summary>Not well, and left as it stood before the change.</summary>
    internal bool IsLeftIll(string id)
    {
        lock (looking) return leftIll.Contains(id);
    }

    /// <summary>Whether there is one such.</summary>
    internal bool LeavesIll
    {
        get
        {
            lock (looking) return leftIll.Count > 0;
        }
    }

    /// <summary>Begins a round of looking.</summary>
    internal void BeginRound()
    {
        lock (looking)
        {
            IsProbing = false;
            leftIll.Clear();
        }
    }

    /// <summary>What is thought of a replica.</summary>
    internal async Task<ReplicaHealth> LookAsync(Replica replica, int? port, CancellationToken cancellation)
    {
        if (Known(replica) is { } known) return known;
        if (await engine.Containers.InspectAsync(replica.Id, cancellation) is not { } container) return new ReplicaHealth(ReplicaPhase.Absent);
        if (container.State.Status == "created") return new ReplicaHealth(ReplicaPhase.Stopped);

        var now = time.GetUtcNow();
        var accepts = await AcceptsAsync(replica, container, port, cancellation);
        lock (looking) return Judge(container, accepts, now);
    }

    /// <summary>What there is nothing to be looked at for.</summary>
    private ReplicaHealth? Known(Replica replica)
    {
        lock (looking)
        {
            if (failed.TryGetValue(replica.Id, out var known)) return known;
            return !replica.IsUp && !started.Contains(replica.Id) ? new ReplicaHealth(ReplicaPhase.Stopped) : null;
        }
    }

    private ReplicaHealth Judge(ContainerInspect container, bool? accepts, DateTimeOffset now)
    {
        if (container.State.Running) upSince.TryAdd(container.Id, now);
        var health = ReplicaHealth.Judge(container with { RestartCount = container.RestartsSince(begun) - Forgiven(container) }, accepts, now - upSince.GetValueOrDefault(container.Id, now), change.GraceRestarts);
        IsProbing |= health.Phase == ReplicaPhase.Starting && container.State.Health is null;
        var judged = Forgive(container.Id, health, now);
        return judged.Phase == ReplicaPhase.Ready || !StandsAsBefore(container) ? judged : LeaveIll(container.Id);
    }

    /// <summary>Restarts that are no matter any more, as somebody had it go on since; the one that a container is in the midst of is the last of them.</summary>
    private int Forgiven(ContainerInspect container)
    {
        if (!change.IsThawed) return 0;
        forgiven.TryAdd(container.Id, container.RestartsSince(begun) + (container.State.Status == "restarting" ? 1 : 0));
        return forgiven[container.Id];
    }

    private void Fail(string id, ReplicaHealth health)
    {
        lock (looking) failed[id] = health;
    }

    /// <summary>On the way back what was never touched is as good as it was: that it was not well before is no reason to leave the new beside it.</summary>
    private bool StandsAsBefore(ContainerInspect container) =>
        change.GoingBack && !started.Contains(container.Id) && (container.State.StartedAt < begun || (!change.IsAsked && container.RestartCount > 0));

    private ReplicaHealth LeaveIll(string id)
    {
        leftIll.Add(id);
        return new ReplicaHealth(ReplicaPhase.Ready);
    }

    /// <summary>Why a replica failed, with the last of what it wrote.</summary>
    internal async Task<(string Reason, string Message)> ExplainAsync(Replica replica, int? port, CancellationToken cancellation)
    {
        var health = await LookAsync(replica, port, cancellation);
        var log = await LogAsync(replica, cancellation);
        var secrets = await EnvironmentSecrets.OfAsync(engine, replica.Id, cancellation);
        return (health.Reason ?? "ContainerNotReady", secrets.Hide($"Container {replica.Name} {health.Message ?? NotReady(port)}.{log}"));
    }

    private static string NotReady(int? port) => port is null ? "did not become healthy in time" : $"did not become healthy and accept connections on port {port} in time";

    private async Task<string> LogAsync(Replica replica, CancellationToken cancellation)
    {
        try
        {
            var lines = await engine.Containers.LogTailAsync(replica.Id, LogLines, cancellation);
            return lines.Count == 0 ? " It wrote no log." : $" Its last log lines:\n{string.Join('\n', lines)}";
        }
        catch (RolloutException problem)
        {
            return $" Its log could not be read: {problem.Message}";
        }
    }

    /// <summary>A HEALTHCHECK outranks the port. From another machine the engine's loopback ports cannot be tried.</summary>
    private async Task<bool?> AcceptsAsync(Replica replica, ContainerInspect container, int? port, CancellationToken cancellation)
    {
        if (port is null || replica.Address is null || container.State.Health is not null || !portsReachable) return null;
        return container.State.Running && await PortProbe.AcceptsAsync(replica.Address, cancellation);
    }

    private ReplicaHealth Forgive(string id, ReplicaHealth health, DateTimeOffset now)
    {
        if (health.Phase != ReplicaPhase.Failed)
        {
            badSince.Remove(id);
            return health;
        }

        badSince.TryAdd(id, now);
        var isForgiven = health.MayRecover && now - badSince[id] < TimeSpan.FromSeconds(change.GraceSec);
        IsProbing |= isForgiven;
        return isForgiven ? new ReplicaHealth(ReplicaPhase.Starting) : health;
    }
}
