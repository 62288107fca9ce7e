using System.Net;
using System.Text.RegularExpressions;

namespace Rollout.Engine.Traffic;

/// <summary>
/// One backend of HAProxy (2.6 and later), over its runtime socket. Replicas are dynamic servers: in with add, up once HAProxy's own check
/// passed; out with drain, nothing in hand, maintenance, delete. That order loses no request. Dynamic servers are gone after a reload or
/// restart of HAProxy: who knows what should be there compares it with <see cref="ServersAsync"/> and adds what is missing.
/// </summary>
internal sealed partial class HAProxyRouter : ITrafficRouter
{
    // default-server is not inherited by dynamic servers. Without both pool options no connection is used twice.
    private const string ServerOptions = "check inter 500ms fastinter 250ms downinter 250ms rise 1 fall 2 pool-max-conn 64 pool-purge-delay 5s";

    private const int IdAttempts = 5;
    private const int AddAttempts = 5;
    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan UpWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DeletedWithin = TimeSpan.FromSeconds(10);

    private readonly HAProxyEndpoint endpoint;
    private readonly HAProxyRuntime runtime;
    private readonly string backend;
    private readonly TimeProvider time;
    private readonly IReporter reporter;
    private bool warnedOfBalance;
    private bool warnedOfMode;

    internal HAProxyRouter(HAProxyEndpoint endpoint, string backend, TimeProvider time, IReporter reporter)
    {
        if (!Name().IsMatch(backend)) throw TrafficErrors.InvalidRouterName("backend", backend);

        this.endpoint = endpoint;
        this.backend = backend;
        this.time = time;
        this.reporter = reporter;
        runtime = new HAProxyRuntime(endpoint, time);
    }

    public async Task CheckAsync(CancellationToken cancellation)
    {
        await ReadAsync(cancellation);

        // HAProxy looks at its options last: what it refuses before it comes to this impossible weight, it would refuse always.
        await DoAsync($"add server {backend}/rollout-check 127.0.0.1:1 weight 257", cancellation, HAProxyRefusal.WeightOutOfRange);
    }

    public async Task<IReadOnlyList<RouterServer>> ServersAsync(CancellationToken cancellation)
    {
        var found = await ReadAsync(cancellation);
        return [.. found.Servers.Select(server => new RouterServer(server.Name, server.Address, server.Weight, server.State, server.Sessions, server.Dynamic))];
    }

    public async Task<IReadOnlyList<ServerCounters>> CountersAsync(CancellationToken cancellation) =>
        (await ReadAsync(cancellation)).Counters;

    public async Task AddAsync(string name, string address, int weight, CancellationToken cancellation)
    {
        CheckName(name);
        if (!TryAddress(address, out var wanted)) throw TrafficErrors.InvalidServerAddress(name, address);

        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await AddOnceAsync(name, wanted, weight, cancellation);
                return;
            }
            catch (RolloutException lost) when (lost.Id == "RouterServerNotFound" && attempt < AddAttempts)
            {
                // HAProxy was reloaded in the midst of it.
            }
        }
    }

    public async Task SetWeightsAsync(IReadOnlyDictionary<string, int> weights, CancellationToken cancellation)
    {
        foreach (var name in weights.Keys) CheckName(name);
        var found = await ReadAsync(cancellation);
        WarnWhereWeightsAreIgnored(found, weights);
        foreach (var (name, weight) in weights.OrderBy(one => one.Value < found.Find(one.Key)?.Weight)) await SetAsync(name, $"weight {weight}", cancellation);
    }

    public async Task DrainAsync(string name, CancellationToken cancellation)
    {
        CheckName(name);
        await DoAsync($"set server {backend}/{name} state drain", cancellation, HAProxyRefusal.NoSuchServer);
    }

    public async Task<int> RemoveAsync(string name, TimeSpan patience, CancellationToken cancellation)
    {
        CheckName(name);
        if ((await ReadAsync(cancellation)).Find(name) is not { } server) return 0;

        // Drain would lift a maintenance that is on already.
        if (server.State != RouterServerState.Maintenance) await DrainAsync(name, cancellation);
        var inHand = await WaitUntilIdleAsync(name, patience, cancellation);
        await DoAsync($"set server {backend}/{name} state maint", cancellation, HAProxyRefusal.NoSuchServer);
        if (inHand > 0) await DoAsync($"shutdown sessions server {backend}/{name}", cancellation, HAProxyRefusal.NoSuchServer);
        if (server.Dynamic) await DeleteAsync(name, cancellation);
        return inHand;
    }

    /// <summary>Nothing is held open; see <see cref="HAProxyRuntime"/>.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<HAProxyBackend> ReadAsync(CancellationToken cancellation)
    {
        const int BackendAndServers = 2 + 4;

        // Not by name: a frontend may have the same one, and HAProxy would show that.
        var reply = await DoAsync($"show stat -1 {BackendAndServers} -1", cancellation);
        try
        {
            return HAProxyBackend.Parse(reply.Text, backend) ?? throw await NoSuchBackendAsync(cancellation);
        }
        catch (FormatException problem)
        {
            throw TrafficErrors.RouterAnswerNotUnderstood(endpoint, problem);
        }
    }

    private async Task AddOnceAsync(string name, IPEndPoint address, int weight, CancellationToken cancellation)
    {
        var found = await ReadAsync(cancellation);
        WarnWhereConnectionsStay(found);
        WarnWhereWeightsAreIgnored(found, new Dictionary<string, int> { [name] = weight });
        var server = found.Find(name);
        if (server is not null && !(TryAddress(server.Address, out var present) && present.Equals(address)))
        {
            if (!server.Dynamic) throw TrafficErrors.RouterServerNameTaken(endpoint, backend, name, server.Address);

            // Left by a shell that died: what listened there is gone or not wanted any more.
            await RemoveAsync(name, TimeSpan.Zero, cancellation);
            server = null;
        }

        if (server is null) await EnterAsync(name, address, weight, cancellation);
        else await PutBackAsync(server, weight, cancellation);
        await WaitUntilUpAsync(name, address, withdraw: server is null, cancellation);
    }

    private async Task EnterAsync(string name, IPEndPoint address, int weight, CancellationToken cancellation)
    {
        await RegisterAsync(name, address, weight, cancellation);
        await EnableHealthAsync(name, cancellation);

        // What leaves maintenance counts as up before the first check. Draining until it is set down, it gets traffic only when HAProxy itself
        // has reached it.
        await SetAsync(name, "state drain", cancellation);
        await SetAsync(name, "health down", cancellation);
        await SetAsync(name, "state ready", cancellation);
    }

    private async Task RegisterAsync(string name, IPEndPoint address, int weight, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var servers = (await ReadAsync(cancellation)).Servers;
            var id = servers.Where(server => server.Dynamic).Select(server => server.Id + 1).DefaultIfEmpty(HAProxyServer.FirstDynamicId).Max();
            var reply = await DoAsync($"add server {backend}/{name} {address} id {id} weight {weight} {ServerOptions}", cancellation, HAProxyRefusal.IdTaken);
            if (reply.Refusal == HAProxyRefusal.None) return;

            // Another shell took it between the reading and the adding.
            if (attempt == IdAttempts) throw TrafficErrors.RouterRefused(endpoint, "add server", reply.Text);
        }
    }

    private async Task PutBackAsync(HAProxyServer server, int weight, CancellationToken cancellation)
    {
        if (server.Weight != weight) await SetAsync(server.Name, $"weight {weight}", cancellation);
        if (server.State == RouterServerState.Ready) return;

        // One that a killed shell had only begun to add has no checks yet.
        if (server.Dynamic) await EnableHealthAsync(server.Name, cancellation);
        await SetAsync(server.Name, "state ready", cancellation);
    }

    /// <summary>Waits for HAProxy's own check; where that does not pass, the server is taken out again if it was new.</summary>
    private async Task WaitUntilUpAsync(string name, IPEndPoint address, bool withdraw, CancellationToken cancellation)
    {
        var begun = time.GetTimestamp();
        while (true)
        {
            var server = (await ReadAsync(cancellation)).Find(name) ?? throw TrafficErrors.RouterServerNotFound(endpoint, backend, name);

            // One of weight 0 reads as draining.
            if (server.State is RouterServerState.Ready or RouterServerState.Draining) return;
            if (time.GetElapsedTime(begun) >= UpWithin)
            {
                if (withdraw) await RemoveAsync(name, TimeSpan.Zero, cancellation);
                throw TrafficErrors.RouterServerDown(endpoint, backend, name, address, server.LastCheck);
            }

            await Task.Delay(PollEvery, time, cancellation);
        }
    }

    /// <summary>Two readings in a row: a request can be between the choice of its server and its being counted.</summary>
    private async Task<int> WaitUntilIdleAsync(string name, TimeSpan patience, CancellationToken cancellation)
    {
        var begun = time.GetTimestamp();
        for (var idleReadings = 0; ;)
        {
            var inHand = (await ReadAsync(cancellation)).Find(name)?.Sessions ?? 0;
            idleReadings = inHand == 0 ? idleReadings + 1 : 0;
            if (idleReadings == 2) return 0;
            if (inHand > 0 && time.GetElapsedTime(begun) >= patience) return inHand;
            await Task.Delay(PollEvery, time, cancellation);
        }
    }

    private async Task DeleteAsync(string name, CancellationToken cancellation)
    {
        var begun = time.GetTimestamp();
        while (true)
        {
            var reply = await DoAsync($"del server {backend}/{name}", cancellation, HAProxyRefusal.NoSuchServer, HAProxyRefusal.StillConnected);
            if (reply.Refusal != HAProxyRefusal.StillConnected) return;
            if (time.GetElapsedTime(begun) >= DeletedWithin) throw TrafficErrors.RouterRefused(endpoint, "del server", reply.Text);
            await Task.Delay(PollEvery, time, cancellation);
        }
    }

    private Task EnableHealthAsync(string name, CancellationToken cancellation) => DoOnServerAsync(name, $"enable health {backend}/{name}", cancellation);

    private Task SetAsync(string name, string what, CancellationToken cancellation) => DoOnServerAsync(name, $"set server {backend}/{name} {what}", cancellation);

    private async Task DoOnServerAsync(string name, string command, CancellationToken cancellation)
    {
        var reply = await DoAsync(command, cancellation, HAProxyRefusal.NoSuchServer);
        if (reply.Refusal == HAProxyRefusal.NoSuchServer) throw TrafficErrors.RouterServerNotFound(endpoint, backend, name);
    }

    /// <summary>Sends a command; what HAProxy refuses is an error, except for the reasons the caller deals with.</summary>
    private async Task<HAProxyReply> DoAsync(string command, CancellationToken cancellation, params HAProxyRefusal[] expected)
    {
        var reply = await runtime.SendAsync(command, cancellation);
        if (reply.Refusal == HAProxyRefusal.None || expected.Contains(reply.Refusal)) return reply;

        throw reply.Refusal switch
        {
            HAProxyRefusal.NoSuchBackend => await NoSuchBackendAsync(cancellation),
            HAProxyRefusal.PermissionDenied => TrafficErrors.RouterPermissionDenied(endpoint, "the socket has not the level admin"),
            _ => TrafficErrors.RouterRefused(endpoint, command, reply.Text),
        };
    }

    private async Task<RolloutException> NoSuchBackendAsync(CancellationToken cancellation)
    {
        var reply = await runtime.SendAsync("show backend", cancellation);
        var names = reply.Text.Split('\n').Where(line => line.Length > 0 && !line.StartsWith('#'));
        return TrafficErrors.RouterBackendNotFound(endpoint, backend, [.. names]);
    }

    private void WarnWhereWeightsAreIgnored(HAProxyBackend found, IReadOnlyDictionary<string, int> weights)
    {
        var others = found.Servers.Where(server => server.State == RouterServerState.Ready && !weights.ContainsKey(server.Name)).Select(server => server.Weight);
        var uneven = others.Concat(weights.Values).Where(weight => weight > 0).Distinct().Count() > 1;
        if (warnedOfBalance || !uneven || found.Balance is "roundrobin" or "") return;

        warnedOfBalance = true;
        reporter.Warning($"Backend '{backend}' of HAProxy balances by '{found.Balance}', which does not keep to weights: shares of the traffic will differ from what was asked. 'balance roundrobin' keeps to them.");
    }

    private void WarnWhereConnectionsStay(HAProxyBackend found)
    {
        if (warnedOfMode || found.Mode != "tcp") return;

        warnedOfMode = true;
        reporter.Warning($"Backend '{backend}' of HAProxy is in mode tcp: a connection that a client keeps open stays with its old container, gets no share of a canary, and is cut off when that container goes. 'mode http' in backend and frontend sends each request to a container of its own choice.");
    }

    private static void CheckName(string name)
    {
        if (!Name().IsMatch(name)) throw TrafficErrors.InvalidRouterName("server", name);
    }

    private static bool TryAddress(string text, out IPEndPoint address) =>
        IPEndPoint.TryParse(text, out address!) && address.Port != 0;

    /// <summary>HAProxy's own rule for the names of its sections and servers; so no name can end a command or begin another.</summary>
    [GeneratedRegex(@"\A[A-Za-z0-9_.:-]{1,250}\z")]
    private static partial Regex Name();
}
