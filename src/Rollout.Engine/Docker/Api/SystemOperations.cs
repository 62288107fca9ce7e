using System.Globalization;
using System.Runtime.CompilerServices;

namespace Rollout.Engine.Docker.Api;

/// <inheritdoc cref="ISystemOperations"/>
internal sealed class SystemOperations(DockerConnection connection) : ISystemOperations
{
    public Task<SystemInfo> InfoAsync(CancellationToken cancellation) =>
        connection.GetAsync("info", DockerJson.Default.SystemInfo, cancellation);

    public async Task<string> PingAsync(CancellationToken cancellation)
    {
        using var response = await connection.SendAsync(new EngineRequest(HttpMethod.Get, "_ping"), cancellation);
        return response.Headers.TryGetValues("OSType", out var values) ? values.First() : "";
    }

    public Task<SystemVersion> VersionAsync(CancellationToken cancellation) =>
        connection.GetAsync("version", DockerJson.Default.SystemVersion, cancellation);

    public async IAsyncEnumerable<EngineEvent> EventsAsync(
        IReadOnlyDictionary<string, IReadOnlyList<string>> filters,
        DateTimeOffset? since,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var query = new Dictionary<string, string> { ["filters"] = ApiPath.Filters(filters) };
        if (since is { } moment) query["since"] = (moment.ToUnixTimeMilliseconds() / 1000m).ToString("0.000", CultureInfo.InvariantCulture);

        var request = new EngineRequest(HttpMethod.Get, "events" + ApiPath.Query(query));
        using var response = await connection.SendAsync(request, cancellation);
        await foreach (var one in connection.ReadDocumentsAsync(response, request, DockerJson.Default.EngineEvent, cancellation))
        {
            yield return one;
        }

        // Events have no end: an engine that ends them is going down.
        throw DockerErrors.ConnectionLost(connection.Endpoint, request.ToString(), null);
    }
}
