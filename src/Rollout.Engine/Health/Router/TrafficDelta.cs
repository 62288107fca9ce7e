using Rollout.Engine.Traffic;

namespace Rollout.Engine.Health.Router;

/// <summary>
/// What went through a router's servers over a time, out of counters that only grow: what each has now less what it had then. A counter
/// that is smaller than before began anew (the router was restarted, the server added again), and so did a server that was not there.
/// </summary>
internal sealed class TrafficDelta(TimeSpan window)
{
    private readonly Queue<(DateTimeOffset At, Dictionary<string, Counted> Growth)> steps = new();
    private Dictionary<string, ServerCounters>? last;
    private DateTimeOffset lastAt;

    /// <summary>The time that is covered by now.</summary>
    internal TimeSpan Covered => steps.Count == 0 ? TimeSpan.Zero : lastAt - steps.Peek().At;

    /// <summary>Takes a reading; the first is what others are compared with.</summary>
    internal void Add(DateTimeOffset at, IReadOnlyList<ServerCounters> servers)
    {
        var now = servers.ToDictionary(server => server.Server, StringComparer.Ordinal);
        if (last is not null) steps.Enqueue((lastAt, now.Values.ToDictionary(server => server.Server, Growth, StringComparer.Ordinal)));
        (last, lastAt) = (now, at);

        // The oldest that is left begins at or before the window does.
        while (steps.Count > 1 && steps.ElementAt(1).At <= at - window) steps.Dequeue();
    }

    /// <summary>What each of the servers that are there now had.</summary>
    internal IReadOnlyDictionary<string, Counted> Sum() => (last ?? []).Keys.ToDictionary(
        server => server,
        server => steps.Select(step => step.Growth.GetValueOrDefault(server)).Aggregate(default(Counted), (sum, part) => new Counted(sum.Requests + part.Requests, sum.Errors + part.Errors)),
        StringComparer.Ordinal);

    private Counted Growth(ServerCounters server)
    {
        var before = last!.GetValueOrDefault(server.Server);
        return before is null || server.Requests < before.Requests || server.Errors < before.Errors
            ? new Counted(server.Requests, server.Errors)
            : new Counted(server.Requests - before.Requests, server.Errors - before.Errors);
    }
}

/// <summary>Requests, and those of them that failed.</summary>
internal readonly record struct Counted(long Requests, long Errors);
