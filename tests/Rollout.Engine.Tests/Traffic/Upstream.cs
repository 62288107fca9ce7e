using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Rollout.Engine.Tests.Traffic;

/// <summary>A small web server in this process that says its name; a service behind a router.</summary>
internal sealed class Upstream : IAsyncDisposable
{
    private readonly WebApplication application;

    private Upstream(WebApplication application) => this.application = application;

    /// <summary>127.0.0.1:port.</summary>
    internal string Address => new Uri(application.Urls.Single()).Authority;

    internal static Task<Upstream> StartAsync(string name) => StartAsync(context =>
    {
        context.Response.ContentLength = name.Length;
        return context.Response.WriteAsync(name);
    });

    internal static async Task<Upstream> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0));
        var application = builder.Build();
        application.Run(answer);
        await application.StartAsync();
        return new Upstream(application);
    }

    public async ValueTask DisposeAsync()
    {
        await application.StopAsync();
        await application.DisposeAsync();
    }
}
