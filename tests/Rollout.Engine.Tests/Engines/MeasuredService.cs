using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Rollout.Engine.Tests.Engines;

/// <summary>
/// A small service that counts its requests as others do, and tells them at <c>/metrics</c>. How it is doing is set over HTTP:
/// <c>/set?errors=0.05&amp;latency=0.3&amp;ready=false&amp;traffic=true</c>. With traffic on, it has a thousand requests a second by itself.
/// </summary>
internal sealed class MeasuredService : IAsyncDisposable
{
    private static readonly HttpClient Client = new();

    private readonly WebApplication _application;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly RequestMetrics _requests = new(RequestNames.Http);
    private readonly Task _traffic;
    private (double Errors, double Latency, bool Ready, bool Traffic) _doing = (0, 0.08, true, true);
    private double _owed;

    private MeasuredService(WebApplication application)
    {
        _application = application;
        _traffic = HaveTrafficAsync();
    }

    internal Uri Uri => new(_application.Urls.Single());

    internal static async Task<MeasuredService> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0));
        var application = builder.Build();
        var service = new MeasuredService(application);
        application.MapGet("/metrics", () => Results.Text(service.Metrics(), "text/plain; version=0.0.4"));
        application.MapGet("/healthz", () => Results.StatusCode(service._doing.Ready ? 200 : 503));
        application.MapGet("/set", (double? errors, double? latency, bool? ready, bool? traffic) =>
        {
            lock (service._gate) service._doing = (errors ?? service._doing.Errors, latency ?? service._doing.Latency, ready ?? service._doing.Ready, traffic ?? service._doing.Traffic);
        });
        await application.StartAsync();
        return service;
    }

    /// <summary>Changes how it is doing.</summary>
    internal async Task SetAsync(string what) => await Client.GetStringAsync(new Uri(Uri, $"set?{what}"));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _traffic;
        await _application.StopAsync();
        await _application.DisposeAsync();
        _stop.Dispose();
    }

    private async Task HaveTrafficAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token)) Have(20);
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private void Have(int requests)
    {
        lock (_gate)
        {
            if (!_doing.Traffic) return;
            _owed += requests * _doing.Errors;
            var errors = (long)_owed;
            _owed -= errors;
            _requests.Count(requests, errors, _doing.Latency);
        }
    }

    private string Metrics()
    {
        var text = new StringBuilder();
        _requests.Write(text);
        return text.Append(CultureInfo.InvariantCulture, $"shop_ready {(_doing.Ready ? 1 : 0)}\n").ToString();
    }
}
