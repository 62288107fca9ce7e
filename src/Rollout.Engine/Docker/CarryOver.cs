using System.Text.Json.Nodes;
using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Docker;

/// <summary>
/// What the user once asked for of a container: what it has, less what its image brought (the engine merges the two at creation, so an image's old defaults would
/// else hide the new image's) and less what belongs to this one container.
/// </summary>
internal static class CarryOver
{
    // In Config: the engine's own, or one container's alone.
    private static readonly string[] NeverInConfig = ["Image", "MacAddress", "OnBuild", "ArgsEscaped", "Shell"];

    // --rm would remove what is to be kept stopped.
    private static readonly string[] NeverInHostConfig = ["ContainerIDFile", "AutoRemove"];

    // The settings of an endpoint; all else there (addresses, ids) is what the engine made of them.
    private static readonly string[] EndpointSettings = ["IPAMConfig", "Links", "Aliases", "DriverOpts", "GwPriority"];

    /// <summary>Takes the template out of a container.</summary>
    /// <param name="container">The container.</param>
    /// <param name="imageConfig">The defaults of the image it was made from; null where the engine has that image no more.</param>
    internal static ContainerTemplate From(ContainerInspect container, JsonObject? imageConfig)
    {
        var config = ConfigOf(container, imageConfig ?? []);
        var host = container.HostConfig.Copy();
        foreach (var field in NeverInHostConfig) host.Remove(field);
        if (NetworkName(container) is { } network) host["NetworkMode"] = network;
        return new ContainerTemplate(config, host, NetworksOf(container));
    }

    private static JsonObject ConfigOf(ContainerInspect container, JsonObject image)
    {
        var config = container.Config.Copy();
        foreach (var field in NeverInConfig) config.Remove(field);

        // Without a --hostname the engine takes the short id.
        if ((string?)config["Hostname"] == ShortId(container)) config.Remove("Hostname");

        foreach (var field in new[] { "User", "WorkingDir", "StopSignal", "Healthcheck" }) RemoveWhereSame(config, image, field);
        RemoveCommand(config, image);

        config["Env"] = new JsonArray([.. config.Strings("Env").Except(image.Strings("Env"))]);
        RemoveKeys(config, image, "ExposedPorts", withValue: false);
        RemoveKeys(config, image, "Volumes", withValue: false);
        RemoveKeys(config, image, "Labels", withValue: true);
        foreach (var empty in config.Where(field => IsEmpty(field.Value)).Select(field => field.Key).ToList()) config.Remove(empty);
        return config;
    }

    /// <summary>
    /// The engine takes an image's command only with the image's entry point. So where the user gave an entry point, both stay;
    /// else what equals the image's goes. An entry point that was taken away is asked for as one empty word.
    /// </summary>
    private static void RemoveCommand(JsonObject config, JsonObject image)
    {
        var entrypoint = config.Strings("Entrypoint");
        var command = config.Strings("Cmd");
        var brought = image.Strings("Cmd");
        if (!entrypoint.SequenceEqual(image.Strings("Entrypoint")) || (command.Count == 0 && brought.Count > 0))
        {
            if (entrypoint.Count == 0) config["Entrypoint"] = new JsonArray("");
            return;
        }

        config.Remove("Entrypoint");
        if (command.SequenceEqual(brought)) config.Remove("Cmd");
    }

    private static void RemoveWhereSame(JsonObject config, JsonObject image, string field)
    {
        if (JsonNode.DeepEquals(config[field], image[field])) config.Remove(field);
    }

    private static void RemoveKeys(JsonObject config, JsonObject image, string field, bool withValue)
    {
        if (config[field] is not JsonObject own || image[field] is not JsonObject brought) return;
        foreach (var (key, value) in brought)
        {
            if (own.ContainsKey(key) && (!withValue || JsonNode.DeepEquals(own[key], value))) own.Remove(key);
        }
    }

    private static bool IsEmpty(JsonNode? node) => node switch
    {
        null => true,
        JsonArray array => array.Count == 0,
        JsonObject fields => fields.Count == 0,
        _ => node.AsValue().TryGetValue<string>(out var text) && text.Length == 0,
    };

    /// <summary>The name of the network that was asked for by its id; null where it was by its name, or none was.</summary>
    private static string? NetworkName(ContainerInspect container)
    {
        if ((string?)container.HostConfig["NetworkMode"] is not { Length: > 0 } mode || container.NetworkSettings["Networks"] is not JsonObject networks || networks.ContainsKey(mode)) return null;
        return networks.FirstOrDefault(network => ((string?)network.Value?["NetworkID"])?.StartsWith(mode, StringComparison.Ordinal) ?? false).Key;
    }

    private static JsonObject NetworksOf(ContainerInspect container)
    {
        var result = new JsonObject();
        if (container.NetworkSettings["Networks"] is not JsonObject networks) return result;
        foreach (var (name, settings) in networks)
        {
            if (name is "bridge" or "host" or "none" || settings is not JsonObject endpoint) continue;
            result[name] = Endpoint(endpoint, ShortId(container));
        }

        return result;
    }

    private static JsonObject Endpoint(JsonObject endpoint, string shortId)
    {
        var kept = new JsonObject();
        foreach (var field in EndpointSettings)
        {
            if (!IsEmpty(endpoint[field])) kept[field] = endpoint[field]!.DeepClone();
        }

        // The engine adds the container's short id as an alias of its own.
        var aliases = kept.Strings("Aliases").Where(alias => alias != shortId).ToArray();
        kept.Remove("Aliases");
        if (aliases.Length > 0) kept["Aliases"] = new JsonArray([.. aliases]);
        return kept;
    }

    private static string ShortId(ContainerInspect container) => container.Id[..Math.Min(12, container.Id.Length)];
}
