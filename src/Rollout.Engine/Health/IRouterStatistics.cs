namespace Rollout.Engine.Health;

/// <summary>Reads what the router in front of a rollout counts.</summary>
public interface IRouterStatistics
{
    /// <summary>The counters of the servers that stand for the rollout's present revision; null where there is no router in front.</summary>
    Task<IReadOnlyList<ServerStatistics>?> ReadAsync(RolloutStatus rollout, CancellationToken cancellation);
}

/// <summary>What a router has counted for one server since it knows it.</summary>
/// <param name="Server">The server's name.</param>
/// <param name="Requests">Requests that were answered, or could not be.</param>
/// <param name="Errors">Those that ended with a 5xx status.</param>
/// <param name="ResponseTime">The mean response time of the last 1024 requests; null where there were none.</param>
public sealed record ServerStatistics(string Server, long Requests, long Errors, TimeSpan? ResponseTime);
