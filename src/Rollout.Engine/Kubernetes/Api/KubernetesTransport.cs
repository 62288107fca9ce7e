using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Polly;
using Polly.Retry;
using Rollout.Engine.Kubernetes.Configuration;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>
/// Requests to one server: one pool of connections (HTTP/2 where the server speaks it), credentials on each, and patience with a server
/// that is overloaded or away for a moment. Gives answers of any status; what they mean is <see cref="KubernetesClient"/>'s matter.
/// </summary>
internal sealed class KubernetesTransport : IDisposable
{
    private const int Repeats = 4;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(60);
    private static readonly string UserAgent = $"rollout/{typeof(KubernetesTransport).Assembly.GetName().Version?.ToString(3)}";

    private readonly KubernetesConnection _connection;
    private readonly TimeProvider _time;
    private readonly ResiliencePipeline<HttpResponseMessage> _reading;
    private readonly ResiliencePipeline<HttpResponseMessage> _writing;
    private readonly Lock _lock = new();
    private readonly List<HttpMessageInvoker> _pools = [];
    private X509Certificate2? _certificate;

    public KubernetesTransport(KubernetesConnection connection, TimeProvider time, Random random)
    {
        _connection = connection;
        _time = time;
        _reading = Patience(time, random, outcome => IsAway(outcome.Exception) || outcome.Result is { } answer && IsBusy(answer));
        // A write is sent again only where it surely was not carried out: never connected, or the server says when to try again.
        _writing = Patience(time, random, outcome => NeverConnected(outcome.Exception) || outcome.Result is { } answer && IsBusy(answer) && answer.Headers.RetryAfter is not null);
    }

    /// <summary>Sends a request and returns the answer once its headers are there. The content comes as it is read.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string pathAndQuery, Func<HttpContent>? content, CancellationToken cancellation)
    {
        try
        {
            var pipeline = ChangesNothing(method, pathAndQuery) ? _reading : _writing;
            return await pipeline.ExecuteAsync(async token => await AuthorizedAsync(method, pathAndQuery, content, token), cancellation);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Failure(e);
        }
    }

    /// <summary>True of what may be asked as often as one likes: to read, to try, and to ask for a right.</summary>
    private static bool ChangesNothing(HttpMethod method, string pathAndQuery) =>
        method == HttpMethod.Get || pathAndQuery.Contains("dryRun=", StringComparison.Ordinal)
        || pathAndQuery.StartsWith(Resources.SelfSubjectAccessReviews.Path(null), StringComparison.Ordinal);

    /// <summary>Waits for any answer, as nobody and once: on a connection of its own, as those of the pool prove who is asking.</summary>
    public async Task ReachAsync(string path, CancellationToken cancellation)
    {
        try
        {
            using var pool = new HttpMessageInvoker(Handler(null));
            using var answer = await OnceAsync(HttpMethod.Get, path, null, Credential.None, pool, cancellation);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Failure(e);
        }
    }

    /// <summary>The failure to report for a connection that failed, or broke while an answer was read.</summary>
    public RolloutException Failure(Exception cause)
    {
        var deepest = cause.GetBaseException();
        return cause is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } || deepest is AuthenticationException
            ? KubernetesErrors.NotTrusted(_connection.Endpoint, deepest.Message, cause)
            : KubernetesErrors.NotReachable(_connection.Endpoint, _connection.Proxy, deepest);
    }

    public void Dispose()
    {
        foreach (var pool in _pools) pool.Dispose();
    }

    private static ResiliencePipeline<HttpResponseMessage> Patience(TimeProvider time, Random random, Func<Outcome<HttpResponseMessage>, bool> repeats) =>
        new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = Repeats,
                BackoffType = DelayBackoffType.Exponential,
                Delay = FirstDelay,
                MaxDelay = LongestDelay,
                UseJitter = true,
                Randomizer = random.NextDouble,
                ShouldHandle = attempt => ValueTask.FromResult(repeats(attempt.Outcome)),
                DelayGenerator = attempt => ValueTask.FromResult(Asked(attempt.Outcome.Result, time)),
                OnRetry = attempt =>
                {
                    attempt.Outcome.Result?.Dispose();
                    return ValueTask.CompletedTask;
                },
            })
            .Build();

    /// <summary>How long the server asks to wait; null where it does not say.</summary>
    private static TimeSpan? Asked(HttpResponseMessage? answer, TimeProvider time)
    {
        if (answer?.Headers.RetryAfter is not { } retry) return null;
        var asked = retry.Delta ?? retry.Date - time.GetUtcNow() ?? TimeSpan.Zero;
        return TimeSpan.FromTicks(Math.Clamp(asked.Ticks, 0, LongestDelay.Ticks));
    }

    private static bool IsBusy(HttpResponseMessage answer) => answer.StatusCode is HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;

    private static bool IsAway(Exception? e) => e is IOException or HttpRequestException { HttpRequestError: not HttpRequestError.SecureConnectionError };

    private static bool NeverConnected(Exception? e) => e is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError };

    private async Task<HttpResponseMessage> AuthorizedAsync(HttpMethod method, string pathAndQuery, Func<HttpContent>? content, CancellationToken cancellation)
    {
        var credential = await _connection.Credentials.GetAsync(cancellation);
        var answer = await OnceAsync(method, pathAndQuery, content, credential, Pool(credential.Certificate), cancellation);
        if (answer.StatusCode != HttpStatusCode.Unauthorized || !_connection.Credentials.Refused(credential)) return answer;

        answer.Dispose();
        var renewed = await _connection.Credentials.GetAsync(cancellation);
        return await OnceAsync(method, pathAndQuery, content, renewed, Pool(renewed.Certificate), cancellation);
    }

    private async Task<HttpResponseMessage> OnceAsync(HttpMethod method, string pathAndQuery, Func<HttpContent>? content, Credential credential, HttpMessageInvoker pool, CancellationToken cancellation)
    {
        if (credential.Authorization?.Any(sign => sign is < ' ' or > '~') == true) throw KubernetesErrors.TokenNotSendable(_connection.Endpoint);
        using var request = new HttpRequestMessage(method, _connection.Server.AbsoluteUri.TrimEnd('/') + pathAndQuery)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            Content = content?.Invoke(),
        };
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        foreach (var (name, value) in _connection.Headers) request.Headers.TryAddWithoutValidation(name, value);
        if (credential.Authorization is { } authorization) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        // The handler takes the name for SNI and for the certificate's check from here.
        if (_connection.ServerName is { } serverName) request.Headers.Host = serverName;

        using var limit = new CancellationTokenSource(AnswerLimit, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            return await pool.SendAsync(request, both.Token);
        }
        catch (OperationCanceledException silence) when (!cancellation.IsCancellationRequested)
        {
            throw limit.IsCancellationRequested ? KubernetesErrors.TimedOut(_connection.Endpoint, AnswerLimit) : KubernetesErrors.NotReachable(_connection.Endpoint, _connection.Proxy, silence.GetBaseException());
        }
    }

    /// <summary>The connections made with this client certificate. A renewed certificate needs new ones; the old may still carry watches.</summary>
    private HttpMessageInvoker Pool(X509Certificate2? certificate)
    {
        lock (_lock)
        {
            if (_pools.Count == 0 || certificate != _certificate)
            {
                _certificate = certificate;
                _pools.Add(new HttpMessageInvoker(Handler(certificate)));
            }

            return _pools[^1];
        }
    }

    private SocketsHttpHandler Handler(X509Certificate2? certificate)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.GZip,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            EnableMultipleHttp2Connections = true,
            // A connection that died without a word is noticed, though a watch may be silent for minutes.
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            UseCookies = false,
            UseProxy = _connection.Proxy is not null || !_connection.Server.IsLoopback,
            SslOptions = Tls(certificate),
        };
        // Without the login, which .NET's errors would quote.
        if (_connection.Proxy is { } proxy) handler.Proxy = new WebProxy(proxy.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)) { Credentials = ProxyCredentials(proxy) };
        return handler;
    }

    private SslClientAuthenticationOptions Tls(X509Certificate2? certificate)
    {
        var tls = new SslClientAuthenticationOptions();
        if (certificate is not null) tls.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true);
        // Asked for by insecure-skip-tls-verify in the user's own kubeconfig.
#pragma warning disable CA5359
        if (_connection.SkipsVerification) tls.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        if (_connection.Authorities is { } authorities)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        return tls;
    }

    private static NetworkCredential? ProxyCredentials(Uri proxy)
    {
        if (proxy.UserInfo.Length == 0) return null;
        var parts = proxy.UserInfo.Split(':', 2);
        return new NetworkCredential(Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
    }
}
