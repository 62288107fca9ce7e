using System.ComponentModel;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Rollout.Engine.Docker.Api;

/// <summary>
/// HTTP to one engine over whatever its endpoint is, under the API version that both sides speak, with every failure turned into
/// a <see cref="RolloutException"/>.
/// </summary>
internal sealed class DockerConnection : IDisposable
{
    private static readonly Version OldestApi = new(1, 41);
    private static readonly Version NewestApi = new(1, 47);
    private const int LongestForeignAnswer = 1000;
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly HttpClient _http;
    private readonly SemaphoreSlim _negotiating = new(1);
    private string? _version;

    internal DockerConnection(DockerEndpoint endpoint)
    {
        Endpoint = endpoint.ToRolloutEndpoint();
        var transport = new EngineTransport(endpoint);
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = (_, cancellation) => transport.OpenAsync(cancellation),
            SslOptions = endpoint.Tls?.ToSslOptions() ?? new SslClientAuthenticationOptions(),
            ConnectTimeout = EngineTransport.ConnectTimeout,
            // What is left of an answer nobody reads any more is not waited for: closing is what ends a build or a log.
            ResponseDrainTimeout = TimeSpan.Zero,
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
        };
        _http = new HttpClient(handler) { BaseAddress = transport.BaseAddress, Timeout = Timeout.InfiniteTimeSpan };
    }

    internal RolloutEndpoint Endpoint { get; }

    /// <inheritdoc cref="IDockerClient.ClockAhead"/>
    internal TimeSpan ClockAhead { get; private set; }

    public void Dispose()
    {
        _http.Dispose();
        _negotiating.Dispose();
    }

    /// <summary>Reads a JSON document; null where the engine answers 404.</summary>
    internal async Task<T?> FindAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation)
        where T : class
    {
        var request = new EngineRequest(HttpMethod.Get, path);
        using var response = await SendAsync(request, cancellation, HttpStatusCode.NotFound);
        return response.StatusCode == HttpStatusCode.NotFound ? null : await ReadAsync(response, request, document => Deserialise(document, type), cancellation);
    }

    /// <summary>Reads a JSON document.</summary>
    internal Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation)
        where T : class =>
        GetAsync(path, document => Deserialise(document, type), cancellation);

    /// <summary>Reads a JSON document by <paramref name="read"/>, which throws a <see cref="JsonException"/> for what it cannot read.</summary>
    internal async Task<T> GetAsync<T>(string path, Func<ReadOnlyMemory<byte>, T> read, CancellationToken cancellation)
        where T : class
    {
        var request = new EngineRequest(HttpMethod.Get, path);
        using var response = await SendAsync(request, cancellation);
        return await ReadAsync(response, request, read, cancellation);
    }

    /// <summary>Posts a JSON document, or nothing, and returns the JSON of the answer where there is one.</summary>
    internal async Task<JsonObject?> PostAsync(string path, JsonObject? body, CancellationToken cancellation)
    {
        var request = new EngineRequest(HttpMethod.Post, path)
        {
            Content = body is null ? null : new StringContent(body.ToJsonString(), Json),
            Secrets = [.. (body?["Env"] as JsonArray ?? []).Select(variable => variable?.ToString()).OfType<string>().Where(text => text.Length > 0)],
        };
        using var response = await SendAsync(request, cancellation);
        return response.Content.Headers.ContentType?.MediaType == Json.MediaType
            ? await ReadAsync(response, request, document => Deserialise(document, DockerJson.Default.JsonObject), cancellation)
            : null;
    }

    /// <summary>
    /// Sends a request and returns the answer once its headers are there. Statuses from 400 on are thrown, but for
    /// <paramref name="expected"/>.
    /// </summary>
    internal async Task<HttpResponseMessage> SendAsync(EngineRequest request, CancellationToken cancellation, params HttpStatusCode[] expected)
    {
        var path = $"v{await NegotiatedVersionAsync(cancellation)}/{request.Path}";
        var response = await SendAsync(path, request, cancellation);
        if ((int)response.StatusCode < 400 || expected.Contains(response.StatusCode)) return response;

        using (response)
        {
            throw DockerErrors.Refused(Endpoint, request, response.StatusCode, request.WithoutSecrets(await MessageAsync(response, cancellation)));
        }
    }

    /// <summary>Runs what reads an answer, and turns a connection that breaks meanwhile into EngineConnectionLost.</summary>
    internal async Task<T> ReadingAsync<T>(string operation, Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw DockerErrors.ConnectionLost(Endpoint, operation, e);
        }
        catch (JsonException e)
        {
            throw DockerErrors.MalformedAnswer(Endpoint, operation, e);
        }
    }

    /// <summary>Reads an answer that is one JSON document after another, each as it arrives.</summary>
    internal async IAsyncEnumerable<T> ReadDocumentsAsync<T>(
        HttpResponseMessage response,
        EngineRequest request,
        JsonTypeInfo<T> type,
        [EnumeratorCancellation] CancellationToken cancellation)
        where T : class
    {
        using var stream = await ReadingAsync(request.ToString(), () => response.Content.ReadAsStreamAsync(cancellation));
        await using var documents = JsonSerializer.DeserializeAsyncEnumerable(stream, type, topLevelValues: true, cancellation).GetAsyncEnumerator(cancellation);
        while (await ReadingAsync(request.ToString(), () => documents.MoveNextAsync().AsTask()))
        {
            if (documents.Current is { } document) yield return document;
        }
    }

    private Task<T> ReadAsync<T>(HttpResponseMessage response, EngineRequest request, Func<ReadOnlyMemory<byte>, T> read, CancellationToken cancellation)
        where T : class =>
        ReadingAsync(request.ToString(), async () => read(await response.Content.ReadAsByteArrayAsync(cancellation)));

    private static T Deserialise<T>(ReadOnlyMemory<byte> document, JsonTypeInfo<T> type)
        where T : class =>
        JsonSerializer.Deserialize(document.Span, type) ?? throw new JsonException("null");

    /// <summary>The engine's own words for what went wrong: {"message": ...}.</summary>
    private async Task<string> MessageAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var body = await ReadingAsync("error message", () => response.Content.ReadAsStringAsync(cancellation));
        try
        {
            if (JsonNode.Parse(body)?["message"]?.GetValue<string>() is { Length: > 0 } message) return message;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not the engine's form: something in between answered.
        }

        var text = body.Trim();
        if (text.Length == 0) return $"HTTP {(int)response.StatusCode} {response.ReasonPhrase}";
        return text.Length <= LongestForeignAnswer ? text : text[..LongestForeignAnswer] + "...";
    }

    /// <summary>Asked once, at the first call; a failure is not remembered.</summary>
    private async Task<string> NegotiatedVersionAsync(CancellationToken cancellation)
    {
        if (_version is not null) return _version;
        await _negotiating.WaitAsync(cancellation);
        try
        {
            return _version ??= await NegotiateAsync(cancellation);
        }
        finally
        {
            _negotiating.Release();
        }
    }

    private async Task<string> NegotiateAsync(CancellationToken cancellation)
    {
        var ping = new EngineRequest(HttpMethod.Get, "_ping");
        using var response = await SendAsync(ping.Path, ping, cancellation);
        if (!response.Headers.TryGetValues("Api-Version", out var values))
        {
            throw (int)response.StatusCode < 400
                ? DockerErrors.MalformedAnswer(Endpoint, ping.ToString(), null)
                : DockerErrors.Refused(Endpoint, ping, response.StatusCode, await MessageAsync(response, cancellation));
        }

        var text = values.First();
        if (!Version.TryParse(text, out var engine)) throw DockerErrors.MalformedAnswer(Endpoint, ping.ToString(), null);
        if (engine < OldestApi) throw DockerErrors.ApiTooOld(Endpoint, text, OldestApi.ToString());
        return (engine < NewestApi ? engine : NewestApi).ToString();
    }

    private async Task<HttpResponseMessage> SendAsync(string path, EngineRequest request, CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage(request.Method, path) { Content = request.Content };
        foreach (var (name, value) in request.Headers) message.Headers.Add(name, value);
        try
        {
            var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (response.Headers.Date is { } date) ClockAhead = date - DateTimeOffset.UtcNow;
            return response;
        }
        catch (HttpRequestException e)
        {
            throw Explain(e, request);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw DockerErrors.ConnectTimeout(Endpoint, EngineTransport.ConnectTimeout, e);
        }
    }

    private RolloutException Explain(HttpRequestException failure, EngineRequest request)
    {
        for (Exception? e = failure; e is not null; e = e.InnerException)
        {
            if (e is RolloutException already) return already;
            // The second and third: an engine that wants a certificate says so only after the handshake (TLS 1.3), OpenSSL's and Windows' way.
            if (e is AuthenticationException or CryptographicException || (e is Win32Exception and not SocketException))
            {
                return DockerErrors.TlsFailed(Endpoint, e.InnerException ?? e);
            }
        }

        return failure.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => DockerErrors.HostUnknown(Endpoint, failure),
            HttpRequestError.ConnectionError => DockerErrors.EngineNotReachable(Endpoint, failure.InnerException ?? failure),
            HttpRequestError.SecureConnectionError => DockerErrors.TlsFailed(Endpoint, failure.InnerException ?? failure),
            _ => DockerErrors.ConnectionLost(Endpoint, request.ToString(), failure),
        };
    }
}
