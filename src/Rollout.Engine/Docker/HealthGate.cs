using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>Looks at the new replicas of one run: which were started, since when they run, since when they look bad.</summary>
internal sealed class HealthGate(IDockerClient engine, TimeProvider time, Change change, bool portsReachable)
{
    private const int LogLines = 10;
    private const int ShortestSecret = 6;

    private readonly Dictionary<string, DateTimeOffset> upSince = [];
    private readonly Dictionary<string, DateTimeOffset> badSince = [];
    private readonly Dictionary<string, ReplicaHealth> failed = [];
    private readonly HashSet<string> started = [];

    /// <summary>True where something is to be found out that no event tells.</summary>
    internal bool IsProbing { get; private set; }

    /// <summary>This run starts it: from now on its end is a failure.</summary>
    internal void Starts(string id) => started.Add(id);

    /// <summary>It could not even be started.</summary>
    internal void CouldNotStart(string id, string problem) =>
        failed[id] = new ReplicaHealth(ReplicaPhase.Failed, "ContainerStartFailed", $"could not be started: {problem}");

    /// <summary>It is healthy by itself, but the router does not take it.</summary>
    internal void CouldNotServe(string id, string problem) =>
        failed[id] = new ReplicaHealth(ReplicaPhase.Failed, "RouterRefused", $"could not be put into the router: {problem}");

    /// <summary>The router did not take it: it is not tried again.</summary>
    internal bool IsGivenUp(string id) => failed.ContainsKey(id);

    /// <summary>Begins a round of looking.</summary>
    internal void BeginRound() => IsProbing = false;

    /// <summary>What is thought of a replica.</summary>
    internal async Task<ReplicaHealth> LookAsync(Replica replica, int? port, CancellationToken cancellation)
    {
        if (failed.TryGetValue(replica.Id, out var known)) return known;
        if (!replica.IsUp && !started.Contains(replica.Id)) return new ReplicaHealth(ReplicaPhase.Stopped);
        if (await engine.Containers.InspectAsync(replica.Id, cancellation) is not { } container) return new ReplicaHealth(ReplicaPhase.Absent);
        if (container.State.Status == "created") return new ReplicaHealth(ReplicaPhase.Stopped);

        var now = time.GetUtcNow();
        if (container.State.Running) upSince.TryAdd(replica.Id, now);
        var accepts = await AcceptsAsync(replica, container, port, cancellation);
        var health = ReplicaHealth.Judge(container, accepts, now - upSince.GetValueOrDefault(replica.Id, now), change.GraceRestarts);
        IsProbing |= health.Phase == ReplicaPhase.Starting && container.State.Health is null;
        return Forgive(replica.Id, health, now);
    }

    /// <summary>Why a replica failed, with the last of what it wrote.</summary>
    internal async Task<(string Reason, string Message)> ExplainAsync(Replica replica, int? port, CancellationToken cancellation)
    {
        var health = await LookAsync(replica, port, cancellation);
        var log = await LogAsync(replica, cancellation);
        return (health.Reason ?? "ContainerNotReady", $"Container {replica.Name} {health.Message ?? NotReady(port)}.{log}");
    }

    private static string NotReady(int? port) => port is null ? "did not become healthy in time" : $"did not become healthy and accept connections on port {port} in time";

    private async Task<string> LogAsync(Replica replica, CancellationToken cancellation)
    {
        try
        {
            var lines = await engine.Containers.LogTailAsync(replica.Id, LogLines, cancellation);
            var secrets = await SecretsAsync(replica, cancellation);
            lines = [.. lines.Select(line => secrets.Aggregate(line, (text, secret) => text.Replace(secret, "***", StringComparison.Ordinal)))];
            return lines.Count == 0 ? " It wrote no log." : $" Its last log lines:\n{string.Join('\n', lines)}";
        }
        catch (RolloutException problem)
        {
            return $" Its log could not be read: {problem.Message}";
        }
    }

    /// <summary>
    /// The values of environment variables that are not the image's own: a container that fails likes to write down its settings, and what is quoted
    /// here goes into errors and labels. Short ones are words that stand in any text.
    /// </summary>
    private async Task<IReadOnlyList<string>> SecretsAsync(Replica replica, CancellationToken cancellation)
    {
        if (await engine.Containers.InspectAsync(replica.Id, cancellation) is not { } container) return [];
        var image = await engine.Images.InspectAsync(container.Image, cancellation);
        return
        [
            .. container.Config.Strings("Env").Except((image?.Config ?? []).Strings("Env"))
                .Select(variable => variable[(variable.IndexOf('=', StringComparison.Ordinal) + 1)..])
                .Where(value => value.Length >= ShortestSecret)
                .OrderByDescending(value => value.Length),
        ];
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
