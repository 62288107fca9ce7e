using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Rollout.Engine.Kubernetes.Configuration;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>The Kubernetes API over HTTP and JSON.</summary>
public sealed class KubernetesClient : IKubernetesClient
{
    internal const string FieldManager = "rollout";
    private const string PatchRefused = "the server rejected our request due to an error in our request";
    private const string VersionPath = "/version";
    private const string NoSuchPath = "404 page not found";
    private const int LongestLog = 256 * 1024;
    private const int LongestError = 64 * 1024;
    private const int RequestsAtOnce = 32;
    // A watch's message has several KB: in one piece it is read faster than across pieces.
    private static readonly StreamPipeReaderOptions WatchBuffer = new(bufferSize: 64 * 1024);
    private readonly KubernetesTransport _transport;
    // Hundreds of rollouts may begin at once: a request that waits for its turn costs little, one under way its buffers, and in the end further connections.
    private readonly SemaphoreSlim _turns = new(RequestsAtOnce);

    /// <summary>A client of the server that a connection names. Nothing is sent yet.</summary>
    /// <param name="connection">The server, and as whom.</param>
    /// <param name="time">For waits between repeats.</param>
    /// <param name="random">Spreads repeats.</param>
    public KubernetesClient(KubernetesConnection connection, TimeProvider time, Random random)
    {
        ArgumentNullException.ThrowIfNull(connection);
        _transport = new KubernetesTransport(connection, time, random);
        Endpoint = connection.Endpoint;
        Namespace = connection.Namespace;
    }

    /// <inheritdoc/>
    public RolloutEndpoint Endpoint { get; }

    /// <inheritdoc/>
    public string Namespace { get; }

    /// <inheritdoc/>
    public void Dispose() => _transport.Dispose();

    /// <inheritdoc/>
    public Task ReachAsync(CancellationToken cancellation) => _transport.ReachAsync(VersionPath, cancellation);

    /// <inheritdoc/>
    public Task<ServerVersion> VersionAsync(CancellationToken cancellation) =>
        SendAsync(HttpMethod.Get, VersionPath, null, "version", KubernetesJson.Default.ServerVersion, cancellation);

    /// <inheritdoc/>
    public async Task<bool> ServesAsync<T>(Resource<T> resource, CancellationToken cancellation) where T : class, IKubernetesObject
    {
        try
        {
            var served = await SendAsync(HttpMethod.Get, resource.VersionPath, null, resource.ApiVersion, KubernetesJson.Default.JsonObject, cancellation);
            return served["resources"] is JsonArray kinds && kinds.Any(kind => (string?)kind?["name"] == resource.Plural);
        }
        catch (RolloutException e) when (KubernetesErrors.IsKindNotServed(e))
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public async Task<T?> GetAsync<T>(Resource<T> resource, string? @namespace, string name, CancellationToken cancellation) where T : class, IKubernetesObject
    {
        try
        {
            return await SendAsync(HttpMethod.Get, resource.Path(@namespace, name), null, What(resource, @namespace, name), resource.Item, cancellation);
        }
        catch (RolloutException e) when (KubernetesErrors.IsNotFound(e))
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public Task<KubernetesList<T>> ListAsync<T>(Resource<T> resource, string? @namespace, ListQuery query, CancellationToken cancellation) where T : class, IKubernetesObject
    {
        var path = resource.Path(@namespace) + Query(
            ("labelSelector", query.LabelSelector),
            ("fieldSelector", query.FieldSelector),
            ("limit", query.Limit > 0 ? Invariant(query.Limit) : null),
            ("continue", query.Continue));
        return SendAsync(HttpMethod.Get, path, null, What(resource, @namespace, null), resource.List, cancellation);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(Resource<T> resource, string? @namespace, WatchQuery query, [EnumeratorCancellation] CancellationToken cancellation) where T : class, IKubernetesObject
    {
        var what = What(resource, @namespace, null);
        var path = resource.Path(@namespace) + Query(
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("labelSelector", query.LabelSelector),
            ("fieldSelector", query.FieldSelector),
            ("resourceVersion", query.ResourceVersion),
            ("timeoutSeconds", Invariant((long)query.Timeout.TotalSeconds)));
        using var answer = await SuccessAsync(HttpMethod.Get, path, null, what, cancellation);
        var pipe = PipeReader.Create(await answer.Content.ReadAsStreamAsync(cancellation), WatchBuffer);
        while (true)
        {
            var read = await ReadAsync(pipe, cancellation);
            var buffer = read.Buffer;
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                yield return Event(buffer.Slice(0, end), resource.Item, what);
                buffer = buffer.Slice(buffer.GetPosition(1, end));
            }

            pipe.AdvanceTo(buffer.Start, buffer.End);
            YoungGarbage.Sweep();
            // What is left without an end of line is a message that broke off; the next watch brings it whole.
            if (read.IsCompleted) yield break;
        }
    }

    /// <inheritdoc/>
    public Task<T> CreateAsync<T>(Resource<T> resource, string? @namespace, JsonObject body, bool dryRun, CancellationToken cancellation) where T : class, IKubernetesObject
    {
        body["apiVersion"] = resource.ApiVersion;
        body["kind"] = resource.Kind;
        var name = (string?)body["metadata"]?["name"];
        var path = resource.Path(@namespace) + Query(("fieldManager", FieldManager), ("dryRun", dryRun ? "All" : null));
        return SendAsync(HttpMethod.Post, path, Content(body, "application/json"), What(resource, @namespace, name), resource.Item, cancellation);
    }

    /// <inheritdoc/>
    public Task<T> PatchAsync<T>(Resource<T> resource, string? @namespace, string name, Patch patch, CancellationToken cancellation) where T : class, IKubernetesObject =>
        SendAsync(HttpMethod.Patch, PatchPath(resource, @namespace, name, patch, dryRun: false), Content(patch.Body, patch.MediaType), What(resource, @namespace, name), resource.Item, cancellation);

    /// <inheritdoc/>
    public Task<JsonObject> PreviewAsync<T>(Resource<T> resource, string? @namespace, string name, Patch patch, CancellationToken cancellation) where T : class, IKubernetesObject =>
        SendAsync(HttpMethod.Patch, PatchPath(resource, @namespace, name, patch, dryRun: true), Content(patch.Body, patch.MediaType), What(resource, @namespace, name), KubernetesJson.Default.JsonObject, cancellation);

    /// <inheritdoc/>
    public Task DeleteAsync<T>(Resource<T> resource, string? @namespace, string name, string? uid, CancellationToken cancellation) where T : class, IKubernetesObject =>
        DeleteAsync(resource, @namespace, name, uid is null ? null : new JsonObject { ["uid"] = uid }, cancellation);

    /// <inheritdoc/>
    public Task DeleteAsync<T>(Resource<T> resource, ObjectMeta seen, CancellationToken cancellation) where T : class, IKubernetesObject
    {
        ArgumentNullException.ThrowIfNull(seen);
        return DeleteAsync(resource, seen.Namespace, seen.Name, new JsonObject { ["uid"] = seen.Uid, ["resourceVersion"] = seen.ResourceVersion }, cancellation);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> LogTailAsync(string @namespace, string pod, string container, int lines, bool previous, CancellationToken cancellation)
    {
        var path = Resources.Pods.Path(@namespace, pod, "log") + Query(
            ("container", container),
            ("tailLines", Invariant(lines)),
            ("limitBytes", Invariant(LongestLog)),
            ("previous", previous ? "true" : null));
        using var answer = await _transport.SendAsync(HttpMethod.Get, path, null, cancellation);
        // 400: it has not started yet, or not before; 404: it is gone; 5xx: its node does not answer. Logs are a help, not a condition.
        if (!answer.IsSuccessStatusCode && answer.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)) return [];
        if (!answer.IsSuccessStatusCode) throw await FailureAsync(answer, $"log of pod {@namespace}/{pod}", cancellation);

        var text = await TextAsync(answer, LongestLog, cancellation);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(lines).Select(ForeignText.Neutralise)];
    }

    /// <inheritdoc/>
    public async Task<bool> MayAsync(ResourceAttributes what, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(what);
        var attributes = new JsonObject
        {
            ["verb"] = what.Verb,
            ["group"] = what.Group,
            ["resource"] = what.Resource,
            ["subresource"] = what.Subresource,
            ["namespace"] = what.Namespace,
            ["name"] = what.Name,
        };
        var body = new JsonObject { ["spec"] = new JsonObject { ["resourceAttributes"] = attributes } };
        return (await CreateAsync(Resources.SelfSubjectAccessReviews, null, body, dryRun: false, cancellation)).Status.Allowed;
    }

    private async Task DeleteAsync<T>(Resource<T> resource, string? @namespace, string name, JsonObject? preconditions, CancellationToken cancellation) where T : class, IKubernetesObject
    {
        var options = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "DeleteOptions" };
        if (preconditions is not null) options["preconditions"] = preconditions;
        try
        {
            using var answer = await SuccessAsync(HttpMethod.Delete, resource.Path(@namespace, name), Content(options, "application/json"), What(resource, @namespace, name), cancellation);
        }
        catch (RolloutException e) when (KubernetesErrors.IsNotFound(e) || preconditions is not null && KubernetesErrors.IsConflict(e))
        {
            // It is gone, and another of its name may have come, or it is another's by now: that is what was wanted.
        }
    }

    private static string PatchPath<T>(Resource<T> resource, string? @namespace, string name, Patch patch, bool dryRun) where T : class, IKubernetesObject =>
        resource.Path(@namespace, name, patch.Subresource) + Query(
            ("fieldManager", FieldManager),
            ("force", patch.Force ? "true" : null),
            ("dryRun", dryRun ? "All" : null));

    private static string Query(params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var query = new StringBuilder();
        foreach (var (name, value) in parameters)
        {
            if (!string.IsNullOrEmpty(value)) query.Append(query.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }

        return query.ToString();
    }

    private static string Invariant(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static Func<HttpContent> Content(JsonNode body, string mediaType)
    {
        var bytes = Encoding.UTF8.GetBytes(body.ToJsonString());
        return () => new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue(mediaType) } };
    }

    /// <summary><c>deployment finance/shop</c>, or <c>deployments in finance</c>: for messages.</summary>
    private static string What<T>(Resource<T> resource, string? @namespace, string? name) where T : class, IKubernetesObject
    {
        if (name is null) return @namespace is null ? resource.Plural : $"{resource.Plural} in {@namespace}";
        var kind = resource.Kind.ToLowerInvariant();
        return @namespace is null ? $"{kind} {name}" : $"{kind} {@namespace}/{name}";
    }

    private async Task<TAnswer> SendAsync<TAnswer>(HttpMethod method, string path, Func<HttpContent>? content, string what, JsonTypeInfo<TAnswer> type, CancellationToken cancellation) where TAnswer : class
    {
        await _turns.WaitAsync(cancellation);
        try
        {
            using var answer = await SuccessAsync(method, path, content, what, cancellation);
            var stream = await answer.Content.ReadAsStreamAsync(cancellation);
            return await JsonSerializer.DeserializeAsync(stream, type, cancellation) ?? throw KubernetesErrors.NotUnderstood(Endpoint, "it answers null.");
        }
        catch (JsonException e)
        {
            throw KubernetesErrors.NotUnderstood(Endpoint, "its answer is not the JSON expected.", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw _transport.Failure(e);
        }
        finally
        {
            _turns.Release();
            YoungGarbage.Sweep();
        }
    }

    private async Task<HttpResponseMessage> SuccessAsync(HttpMethod method, string path, Func<HttpContent>? content, string what, CancellationToken cancellation)
    {
        var answer = await _transport.SendAsync(method, path, content, cancellation);
        if (answer.IsSuccessStatusCode) return answer;
        using (answer) throw await FailureAsync(answer, what, cancellation);
    }

    private async ValueTask<ReadResult> ReadAsync(PipeReader pipe, CancellationToken cancellation)
    {
        try
        {
            return await pipe.ReadAsync(cancellation);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw _transport.Failure(e);
        }
    }

    /// <summary>One line of a watch: <c>{"type": ..., "object": ...}</c>, where the object of an ERROR is a Status.</summary>
    private WatchEvent<T> Event<T>(ReadOnlySequence<byte> line, JsonTypeInfo<T> type, string what) where T : class
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            ReadOnlySequence<byte>? found = null;
            string? kind = null;
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isType = reader.ValueTextEquals("type"u8);
                var isObject = reader.ValueTextEquals("object"u8);
                reader.Read();
                if (isType) kind = reader.GetString();
                var start = reader.TokenStartIndex;
                reader.Skip();
                if (isObject) found = line.Slice(start, reader.BytesConsumed - start);
            }

            if (kind is null || found is not { } json) throw KubernetesErrors.NotUnderstood(Endpoint, "a watch's message has no type or no object.");
            var item = json.IsSingleSegment ? json.FirstSpan : json.ToArray();
            if (kind == "ERROR") throw Failure(JsonSerializer.Deserialize(item, KubernetesJson.Default.Status) ?? new Status(), what);
            return new WatchEvent<T>(kind, JsonSerializer.Deserialize(item, type)!);
        }
        catch (JsonException e)
        {
            throw KubernetesErrors.NotUnderstood(Endpoint, "a watch's message is not the JSON expected.", e);
        }
    }

    private async Task<RolloutException> FailureAsync(HttpResponseMessage answer, string what, CancellationToken cancellation)
    {
        var code = (int)answer.StatusCode;
        var text = await TextAsync(answer, LongestError, cancellation);
        Status? status = null;
        try
        {
            status = JsonSerializer.Deserialize(text, KubernetesJson.Default.Status);
        }
        catch (JsonException)
        {
            // A proxy, a login page, or an overloaded server's plain words.
        }

        // What the server says of a path of a group that it has not: a kind that nobody installed.
        if (status is null && code == 404 && text.Trim() == NoSuchPath) return KubernetesErrors.KindNotServed(Endpoint, what);
        if (status is null && code is not (401 or 403 or 429 or >= 500)) return KubernetesErrors.NotUnderstood(Endpoint, $"it answers HTTP {code} without a Status.");
        var words = text.Length > 200 ? text[..200] : text;
        return Failure((status ?? new Status { Message = words.Trim() }) with { Code = code }, what);
    }

    private RolloutException Failure(Status status, string what)
    {
        var message = status.Message.Length > 0 ? status.Message : status.Reason;
        return status.Code switch
        {
            401 => KubernetesErrors.Unauthorized(Endpoint),
            403 when message.Contains("\"system:anonymous\"", StringComparison.Ordinal) => KubernetesErrors.Anonymous(Endpoint, message),
            403 => KubernetesErrors.Forbidden(message),
            // What is not there is named; what is not even served is not.
            404 when status.Details.Name.Length == 0 => KubernetesErrors.KindNotServed(Endpoint, what),
            404 => KubernetesErrors.NotFound(what, message),
            409 => KubernetesErrors.Conflict(what, message),
            // A JSON patch whose test fails, or whose place is not there, is answered without a word on what is wrong: somebody was there first.
            422 when status.Details.Name.Length == 0 && status.Details.Causes.Count == 0 && message == PatchRefused => KubernetesErrors.Conflict(what, "it is not as the patch expects it."),
            410 => KubernetesErrors.Expired(message),
            429 => KubernetesErrors.Limited(Endpoint, message),
            // After a restore of etcd the server's versions may lie before the one asked for.
            504 when status.Details.Causes.Any(cause => cause.Reason == "ResourceVersionTooLarge") => KubernetesErrors.Expired(message),
            >= 500 => KubernetesErrors.Unavailable(Endpoint, status.Code, message),
            _ => KubernetesErrors.Invalid(what, message),
        };
    }

    private async Task<string> TextAsync(HttpResponseMessage answer, int limit, CancellationToken cancellation)
    {
        try
        {
            var stream = await answer.Content.ReadAsStreamAsync(cancellation);
            var bytes = new byte[limit];
            var count = await stream.ReadAtLeastAsync(bytes, limit, throwOnEndOfStream: false, cancellation);
            return Encoding.UTF8.GetString(bytes, 0, count);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw _transport.Failure(e);
        }
    }
}
