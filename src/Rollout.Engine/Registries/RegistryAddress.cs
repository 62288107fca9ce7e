using System.Net;

namespace Rollout.Engine.Registries;

/// <summary>A registry's name, and where it is spoken to.</summary>
internal sealed record RegistryAddress
{
    // Docker Hub is spoken to under another name than the one in references.
    private const string DockerHubHost = "registry-1.docker.io";

    public RegistryAddress(string name)
    {
        Name = name;
        Https = new Uri($"https://{(name == ImageReference.DefaultRegistry ? DockerHubHost : name)}/");
        Http = new UriBuilder(Https) { Scheme = Uri.UriSchemeHttp, Port = Https.IsDefaultPort ? 80 : Https.Port }.Uri;
        IsLoopback = IsLoopbackHost(Https);
    }

    /// <summary>As <see cref="ImageReference.Registry"/> has it.</summary>
    public string Name { get; }

    /// <summary>Its root over TLS.</summary>
    public Uri Https { get; }

    /// <summary>Its root without TLS.</summary>
    public Uri Http { get; }

    /// <summary>Whether it is on this machine by its very name: 127.0.0.0/8, ::1 or localhost.</summary>
    public bool IsLoopback { get; }

    /// <summary>Whether an address names this machine itself. A name that merely resolves to it does not count: resolving is not ours to trust.</summary>
    public static bool IsLoopbackHost(Uri uri) =>
        uri.IdnHost == "localhost" || IPAddress.TryParse(uri.IdnHost, out var address) && IPAddress.IsLoopback(address);

    public override string ToString() => Name;
}
