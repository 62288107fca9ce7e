using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Rollout.Engine.Health;

/// <summary>The way to a server that a check asks: trust, login, headers, and in words what went wrong on it.</summary>
internal static class WebAccess
{
    // One pool for all the checks of a shell: a hundred rollouts that are watched need no hundred connections.
    private static readonly SocketsHttpHandler Direct = Pool(useProxy: false);
    private static readonly SocketsHttpHandler Ordinary = Pool(useProxy: true);

    /// <summary>A client for a server that is asked again and again, the answers of which are about others.</summary>
    /// <exception cref="RolloutException">InvalidHealthCheck.</exception>
    internal static HttpClient Shared(WebHealthCheck check)
    {
        if (check.CertificateAuthority is not null || check.SkipCertificateCheck) return Client(check, Trusting(check, Pool(!check.Uri.IsLoopback)), isOwn: true);
        return Client(check, check.Uri.IsLoopback ? Direct : Ordinary, isOwn: false);
    }

    /// <summary>A client for a server whose own health is looked at: every request has a connection of its own.</summary>
    /// <exception cref="RolloutException">InvalidHealthCheck.</exception>
    internal static HttpClient Fresh(WebHealthCheck check)
    {
        // A proxy cannot reach this machine's loopback.
        var handler = Handler(useProxy: !check.Uri.IsLoopback);
        handler.PooledConnectionLifetime = TimeSpan.Zero;
        return Client(check, Trusting(check, handler), isOwn: true);
    }

    /// <summary>What went wrong, in words that go on a sentence.</summary>
    internal static string Explain(Exception problem)
    {
        var cause = problem.InnerException ?? problem;
        var error = (problem as HttpRequestException)?.HttpRequestError ?? (problem as HttpIOException)?.HttpRequestError;
        return error switch
        {
            HttpRequestError.NameResolutionError => "the host's name is not known",
            HttpRequestError.ConnectionError when cause is SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "connection refused",
            HttpRequestError.ConnectionError => $"no connection: {cause.Message}",
            HttpRequestError.SecureConnectionError when cause is DistrustException => $"no TLS connection: {cause.Message}",
            HttpRequestError.SecureConnectionError => $"no TLS connection: {cause.Message.TrimEnd('.')}; see whether it speaks https there",
            HttpRequestError.ResponseEnded => "the answer was cut off",
            HttpRequestError.InvalidResponse => "what answered does not speak HTTP",
            HttpRequestError.HttpProtocolError => $"a breach of the protocol: {cause.Message}",
            _ => $"the answer could not be read: {cause.Message}",
        };
    }

    /// <summary>True where the server's certificate is not trusted: no other try will find it so.</summary>
    internal static bool IsDistrust(Exception problem) => problem is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError, InnerException: DistrustException };

    private static SocketsHttpHandler Pool(bool useProxy)
    {
        var handler = Handler(useProxy);
        handler.MaxConnectionsPerServer = 16;
        handler.PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30);
        return handler;
    }

    private static SocketsHttpHandler Handler(bool useProxy) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = useProxy,
        AutomaticDecompression = DecompressionMethods.All,
        SslOptions = { RemoteCertificateValidationCallback = (_, _, chain, errors) => errors == SslPolicyErrors.None ? true : throw new DistrustException(errors, chain) },
    };

    private static SocketsHttpHandler Trusting(WebHealthCheck check, SocketsHttpHandler handler)
    {
        if (check.CertificateAuthority is { } path)
        {
            var chain = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            chain.CustomTrustStore.AddRange(Authorities(check, path));
            handler.SslOptions.CertificateChainPolicy = chain;
        }

#pragma warning disable CA5359 // The user asked for it by name.
        if (check.SkipCertificateCheck) handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        return handler;
    }

    private static X509Certificate2Collection Authorities(WebHealthCheck check, string path)
    {
        try
        {
            var found = new X509Certificate2Collection();
            found.ImportFromPemFile(path);
            return found.Count > 0 ? found : throw HealthErrors.InvalidHealthCheck(check, $"there is no certificate in '{path}'");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw HealthErrors.InvalidHealthCheck(check, $"the certificate authority's file cannot be read ({problem.Message.TrimEnd('.')})");
        }
    }

    private static HttpClient Client(WebHealthCheck check, SocketsHttpHandler handler, bool isOwn)
    {
        var client = new HttpClient(handler, isOwn) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
        var headers = client.DefaultRequestHeaders;
        foreach (var (name, value) in check.Headers) headers.TryAddWithoutValidation(name, value);

        if (!headers.Contains("User-Agent")) headers.UserAgent.ParseAdd("Rollout-HealthCheck");
        if (!headers.Contains("Authorization") && check.Login is { } login)
        {
            headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(login)));
        }

        return client;
    }
}

/// <summary>A server's certificate is not trusted; the message says why and what to do about it, in words that go on a sentence.</summary>
internal sealed class DistrustException(SslPolicyErrors errors, X509Chain? chain) : AuthenticationException(Why(errors, chain))
{
    private static string Why(SslPolicyErrors errors, X509Chain? chain)
    {
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable)) return "the server shows no certificate";
        var faults = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, status) => all | status.Status) ?? X509ChainStatusFlags.NoError;
        if (faults.HasFlag(X509ChainStatusFlags.NotTimeValid)) return "the server's certificate has expired, or is not valid yet";
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors)) return $"the server's certificate is not trusted ({faults}); name the authority that signed it with -CertificateAuthority";
        return "the server's certificate is for another name; ask it by a name that stands in it";
    }
}
