using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Rollout.Engine.Health;
using Rollout.Engine.Tests.Docker;
using Rollout.Engine.Tests.Engines;
using Rollout.Engine.Tests.Health;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Rollout.Engine.Tests.Traffic;

namespace Rollout.Bench;

/// <summary>
/// Health checks: what one costs over the bare HTTP call; a hundred rollouts that are watched each second for a minute; how soon a bad verdict
/// is handed on; and two hundred episodes whose truth is known.
/// </summary>
internal static class HealthFigure
{
    private const int Calls = 300;
    private const int Watched = 100;
    private const int Episodes = 200;
    private const int Undone = 10;
    private static readonly TimeSpan WatchedFor = TimeSpan.FromSeconds(60);

    private static readonly (string Name, double Errors, double Latency, int PerSecond)[] Kinds =
    [
        ("healthy", 0, 0.1, 100),
        ("1% errors", 0.01, 0.1, 100),
        ("5% errors", 0.05, 0.1, 100),
        ("50% errors", 0.5, 0.1, 100),
        ("latency doubled", 0, 0.2, 100),
        ("no traffic", 0, 0, 0),
    ];

    internal static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        await using var server = await AnsweringServer.StartAsync();
        server.Answer = _ => Vector(0);
        var check = new PrometheusHealthCheck { Name = "metric", Uri = server.Uri, Query = "x", Below = 1, Interval = TimeSpan.FromSeconds(1) };
        yield return await OverheadAsync(check, server.Uri);
        yield return await WatchAsync(check);
        yield return await HandedOnAsync(server, check);
        if (Needs.Missing("docker", "busybox") is null) yield return await UndoneOnDockerAsync(server, check);
        yield return await UndoneInClusterAsync(server, check);
        yield return await EpisodesAsync(server);
    }

    private static async Task<Figure> OverheadAsync(PrometheusHealthCheck check, Uri uri)
    {
        using var bare = new HttpClient();
        var (calls, checks) = (new List<double>(), new List<double>());
        for (var i = -20; i < Calls; i++)
        {
            var begun = Stopwatch.GetTimestamp();
            using (var form = new FormUrlEncodedContent([new("query", "x")])) (await bare.PostAsync(new Uri(uri, "api/v1/query"), form)).Dispose();
            var call = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
            begun = Stopwatch.GetTimestamp();
            await Runner().RunAsync(TestRollouts.Docker, [check], SilentReporter.Instance, CancellationToken.None);
            if (i < 0) continue;
            calls.Add(call);
            checks.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }

        var over = Median(checks) - Median(calls);
        return new Figure("a check over the bare HTTP call", string.Create(CultureInfo.InvariantCulture, $"{over:0.00} ms (median of {Calls}: {Median(checks):0.00} against {Median(calls):0.00} ms)"), "at most 2 ms", over <= 2);
    }

    private static async Task<Figure> WatchAsync(PrometheusHealthCheck check)
    {
        var process = Process.GetCurrentProcess();
        await Runner().RunAsync(TestRollouts.Docker, [check], SilentReporter.Instance, CancellationToken.None);
        var watching = Enumerable.Range(0, Watched).Select(_ => Runner().RunAsync(TestRollouts.Docker, [check with { For = WatchedFor }], SilentReporter.Instance, CancellationToken.None)).ToList();
        await Task.Delay(WatchedFor / 4);
        var (cpu, memory, begun) = (process.TotalProcessorTime, GC.GetTotalMemory(forceFullCollection: true), Stopwatch.GetTimestamp());
        await Task.Delay(WatchedFor / 2);
        process.Refresh();
        var share = (process.TotalProcessorTime - cpu) / Stopwatch.GetElapsedTime(begun);
        var growth = (GC.GetTotalMemory(forceFullCollection: true) - memory) / 1024.0 / 1024.0;
        await Task.WhenAll(watching);
        return new Figure(
            $"{Watched} rollouts watched each second",
            string.Create(CultureInfo.InvariantCulture, $"{share:P1} of one core, the server that answers included; memory grew by {growth:0.00} MiB in {WatchedFor.TotalSeconds / 2:0} s"),
            "at most 5% of one core, memory flat",
            share <= 0.05 && growth < 1);
    }

    private static async Task<Figure> HandedOnAsync(AnsweringServer server, PrometheusHealthCheck check)
    {
        var bad = 0L;
        var times = new List<double>();
        for (var i = 0; i < 20; i++)
        {
            server.Answer = query => query == "bad" ? Vector(2, () => bad = Stopwatch.GetTimestamp()) : Vector(0);
            var waiting = check with { Name = "other", For = TimeSpan.FromHours(1), Interval = TimeSpan.FromMinutes(1) };
            await new HealthCheckRunner(null!, TimeProvider.System) { EndsAtFirstUnhealthy = true }.RunAsync(TestRollouts.Docker, [waiting, check with { Query = "bad" }], SilentReporter.Instance, CancellationToken.None);
            times.Add(Stopwatch.GetElapsedTime(bad).TotalMilliseconds);
        }

        return new Figure(
            "a bad answer until it is handed on to the undo", string.Create(CultureInfo.InvariantCulture, $"{times.Max():0.0} ms at most of {times.Count}, {Median(times):0.0} ms in the middle, beside a check that waits a minute"), "at most 100 ms", times.Max() <= 100);
    }

    /// <summary>On an engine: the record that says so is written and read again before anything is put back.</summary>
    private static async Task<Figure> UndoneOnDockerAsync(AnsweringServer server, PrometheusHealthCheck check)
    {
        var engine = new DockerEngineFixture();
        try
        {
            var shop = new TestWorkload(engine.Client, engine.Prefix);
            await shop.StartAsync(await shop.ImageAsync("v1"));
            var request = TestWorkload.Request(await shop.ImageAsync("v2")) with { HealthChecks = [check] };
            var times = new List<double>();
            for (var i = 0; i < Undone; i++)
            {
                var bad = BadOnce(server);
                var begun = 0L;
                await shop.StartAsync(request, status => begun = begun == 0 && status.Decisions[^1].Action == "Undoing" ? Stopwatch.GetTimestamp() : begun);
                times.Add(Stopwatch.GetElapsedTime(bad(), begun).TotalMilliseconds);
            }

            return Undo("on a Docker engine, the record written", times);
        }
        finally
        {
            await engine.DisposeAsync();
        }
    }

    /// <summary>In a cluster: the first patch writes how it ended, the second is the undo.</summary>
    private static async Task<Figure> UndoneInClusterAsync(AnsweringServer server, PrometheusHealthCheck check)
    {
        await using var cluster = await TestCluster.StartAsync();
        using var client = cluster.Client();
        await using var place = new Playground(client, "default", isReal: false);
        var target = await TargetSteps.DeployedAsync(place, "deployment", "app:v0");
        var patches = new ConcurrentQueue<long>();
        cluster.Allows = (verb, resource, _) =>
        {
            if ((verb, resource) == ("patch", "apps/deployments")) patches.Enqueue(Stopwatch.GetTimestamp());
            return true;
        };
        var times = new List<double>();
        for (var i = 1; i <= Undone; i++)
        {
            var bad = BadOnce(server);
            await TargetSteps.StartAsync(target, $"app:v{i}", with: request => request with { HealthChecks = [check] });
            times.Add(Stopwatch.GetElapsedTime(bad(), patches.Where(at => at > bad()).ElementAt(1)).TotalMilliseconds);
        }

        return Undo("in a cluster (in process), the record written", times);
    }

    private static Figure Undo(string where, List<double> times) => new(
        $"a bad answer until the undo begins, {where}",
        string.Create(CultureInfo.InvariantCulture, $"{times.Max():0} ms at most of {times.Count}, {Median(times):0} ms in the middle"),
        "at most 100 ms",
        times.Max() <= 100);

    /// <summary>One bad answer, and then good ones; tells when the bad one was given.</summary>
    private static Func<long> BadOnce(AnsweringServer server)
    {
        var bad = 0L;
        server.Answer = _ => bad == 0 ? Vector(2, () => bad = Stopwatch.GetTimestamp()) : Vector(0);
        return () => bad;
    }

    /// <summary>Samples of a service whose truth is known, by a seed; asked for an error rate below 2% and a latency below 150 ms.</summary>
    private static async Task<Figure> EpisodesAsync(AnsweringServer server)
    {
        var found = new Dictionary<(string Kind, HealthVerdict Verdict), int>();
        for (var episode = 0; episode < Episodes; episode++)
        {
            var kind = Kinds[episode % Kinds.Length];
            var seed = episode;
            // A seed for each query: they are asked at the same time, in any order.
            server.Answer = query => Sample(kind, query, new Random((seed * 10) + query.Length));
            var common = new PrometheusHealthCheck
            {
                Name = "errors", Uri = server.Uri, Query = "errors", Below = 0.02, Unit = MetricUnit.Share, MinimumRequests = 100, RequestsQuery = "requests", Interval = TimeSpan.FromMilliseconds(1),
            };
            var health = await Runner().RunAsync(TestRollouts.Docker, [common, common with { Name = "latency", Query = "latency", Below = 0.15, Unit = MetricUnit.Seconds }], SilentReporter.Instance, CancellationToken.None);
            found[(kind.Name, health.Verdict)] = found.GetValueOrDefault((kind.Name, health.Verdict)) + 1;
        }

        int Count(string kind, HealthVerdict verdict) => found.GetValueOrDefault((kind, verdict));
        var table = new StringBuilder($"{Episodes} episodes\n    {"truth",-16}{"Healthy",10}{"Unhealthy",11}{"Inconclusive",14}");
        foreach (var (name, _, _, _) in Kinds) table.Append(CultureInfo.InvariantCulture, $"\n    {name,-16}{Count(name, HealthVerdict.Healthy),10}{Count(name, HealthVerdict.Unhealthy),11}{Count(name, HealthVerdict.Inconclusive),14}");
        var isRight = Count("5% errors", HealthVerdict.Healthy) + Count("50% errors", HealthVerdict.Healthy) + Count("latency doubled", HealthVerdict.Healthy) + Count("no traffic", HealthVerdict.Healthy) == 0
            && Count("healthy", HealthVerdict.Unhealthy) + Count("1% errors", HealthVerdict.Unhealthy) == 0;
        return new Figure("verdicts against the truth", table.ToString(), "no false Healthy from 5% errors on, no false Unhealthy of healthy ones", isRight);
    }

    /// <summary>Five minutes of requests, each of which fails or not by itself.</summary>
    private static string Sample((string Name, double Errors, double Latency, int PerSecond) kind, string query, Random random)
    {
        var requests = kind.PerSecond * 300;
        return query switch
        {
            "requests" => Vector(requests),
            _ when requests == 0 => Vector(double.NaN),
            "errors" => Vector(Enumerable.Range(0, requests).Count(_ => random.NextDouble() < kind.Errors) / (double)requests),
            _ => Vector(kind.Latency * (0.9 + (0.2 * random.NextDouble()))),
        };
    }

    private static HealthCheckRunner Runner() => new(null!, TimeProvider.System);

    private static double Median(IEnumerable<double> values) => values.Order().ToList() is var sorted ? sorted[sorted.Count / 2] : 0;

    private static string Vector(double value, Action? answered = null)
    {
        answered?.Invoke();
        var now = (DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0).ToString(CultureInfo.InvariantCulture);
        return $"{{\"status\":\"success\",\"data\":{{\"resultType\":\"vector\",\"result\":[{{\"metric\":{{}},\"value\":[{now},\"{value.ToString("R", CultureInfo.InvariantCulture)}\"]}}]}}}}";
    }

    /// <summary>Answers as Prometheus does, whatever it is told to.</summary>
    private sealed class AnsweringServer : IAsyncDisposable
    {
        private Upstream? upstream;

        internal Func<string, string> Answer { get; set; } = _ => "";

        internal Uri Uri => new($"http://{upstream!.Address}");

        internal static async Task<AnsweringServer> StartAsync()
        {
            var server = new AnsweringServer();
            server.upstream = await Upstream.StartAsync(async context => await context.Response.WriteAsync(server.Answer((await context.Request.ReadFormAsync())["query"].ToString())));
            return server;
        }

        public ValueTask DisposeAsync() => upstream!.DisposeAsync();
    }
}
