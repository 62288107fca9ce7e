using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Tests.Engines;

/// <summary>An engine for what a real one will not do on demand: Kestrel on a unix socket, which answers pings and lets a test answer the rest.</summary>
internal sealed class FakeEngine : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly string _directory;

    private FakeEngine(WebApplication application, string directory)
    {
        _application = application;
        _directory = directory;
        Client = new DockerClient(DockerEndpoint.Resolve($"unix://{directory}/docker.sock", null, DockerSettings.OfThisProcess));
    }

    internal IDockerClient Client { get; }

    /// <summary>Starts one that says it speaks an API version.</summary>
    /// <param name="answer">Answers everything but pings.</param>
    /// <param name="apiVersion">Its newest API version; empty for none.</param>
    internal static async Task<FakeEngine> StartAsync(RequestDelegate answer, string apiVersion = "1.41")
    {
        var directory = Directory.CreateTempSubdirectory("fake-").FullName;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server =>
        {
            server.ListenUnixSocket($"{directory}/docker.sock");
            server.Limits.MaxRequestBodySize = null;
        });
        var application = builder.Build();
        application.Run(context =>
        {
            if (context.Request.Path != "/_ping") return answer(context);
            if (apiVersion.Length > 0) context.Response.Headers["Api-Version"] = apiVersion;
            return context.Response.WriteAsync("OK");
        });
        await application.StartAsync();
        return new FakeEngine(application, directory);
    }

    /// <summary>Starts one that answers everything with one status and body.</summary>
    internal static Task<FakeEngine> StartAsync(int status, string body, string apiVersion = "1.41") => StartAsync(
        context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync(body);
        },
        apiVersion);

    /// <summary>Cuts the connection in the middle of an answer, once what was written of it has been read where the test can tell.</summary>
    internal static async Task CutAsync(HttpContext context, string written, Task? read = null)
    {
        await context.Response.WriteAsync(written);
        await context.Response.Body.FlushAsync();
        if (read is not null) await read.WaitAsync(TestLimit.Time);
        context.Features.Get<IHttpRequestLifetimeFeature>()!.Abort();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _application.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
