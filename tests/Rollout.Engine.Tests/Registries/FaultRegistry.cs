using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Rollout.Engine.Tests.Registries;

/// <summary>
/// A registry in memory that a real engine can push to, and that misbehaves on demand. Plain HTTP on a free port of 127.0.0.1. It is also
/// a token server (GET /token), and remembers what it was sent.
/// </summary>
internal sealed class FaultRegistry : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FaultRegistry(WebApplication app) => _app = app;

    /// <summary>Host and port as they stand in a reference.</summary>
    public string Host => $"127.0.0.1:{Port}";

    /// <summary>The same place under another name: another host to whoever compares names.</summary>
    public string OtherName => $"localhost:{Port}";

    public int Port => new Uri(_app.Urls.Single()).Port;

    /// <summary>Called before each request; returns true where it has answered, or cut the connection.</summary>
    public Func<HttpContext, Task<bool>> Fault { get; set; } = _ => Task.FromResult(false);

    /// <summary>Every request that came, oldest first.</summary>
    public ConcurrentQueue<Seen> Requests { get; } = new();

    /// <summary>Content by digest.</summary>
    public ConcurrentDictionary<string, byte[]> Blobs { get; } = new();

    /// <summary>Manifests by <c>repository:tag</c> and <c>repository@digest</c>.</summary>
    public ConcurrentDictionary<string, Manifest> Manifests { get; } = new();

    /// <summary>The tokens given out.</summary>
    public ConcurrentQueue<string> Tokens { get; } = new();

    /// <summary>True from the first manifest that was put: the push is over, the proof comes.</summary>
    public bool HasManifest => !Manifests.IsEmpty;

    public static async Task<FaultRegistry> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
        });
        var registry = new FaultRegistry(builder.Build());
        registry._app.Run(registry.AnswerAsync);
        await registry._app.StartAsync();
        return registry;
    }

    public ImageReference Reference(string repository, string tag = "1") => ImageReference.Parse($"{Host}/{repository}:{tag}");

    /// <summary>Answers a status, as a registry does, with one error.</summary>
    public static async Task<bool> RefuseAsync(HttpContext context, int status, string code = "UNKNOWN", string message = "as the test wants it")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        var json = System.Text.Json.JsonSerializer.Serialize(new { errors = new[] { new { code, message } } });
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.WriteAsync(json);
        return true;
    }

    /// <summary>Asks for a login, as the challenge given.</summary>
    public static Task<bool> ChallengeAsync(HttpContext context, string challenge)
    {
        context.Response.Headers.WWWAuthenticate = challenge;
        return RefuseAsync(context, 401, "UNAUTHORIZED", "authentication required");
    }

    /// <summary>Never answers, until the client goes or the test ends.</summary>
    public static async Task<bool> HangAsync(HttpContext context)
    {
        await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        return true;
    }

    /// <summary>Cuts the connection without a word.</summary>
    public static bool Cut(HttpContext context)
    {
        context.Abort();
        return true;
    }

    /// <summary>Wants a bearer token of the realm given for everything but the tokens themselves.</summary>
    public Func<HttpContext, Task<bool>> WantToken(string realm) => context =>
        context.Request.Path == "/token" || Tokens.Any(token => context.Request.Headers.Authorization == "Bearer " + token)
            ? Task.FromResult(false)
            : ChallengeAsync(context, $"Bearer realm=\"{realm}\",service=\"tests\"");

    /// <summary>Puts content there; returns its digest.</summary>
    public string AddBlob(byte[] content)
    {
        var digest = Digest(content);
        Blobs[digest] = content;
        return digest;
    }

    /// <summary>Puts a manifest there under its digest and, where one is given, a tag; returns its digest.</summary>
    public string AddManifest(string repository, string? tag, string mediaType, string json)
    {
        var manifest = new Manifest(mediaType, Encoding.UTF8.GetBytes(json));
        if (tag is not null) Manifests[$"{repository}:{tag}"] = manifest;
        Manifests[$"{repository}@{Digest(manifest.Bytes)}"] = manifest;
        return Digest(manifest.Bytes);
    }

    public static string Digest(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        Requests.Enqueue(new Seen(request.Method, request.Path + request.QueryString, request.Headers.Authorization, request.Headers.UserAgent));
        if (await Fault(context)) return;

        var path = request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        await (path switch
        {
            ["token"] => TokenAsync(context),
            ["v2"] => Task.CompletedTask,
            ["v2", .. var repository, "blobs", "uploads"] => StartUploadAsync(context, string.Join('/', repository)),
            ["v2", .., "blobs", "uploads", var upload] => UploadAsync(context, upload),
            ["v2", .., "blobs", var digest] => BlobAsync(context, digest),
            ["v2", .. var repository, "manifests", var name] => ManifestAsync(context, string.Join('/', repository), name),
            _ => RefuseAsync(context, 404),
        });
    }

    private async Task TokenAsync(HttpContext context)
    {
        var token = Guid.NewGuid().ToString("N");
        Tokens.Enqueue(token);
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync($$"""{"token": "{{token}}", "expires_in": 300}""");
    }

    private Task StartUploadAsync(HttpContext context, string repository)
    {
        var id = Guid.NewGuid().ToString("N");
        Blobs[id] = [];
        context.Response.StatusCode = 202;
        context.Response.Headers.Location = $"/v2/{repository}/blobs/uploads/{id}";
        context.Response.Headers["Docker-Upload-UUID"] = id;
        context.Response.Headers.Range = "0-0";
        return Task.CompletedTask;
    }

    private async Task UploadAsync(HttpContext context, string upload)
    {
        using var body = new MemoryStream();
        await body.WriteAsync(Blobs[upload]);
        await context.Request.Body.CopyToAsync(body);
        Blobs[upload] = body.ToArray();
        if (HttpMethods.IsPut(context.Request.Method))
        {
            Blobs.TryRemove(upload, out var content);
            context.Response.Headers["Docker-Content-Digest"] = AddBlob(content!);
            context.Response.StatusCode = 201;
            return;
        }

        context.Response.StatusCode = 202;
        context.Response.Headers.Location = context.Request.Path.Value;
        context.Response.Headers.Range = $"0-{Blobs[upload].Length - 1}";
    }

    private async Task BlobAsync(HttpContext context, string digest)
    {
        if (!Blobs.TryGetValue(digest, out var content))
        {
            await RefuseAsync(context, 404, "BLOB_UNKNOWN");
            return;
        }

        context.Response.Headers["Docker-Content-Digest"] = digest;
        await WriteAsync(context, "application/octet-stream", content);
    }

    private async Task ManifestAsync(HttpContext context, string repository, string name)
    {
        var key = name.Contains(':', StringComparison.Ordinal) ? $"{repository}@{name}" : $"{repository}:{name}";
        if (HttpMethods.IsPut(context.Request.Method))
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var digest = AddManifest(repository, name, context.Request.ContentType!, Encoding.UTF8.GetString(body.ToArray()));
            context.Response.Headers["Docker-Content-Digest"] = digest;
            context.Response.StatusCode = 201;
        }
        else if (Manifests.TryGetValue(key, out var manifest))
        {
            context.Response.Headers["Docker-Content-Digest"] = Digest(manifest.Bytes);
            await WriteAsync(context, manifest.MediaType, manifest.Bytes);
        }
        else
        {
            await RefuseAsync(context, 404, "MANIFEST_UNKNOWN");
        }
    }

    private static async Task WriteAsync(HttpContext context, string type, byte[] content)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = content.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(content);
    }

    internal sealed record Seen(string Method, string Path, string? Authorization, string? Agent);

    internal sealed record Manifest(string MediaType, byte[] Bytes);
}
