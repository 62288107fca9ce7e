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
    private static readonly double[] Buckets = [0.05, 0.1, 0.2, 0.5, 1, double.PositiveInfinity];
    private static readonly HttpClient Client = new();

    private readonly WebApplication _application;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly long[] _inBucket = new long[Buckets.Length];
    private readonly Task _traffic;
    private (double Errors, double Latency, bool Ready, bool Traffic) _doing = (0, 0.08, true, true);
    private double _owed;
    private long _good;
    private long _bad;

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
            _bad += errors;
            _good += requests - errors;
            _inBucket[Array.FindIndex(Buckets, bound => _doing.Latency <= bound)] += requests;
        }
    }

    private string Metrics()
    {
        lock (_gate)
        {
            var text = new StringBuilder();
            text.Append(CultureInfo.InvariantCulture, $"http_requests_total{{code=\"200\"}} {_good}\n");
            // As with most libraries, a series is there once something was counted.
            if (_bad > 0) text.Append(CultureInfo.InvariantCulture, $"http_requests_total{{code=\"500\"}} {_bad}\n");
            var sum = 0L;
            for (var i = 0; i < Buckets.Length; i++)
            {
                sum += _inBucket[i];
                text.Append(CultureInfo.InvariantCulture, $"http_request_duration_seconds_bucket{{le=\"{(double.IsFinite(Buckets[i]) ? Buckets[i] : "+Inf")}\"}} {sum}\n");
            }

            return text.Append(CultureInfo.InvariantCulture, $"shop_ready {(_doing.Ready ? 1 : 0)}\n").ToString();
        }
    }
}
