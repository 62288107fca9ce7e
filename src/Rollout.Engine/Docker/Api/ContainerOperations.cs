using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace Rollout.Engine.Docker.Api;

/// <inheritdoc cref="IContainerOperations"/>
internal sealed class ContainerOperations(DockerConnection connection) : IContainerOperations
{
    public Task<IReadOnlyList<ContainerSummary>> ListAsync(IReadOnlyCollection<string> labels, bool all, CancellationToken cancellation)
    {
        var filters = new Dictionary<string, IReadOnlyList<string>> { ["label"] = [.. labels] };
        var query = new Dictionary<string, string> { ["all"] = all ? "1" : "0", ["filters"] = ApiPath.Filters(filters) };
        return connection.GetAsync("containers/json" + ApiPath.Query(query), ContainerList.Read, cancellation);
    }

    public Task<ContainerInspect?> InspectAsync(string idOrName, CancellationToken cancellation) =>
        connection.FindAsync(Path(idOrName, "json"), DockerJson.Default.ContainerInspect, cancellation);

    public async Task<string> CreateAsync(string name, CreateContainerBody body, CancellationToken cancellation)
    {
        var query = new Dictionary<string, string> { ["name"] = name };
        if (body.Platform is not null) query["platform"] = body.Platform;

        var document = (JsonObject)body.Config.DeepClone();
        document["HostConfig"] = body.HostConfig.DeepClone();
        if (body.NetworkingConfig is not null) document["NetworkingConfig"] = body.NetworkingConfig.DeepClone();

        var answer = await connection.PostAsync("containers/create" + ApiPath.Query(query), document, cancellation);
        return answer?["Id"]?.GetValue<string>() ?? throw DockerErrors.MalformedAnswer(connection.Endpoint, "POST /containers/create", null);
    }

    public Task StartAsync(string id, CancellationToken cancellation) => connection.PostAsync(Path(id, "start"), null, cancellation);

    public Task StopAsync(string id, TimeSpan? grace, CancellationToken cancellation)
    {
        var query = grace is { } wait ? $"?t={Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture)}" : "";
        return connection.PostAsync(Path(id, "stop") + query, null, cancellation);
    }

    public async Task RemoveAsync(string id, CancellationToken cancellation)
    {
        var request = new EngineRequest(HttpMethod.Delete, $"containers/{ApiPath.Segment(id)}?force=1&v=1");
        using var response = await connection.SendAsync(request, cancellation, HttpStatusCode.NotFound, HttpStatusCode.Conflict);
        if (response.StatusCode != HttpStatusCode.Conflict) return;

        // Somebody else is removing it (--rm, or another shell): it is gone when that is done.
        var gone = new EngineRequest(HttpMethod.Post, Path(id, "wait") + "?condition=removed");
        using var waited = await connection.SendAsync(gone, cancellation, HttpStatusCode.NotFound);
        await connection.ReadingAsync(gone.ToString(), () => waited.Content.ReadAsStringAsync(cancellation));
    }

    public Task UpdateRestartPolicyAsync(string id, string policy, int maximumRetryCount, CancellationToken cancellation)
    {
        var restart = new JsonObject { ["Name"] = policy, ["MaximumRetryCount"] = maximumRetryCount };
        return connection.PostAsync(Path(id, "update"), new JsonObject { ["RestartPolicy"] = restart }, cancellation);
    }

    public async Task<IReadOnlyList<string>> LogTailAsync(string id, int lines, CancellationToken cancellation)
    {
        var container = await InspectAsync(id, cancellation) ?? throw DockerErrors.ContainerNotFound(id);
        var hasTty = container.Config["Tty"]?.GetValue<bool>() ?? false;

        var request = new EngineRequest(HttpMethod.Get, Path(id, "logs") + $"?stdout=1&stderr=1&tail={lines}");
        // Not implemented: the container's log driver cannot be read.
        using var response = await connection.SendAsync(request, cancellation, HttpStatusCode.NotImplemented);
        if (response.StatusCode == HttpStatusCode.NotImplemented) return [];

        return await connection.ReadingAsync(request.ToString(), async () =>
        {
            using var stream = await response.Content.ReadAsStreamAsync(cancellation);
            return await LogTail.ReadAsync(stream, hasTty, lines, cancellation);
        });
    }

    public Task<ContainerStats?> StatsAsync(string id, CancellationToken cancellation) =>
        connection.FindAsync(Path(id, "stats") + "?stream=false", DockerJson.Default.ContainerStats, cancellation);

    private static string Path(string idOrName, string what) => $"containers/{ApiPath.Segment(idOrName)}/{what}";
}
