using System.Net;
using System.Net.Sockets;
using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Registries;

/// <summary>Which registries an engine speaks to without trusted certificates or TLS: what it pushes to in that way is asked in that way.</summary>
internal static class InsecureRegistries
{
    /// <summary>Whether a registry is one of them: by its own name, or by an address it resolves to.</summary>
    public static async Task<bool> ContainAsync(IDockerClient engine, string registry, CancellationToken cancellation)
    {
        var config = (await engine.System.InfoAsync(cancellation)).RegistryConfig;
        if (config.IndexConfigs.TryGetValue(registry, out var own)) return !own.Secure;

        var networks = config.InsecureRegistryCidrs.Where(text => IPNetwork.TryParse(text, out _)).Select(text => IPNetwork.Parse(text)).ToList();
        var addresses = networks.Count == 0 ? [] : await AddressesAsync(new RegistryAddress(registry).Https.IdnHost, cancellation);
        return addresses.Any(address => networks.Any(network => network.Contains(address)));
    }

    private static async Task<IPAddress[]> AddressesAsync(string host, CancellationToken cancellation)
    {
        try
        {
            return await Dns.GetHostAddressesAsync(host, cancellation);
        }
        catch (SocketException)
        {
            return []; // the engine may know the name where this machine does not
        }
    }
}
