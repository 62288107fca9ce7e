using System.Text.Json.Nodes;

namespace Rollout.Engine.Docker;

/// <summary>Whether two containers with the same settings can run at the same time.</summary>
internal static class SideBySide
{
    /// <summary>What stands against it, in words; null where nothing does.</summary>
    internal static string? Obstacle(ContainerTemplate template)
    {
        var mode = (string?)template.HostConfig["NetworkMode"] ?? "";
        if (mode == "host") return "it is on the host's network";
        if (mode.StartsWith("container:", StringComparison.Ordinal)) return "it shares another container's network";

        var published = PublishedPort.In(template.HostConfig).FirstOrDefault(port => port.IsFixed);
        if (published is not null) return $"it publishes the host's port {published.HostPort}";

        var address = template.Networks.FirstOrDefault(network => HasStaticAddress(network.Value)).Key;
        return address is null ? null : $"it has a static address on the network '{address}'";
    }

    private static bool HasStaticAddress(JsonNode? endpoint) =>
        endpoint?["IPAMConfig"] is JsonObject addresses && addresses.Any(address => address.Value is JsonValue value && value.ToString().Length > 0);
}
