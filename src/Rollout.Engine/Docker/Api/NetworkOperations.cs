using System.Text.Json.Nodes;

namespace Rollout.Engine.Docker.Api;

/// <inheritdoc cref="INetworkOperations"/>
internal sealed class NetworkOperations(DockerConnection connection) : INetworkOperations
{
    public Task<JsonObject?> InspectAsync(string idOrName, CancellationToken cancellation) =>
        connection.FindAsync($"networks/{ApiPath.Segment(idOrName)}", DockerJson.Default.JsonObject, cancellation);

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
