using System.Text.Json.Serialization;

namespace Rollout;

/// <summary>A check that asks a server over HTTP. What it logs in with can be given but not read: no view, JSON or log shows it.</summary>
public abstract record WebHealthCheck : RolloutHealthCheck
{
    /// <summary>The address. A user and password in it are taken out, and kept as a login that is never shown.</summary>
    public required Uri Uri
    {
        get;
        init => (field, Login) = Split(value);
    }

    /// <summary>The PEM file of the authorities whose certificates are trusted, and no others; null for those of this machine.</summary>
    public string? CertificateAuthority { get; init; }

    /// <summary>Takes any certificate, also one that nobody vouches for.</summary>
    public bool SkipCertificateCheck { get; init; }

    /// <summary>The names of the headers to send, that of a login in the address among them.</summary>
    // A copy: through a dictionary's own Keys, PowerShell's Export-Clixml gets at the values too.
    [JsonIgnore]
    public IReadOnlyList<string> HeaderNames => Login is null || Headers.Keys.Contains("Authorization", StringComparer.OrdinalIgnoreCase) ? [.. Headers.Keys] : [.. Headers.Keys, "Authorization"];

    /// <summary>The headers to send, by name.</summary>
    internal IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary><c>user:password</c>, as the address had it; null where it had none.</summary>
    internal string? Login { get; private init; }

    // What stands behind the question mark can be a secret too.
    internal override bool IsOpen => Headers.Count == 0 && Login is null && Uri is { IsAbsoluteUri: true, Query.Length: 0 };

    /// <summary>The same check with these headers, and no others.</summary>
    public WebHealthCheck WithHeaders(IReadOnlyDictionary<string, string> headers) => this with { Headers = headers };

    /// <summary>An address as it may be shown: user, password and query can be secrets.</summary>
    public static string Shown(Uri uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        return uri is { IsAbsoluteUri: true, Scheme: "http" or "https" } ? uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped) : UserInfo.HideAll(uri.OriginalString);
    }

    private static (Uri Uri, string? Login) Split(Uri uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        if (!uri.IsAbsoluteUri || uri.UserInfo.Length == 0) return (uri, null);
        return (new UriBuilder(uri) { UserName = "", Password = "" }.Uri, Uri.UnescapeDataString(uri.UserInfo));
    }
}
