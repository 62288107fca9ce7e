using System.Net;
using System.Net.Http.Headers;

namespace Rollout.Engine.Registries;

/// <summary>One request to a registry or its token server.</summary>
/// <param name="Method">The method.</param>
/// <param name="Uri">The address.</param>
internal sealed record RegistryRequest(HttpMethod Method, Uri Uri)
{
    public AuthenticationHeaderValue? Authorization { get; init; }
    public IReadOnlyList<string> Accept { get; init; } = [];
    public IReadOnlyDictionary<string, string>? Form { get; init; }

    /// <summary>Names the request in messages: without query, which may hold what a signed address gives away.</summary>
    public override string ToString() => $"{Method} {Uri.GetLeftPart(UriPartial.Path)}";
}

/// <summary>An answer, read whole.</summary>
/// <param name="Status">The status.</param>
/// <param name="Headers">Its headers.</param>
/// <param name="ContentType">The body's media type, without parameters.</param>
/// <param name="ContentLength">The length its headers give; for a HEAD of what a GET would bring.</param>
/// <param name="Body">The body, at most <see cref="RegistryTransport.LongestBody"/> bytes.</param>
internal sealed record RegistryResponse(HttpStatusCode Status, HttpResponseHeaders Headers, string? ContentType, long? ContentLength, byte[] Body)
{
    public bool IsSuccess => (int)Status is >= 200 and < 300;
}

/// <summary>
/// HTTP to one registry: one connection pool, TLS as the engine trusts it, time limits, bounded bodies, and redirects on which the
/// Authorization header never leaves the host it was meant for.
/// </summary>
internal sealed class RegistryTransport : IDisposable
{
    /// <summary>Bytes of a body at most: the limit that registries set on manifests.</summary>
    public const int LongestBody = 4 * 1024 * 1024;

    private const int MostRedirects = 5;

    private readonly RegistryTrust _trust;
    private readonly HttpClient _http;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;

    public RegistryTransport(RegistryAddress registry, RegistryTrust trust, TimeSpan timeout, TimeProvider time)
    {
        _trust = trust;
        _timeout = timeout;
        _time = time;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !registry.IsLoopback,
            SslOptions = trust.Options,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        })
        { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("Rollout", typeof(RegistryTransport).Assembly.GetName().Version!.ToString(3)));
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Sends a request, follows redirects of a GET or HEAD, and reads the answer.</summary>
    /// <exception cref="RolloutException">
    /// RegistryNotReachable, RegistryCertificateNotTrusted, RegistryConnectionLost, RegistryTimeout, RegistryAnswerInvalid.
    /// </exception>
    public async Task<RegistryResponse> SendAsync(RegistryRequest request, CancellationToken cancellation)
    {
        using var timer = new CancellationTokenSource(_timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        try
        {
            return await FollowAsync(request, either.Token);
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw RegistryErrors.Timeout(request, _timeout);
        }
        catch (HttpRequestException failed) when (failed.HttpRequestError is HttpRequestError.SecureConnectionError && _trust.Refusal is { } refusal)
        {
            throw RegistryErrors.CertificateNotTrusted(request, refusal, failed);
        }
        catch (HttpRequestException failed) when (failed.HttpRequestError is HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError)
        {
            throw RegistryErrors.NotReachable(request, failed);
        }
        catch (Exception failed) when (failed is HttpRequestException or IOException)
        {
            throw RegistryErrors.ConnectionLost(request, failed);
        }
    }

    private async Task<RegistryResponse> FollowAsync(RegistryRequest request, CancellationToken cancellation)
    {
        var current = request;
        for (var redirects = 0; ; redirects++)
        {
            using var message = Message(current);
            using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (Next(current, response) is not { } next) return await ReadAsync(current, response, cancellation);
            if (redirects == MostRedirects) throw RegistryErrors.AnswerInvalid(request, "it redirects in circles");
            current = next;
        }
    }

    private static HttpRequestMessage Message(RegistryRequest request)
    {
        var message = new HttpRequestMessage(request.Method, request.Uri);
        message.Headers.Authorization = request.Authorization;
        foreach (var type in request.Accept) message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
        if (request.Form is not null) message.Content = new FormUrlEncodedContent(request.Form);
        return message;
    }

    private static RegistryRequest? Next(RegistryRequest request, HttpResponseMessage response)
    {
        if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location) return null;
        if (request.Form is not null) throw RegistryErrors.AnswerInvalid(request, "it redirects a request that carries credentials");

        var target = new Uri(request.Uri, location);
        var isWeb = target.Scheme == Uri.UriSchemeHttps || target.Scheme == Uri.UriSchemeHttp && request.Uri.Scheme == Uri.UriSchemeHttp;
        if (!isWeb) throw RegistryErrors.AnswerInvalid(request, "it redirects from https to something less");

        var isSameHost = Uri.Compare(request.Uri, target, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;
        return request with { Uri = target, Authorization = isSameHost ? request.Authorization : null };
    }

    private static async Task<RegistryResponse> ReadAsync(RegistryRequest request, HttpResponseMessage response, CancellationToken cancellation)
    {
        var content = response.Content.Headers;
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var body = await ReadBodyAsync(stream, cancellation) ?? throw RegistryErrors.AnswerInvalid(request, $"it is longer than {LongestBody} bytes");
        return new RegistryResponse(response.StatusCode, response.Headers, content.ContentType?.MediaType, content.ContentLength, body);
    }

    private static async Task<byte[]?> ReadBodyAsync(Stream stream, CancellationToken cancellation)
    {
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (await stream.ReadAsync(buffer, cancellation) is var read and > 0)
        {
            if (body.Length + read > LongestBody) return null;
            body.Write(buffer, 0, read);
        }

        return body.ToArray();
    }
}
