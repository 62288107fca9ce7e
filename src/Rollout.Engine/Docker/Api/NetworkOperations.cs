using System.Net;
using System.Text.Json.Nodes;

namespace Rollout.Engine.Docker.Api;

/// <inheritdoc cref="INetworkOperations"/>
internal sealed class NetworkOperations(DockerConnection connection) : INetworkOperations
{
    public Task<JsonObject?> InspectAsync(string idOrName, CancellationToken cancellation) =>
        connection.FindAsync($"networks/{ApiPath.Segment(idOrName)}", DockerJson.Default.JsonObject, cancellation);

    public async Task<string> CreateAsync(string name, IReadOnlyDictionary<string, string> labels, CancellationToken cancellation)
    {
        var body = new JsonObject
        {
            ["Name"] = name,
            ["CheckDuplicate"] = true,
            ["Labels"] = new JsonObject([.. labels.Select(label => KeyValuePair.Create(label.Key, (JsonNode?)label.Value))]),
        };
        var answer = await connection.PostAsync("networks/create", body, cancellation);
        return answer?["Id"]?.GetValue<string>() ?? throw DockerErrors.MalformedAnswer(connection.Endpoint, "POST /networks/create", null);
    }

    public async Task RemoveAsync(string idOrName, CancellationToken cancellation)
    {
        var request = new EngineRequest(HttpMethod.Delete, $"networks/{ApiPath.Segment(idOrName)}");
        using var response = await connection.SendAsync(request, cancellation, HttpStatusCode.NotFound);
    }

    public Task ConnectAsync(string network, string containerId, JsonObject endpointSettings, CancellationToken cancellation) =>
        connection.PostAsync(
            $"networks/{ApiPath.Segment(network)}/connect",
            new JsonObject { ["Container"] = containerId, ["EndpointConfig"] = endpointSettings.DeepClone() },
            cancellation);

    public Task DisconnectAsync(string network, string containerId, CancellationToken cancellation) =>
        connection.PostAsync(
            $"networks/{ApiPath.Segment(network)}/disconnect",
            new JsonObject { ["Container"] = containerId },
            cancellation);
}
