namespace Rollout.Engine.Registries;

/// <summary>
/// Which token servers get the credentials of a registry. The registry itself names its token server, so a hostile or captured one
/// could name its own; hence only: the registry's own host, the known pairs, and what the user allows.
/// </summary>
internal static class TokenRealms
{
    // Registries whose token server is elsewhere, as their operators document it.
    private static readonly Dictionary<string, string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["docker.io"] = "auth.docker.io",
        ["registry.gitlab.com"] = "gitlab.com",
        ["registry.digitalocean.com"] = "api.digitalocean.com",
    };

    /// <summary>The environment variable that allows further realms for whatever asks a registry: hosts, separated by commas.</summary>
    public const string Variable = "ROLLOUT_TOKEN_REALMS";

    /// <summary>The hosts that a value of <see cref="Variable"/> allows.</summary>
    public static IReadOnlyCollection<string> Parse(string? value) =>
        value?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    /// <summary>Whether a registry's credentials may go to a realm.</summary>
    /// <param name="registry">The registry.</param>
    /// <param name="isInsecure">Whether the registry may be spoken to without TLS; its token server on the same host then may, too.</param>
    /// <param name="realm">The address of the token server.</param>
    /// <param name="allowed">Hosts, each with or without a port, that the user allows.</param>
    public static bool IsTrusted(RegistryAddress registry, bool isInsecure, Uri realm, IReadOnlyCollection<string> allowed)
    {
        var isOwn = SameHost(realm.Host, registry.Https.Host);
        return IsPrivate(realm, isInsecure && isOwn)
            && (isOwn
                || Known.TryGetValue(registry.Name, out var known) && SameHost(realm.Host, known)
                || allowed.Any(host => SameHost(realm.Host, host) || SameHost(realm.Authority, host)));
    }

    private static bool IsPrivate(Uri realm, bool isInsecure) =>
        realm.Scheme == Uri.UriSchemeHttps
        || realm.Scheme == Uri.UriSchemeHttp && (isInsecure || RegistryAddress.IsLoopbackHost(realm));

    private static bool SameHost(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);
}
