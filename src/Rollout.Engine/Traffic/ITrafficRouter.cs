namespace Rollout.Engine.Traffic;

/// <summary>
/// What stands in front of the replicas on a plain Docker engine and shares the traffic out. One instance speaks for one backend.
/// </summary>
public interface ITrafficRouter : IAsyncDisposable
{
    /// <summary>
    /// Refuses where replicas could not be put into service: nobody answers, there is no such backend, or it may not or cannot be changed.
    /// Changes nothing.
    /// </summary>
    Task CheckAsync(CancellationToken cancellation);

    /// <summary>The servers that the router has in the backend now, as it reports them.</summary>
    Task<IReadOnlyList<RouterServer>> ServersAsync(CancellationToken cancellation);

    /// <summary>What the router has counted for each server of the backend since it knows it.</summary>
    Task<IReadOnlyList<ServerCounters>> CountersAsync(CancellationToken cancellation);

    /// <summary>Puts a replica that is healthy already into service. Nothing happens where it is in service at that address.</summary>
    /// <param name="name">The server's name; the replica's container name.</param>
    /// <param name="address">host:port it listens on.</param>
    /// <param name="weight">Its share against the other servers' weights, 0 to 256.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task AddAsync(string name, string address, int weight, CancellationToken cancellation);

    /// <summary>
    /// Shares the traffic out. Those that get more are set before those that get less, so that at no moment nobody has a share. What is in force
    /// then, <see cref="ServersAsync"/> tells.
    /// </summary>
    /// <param name="weights">Weights, 0 to 256, by the servers' names; the others keep theirs.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task SetWeightsAsync(IReadOnlyDictionary<string, int> weights, CancellationToken cancellation);

    /// <summary>Sends a server no new traffic; what it is doing goes on.</summary>
    Task DrainAsync(string name, CancellationToken cancellation);

    /// <summary>
    /// Takes a server out: drains it, waits until it has nothing in hand or <paramref name="patience"/> is over, and deletes it.
    /// Nothing happens where there is none.
    /// </summary>
    /// <returns>The requests still in hand when patience was over; 0 is a clean end.</returns>
    Task<int> RemoveAsync(string name, TimeSpan patience, CancellationToken cancellation);
}

/// <summary>One server of a backend.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Address">host:port.</param>
/// <param name="Weight">Its weight.</param>
/// <param name="State">Whether it gets traffic.</param>
/// <param name="Sessions">Requests in hand.</param>
/// <param name="Dynamic">True where it was added at runtime, false where the router's configuration names it.</param>
public sealed record RouterServer(string Name, string Address, int Weight, RouterServerState State, int Sessions, bool Dynamic);

/// <summary>What a router counts of a server. It begins anew with the router, and with a server that is added again.</summary>
/// <param name="Server">The server's name.</param>
/// <param name="Requests">Requests that were answered, or could not be.</param>
/// <param name="Errors">Those that ended with a 5xx status or without an answer.</param>
/// <param name="ResponseTime">The mean response time of the last 1024; null where there were none.</param>
public sealed record ServerCounters(string Server, long Requests, long Errors, TimeSpan? ResponseTime);

/// <summary>Whether a server gets traffic.</summary>
public enum RouterServerState
{
    /// <summary>It gets traffic.</summary>
    Ready,
    /// <summary>It gets no new traffic, and ends what it has.</summary>
    Draining,
    /// <summary>It is taken out for maintenance.</summary>
    Maintenance,
    /// <summary>The router's own check found it down.</summary>
    Down,
}
