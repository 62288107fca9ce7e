using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace Rollout.Engine.Docker.Api;

/// <inheritdoc cref="IServiceOperations"/>
internal sealed class ServiceOperations(DockerConnection connection) : IServiceOperations
{
    public Task<IReadOnlyList<ServiceInspect>> ListAsync(CancellationToken cancellation) =>
        connection.GetAsync("services", DockerJson.Default.IReadOnlyListServiceInspect, cancellation);

    public async Task<ServiceInspect?> InspectAsync(string name, CancellationToken cancellation)
    {
        var found = await connection.FindAsync($"services/{ApiPath.Segment(name)}", DockerJson.Default.ServiceInspect, cancellation);
        // The engine also takes the beginning of an id for it.
        return (string?)found?.Spec["Name"] == name ? found : null;
    }

    public Task UpdateAsync(ServiceInspect service, JsonObject spec, RegistryAuth? auth, CancellationToken cancellation) =>
        PostAsync(service, spec, "", auth is null ? new Dictionary<string, string>() : RegistryAuthHeader.For(auth), cancellation);

    public Task RollBackAsync(ServiceInspect service, CancellationToken cancellation) =>
        PostAsync(service, service.Spec, "&rollback=previous", new Dictionary<string, string>(), cancellation);

    public Task<IReadOnlyList<ServiceTask>> TasksAsync(string? serviceId, CancellationToken cancellation)
    {
        var filters = new Dictionary<string, IReadOnlyList<string>>();
        if (serviceId is not null) filters["service"] = [serviceId];
        var query = new Dictionary<string, string> { ["filters"] = ApiPath.Filters(filters) };
        return connection.GetAsync("tasks" + ApiPath.Query(query), DockerJson.Default.IReadOnlyListServiceTask, cancellation);
    }

    public async Task<IReadOnlyList<string>> LogTailAsync(ServiceTask task, int lines, CancellationToken cancellation)
    {
        var hasTty = (bool?)task.Spec["ContainerSpec"]?["TTY"] ?? false;
        var request = new EngineRequest(HttpMethod.Get, $"tasks/{ApiPath.Segment(task.Id)}/logs?stdout=1&stderr=1&tail={lines.ToString(CultureInfo.InvariantCulture)}");
        using var response = await connection.SendAsync(request, cancellation, HttpStatusCode.NotImplemented);
        if (response.StatusCode == HttpStatusCode.NotImplemented) return [];
        return await connection.ReadingAsync(request.ToString(), async () =>
        {
            using var stream = await response.Content.ReadAsStreamAsync(cancellation);
            return await LogTail.ReadAsync(stream, hasTty, lines, cancellation);
        });
    }

    private async Task PostAsync(ServiceInspect service, JsonObject spec, string options, IReadOnlyDictionary<string, string> headers, CancellationToken cancellation)
    {
        var version = service.Version.Index.ToString(CultureInfo.InvariantCulture);
        var request = new EngineRequest(HttpMethod.Post, $"services/{ApiPath.Segment(service.Id)}/update?version={version}{options}")
        {
            Content = new StringContent(spec.ToJsonString(), new MediaTypeHeaderValue("application/json")),
            Headers = headers,
            Secrets = [.. (spec["TaskTemplate"]?["ContainerSpec"]?["Env"] as JsonArray ?? []).Select(variable => variable?.ToString()).OfType<string>().Where(text => text.Length > 0)],
        };
        using var response = await connection.SendAsync(request, cancellation);
    }
}
