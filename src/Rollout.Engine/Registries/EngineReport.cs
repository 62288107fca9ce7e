using System.Text.RegularExpressions;

namespace Rollout.Engine.Registries;

/// <summary>
/// What an engine reports when a push or pull fails at the registry: the registry's answer in the engine's words, read back into the
/// error that Rollout's own question would have ended with. The words are those of dockerd 20.10 to 29.
/// </summary>
internal static partial class EngineReport
{
    /// <summary>The registry's failure; null where the words are none of a registry.</summary>
    /// <param name="reference">The image that was pushed or pulled.</param>
    /// <param name="words">The engine's words.</param>
    public static RolloutException? Read(ImageReference reference, string words)
    {
        var (registry, says) = (reference.Registry, $"{reference}: {words}");
        var status = StatusPattern().Match(words) is { Success: true } match ? int.Parse(match.Groups["status"].ValueSpan, null) : 0;
        if (status == 429 || RateLimitPattern().IsMatch(words)) return RegistryErrors.RateLimited(registry, says);
        if (status >= 500) return RegistryErrors.Unavailable(registry, says);
        if (status == 404 || RepositoryPattern().IsMatch(words)) return RegistryErrors.RepositoryNotFound(registry, says);
        if (ManifestPattern().IsMatch(words)) return RegistryErrors.ManifestNotFound(reference, says);
        if (NoCredentialsPattern().IsMatch(words)) return RegistryErrors.NoCredentials(registry, says);
        if (status == 401 || UnauthorizedPattern().IsMatch(words)) return RegistryErrors.Unauthorized(registry, says);
        if (status == 403 || DeniedPattern().IsMatch(words)) return RegistryErrors.Forbidden(registry, says);
        if (CertificatePattern().IsMatch(words)) return RegistryErrors.CertificateNotTrusted(registry, says);
        if (UnreachablePattern().IsMatch(words)) return RegistryErrors.NotReachable(registry, says);
        if (LostPattern().IsMatch(words)) return RegistryErrors.ConnectionLost(registry, says);
        return null;
    }

    [GeneratedRegex(@"(?:HTTP status(?: code)?:? |error parsing HTTP |unexpected status(?: code)? .*?:? ?)(?<status>[45]\d\d)", RegexOptions.IgnoreCase)]
    private static partial Regex StatusPattern();

    [GeneratedRegex("toomanyrequests|too many requests", RegexOptions.IgnoreCase)]
    private static partial Regex RateLimitPattern();

    [GeneratedRegex("name unknown|repository does not exist|repository .* not found", RegexOptions.IgnoreCase)]
    private static partial Regex RepositoryPattern();

    [GeneratedRegex("manifest unknown|manifest for .* not found", RegexOptions.IgnoreCase)]
    private static partial Regex ManifestPattern();

    [GeneratedRegex("no basic auth credentials", RegexOptions.IgnoreCase)]
    private static partial Regex NoCredentialsPattern();

    [GeneratedRegex("unauthorized|authentication required|authorization failed", RegexOptions.IgnoreCase)]
    private static partial Regex UnauthorizedPattern();

    [GeneratedRegex("denied|insufficient_scope|forbidden", RegexOptions.IgnoreCase)]
    private static partial Regex DeniedPattern();

    [GeneratedRegex("x509:|certificate", RegexOptions.IgnoreCase)]
    private static partial Regex CertificatePattern();

    [GeneratedRegex("connection refused|no such host|no route to host|network is unreachable|HTTP response to HTTPS client|server misbehaving", RegexOptions.IgnoreCase)]
    private static partial Regex UnreachablePattern();

    [GeneratedRegex(@"\bEOF\b|connection reset|broken pipe|closed network connection|closed by|timeout|deadline exceeded|request canceled", RegexOptions.IgnoreCase)]
    private static partial Regex LostPattern();
}
