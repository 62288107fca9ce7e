using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>One port of a container published on the host.</summary>
/// <param name="ContainerPort">As the API writes it: <c>80/tcp</c>.</param>
/// <param name="HostIp">The host's address; empty for all.</param>
/// <param name="HostPort">The host's port; empty for any.</param>
internal sealed record PublishedPort(string ContainerPort, string HostIp, string HostPort)
{
    /// <summary>True where only one container can have it.</summary>
    internal bool IsFixed => HostPort is not ("" or "0");

    /// <summary>Parses what <c>docker run -p</c> takes: <c>[address:][host port:]port[/protocol]</c>, ranges included.</summary>
    internal static IEnumerable<PublishedPort> Parse(string text)
    {
        var slash = text.LastIndexOf('/');
        var protocol = slash < 0 ? "tcp" : text[(slash + 1)..];
        var rest = slash < 0 ? text : text[..slash];

        var colon = rest.LastIndexOf(':');
        var container = Range(text, rest[(colon + 1)..]);
        var host = colon < 0 ? "" : rest[..colon];
        colon = host.LastIndexOf(':');
        var isBareAddress = host.EndsWith(']');
        var address = isBareAddress ? host : colon < 0 ? "" : host[..colon];
        var hostPorts = isBareAddress ? "" : host[(colon + 1)..];

        if (protocol is not ("tcp" or "udp" or "sctp")) throw RolloutErrors.InvalidPublish(text, $"'{protocol}' is no protocol");
        if (address.Length > 0 && !IPAddress.TryParse(address, out _)) throw RolloutErrors.InvalidPublish(text, $"'{address}' is no address");
        if (hostPorts.Length == 0) return container.Select(port => new PublishedPort($"{port}/{protocol}", address.Trim('[', ']'), ""));

        var hosts = Range(text, hostPorts);
        if (hosts.Count != container.Count) throw RolloutErrors.InvalidPublish(text, "the two ranges differ in length");
        return container.Zip(hosts, (port, onHost) => new PublishedPort($"{port}/{protocol}", address.Trim('[', ']'), onHost.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>The ports published in a HostConfig.</summary>
    internal static IReadOnlyList<PublishedPort> In(JsonObject hostConfig)
    {
        if (hostConfig["PortBindings"] is not JsonObject bindings) return [];
        return
        [
            .. from binding in bindings
               from address in binding.Value as JsonArray ?? []
               select new PublishedPort(binding.Key, (string?)address?["HostIp"] ?? "", (string?)address?["HostPort"] ?? ""),
        ];
    }

    /// <summary>Makes these, and no others, the published ports.</summary>
    internal static void Apply(JsonObject config, JsonObject hostConfig, IEnumerable<PublishedPort> ports)
    {
        var exposed = (config["ExposedPorts"] as JsonObject)?.Copy() ?? [];
        var bindings = new JsonObject();
        foreach (var byPort in ports.Distinct().GroupBy(port => port.ContainerPort))
        {
            exposed[byPort.Key] = new JsonObject();
            bindings[byPort.Key] = new JsonArray(
                [.. byPort.Select(port => new JsonObject { ["HostIp"] = port.HostIp, ["HostPort"] = port.HostPort })]);
        }

        config["ExposedPorts"] = exposed;
        hostConfig["PortBindings"] = bindings;
    }

    private static List<int> Range(string whole, string text)
    {
        var ends = text.Split('-');
        if (ends.Length > 2 || !TryPort(ends[0], out var first) || !TryPort(ends[^1], out var last) || last < first)
        {
            throw RolloutErrors.InvalidPublish(whole, $"'{text}' is no port");
        }

        return [.. Enumerable.Range(first, last - first + 1)];
    }

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= 65535;
}
