using System.Text;
using Microsoft.AspNetCore.Http;
using Rollout.Engine.Health;
using Rollout.Engine.Tests.Engines;
using Rollout.Engine.Tests.Traffic;
using Xunit;

namespace Rollout.Engine.Tests.Health;

/// <summary>Each template on metrics in its names that a real Prometheus scrapes: of the workload, whose truth is known, beside those of others, all of which fail.</summary>
public sealed class MetricTemplateTests(MetricTemplateTests.Scraped scraped) : IClassFixture<MetricTemplateTests.Scraped>
{
    public static TheoryData<string> Templates => [.. MetricTemplates.Names];

    [TheoryNeeds("prometheus")]
    [MemberData(nameof(Templates))]
    public async Task A_template_finds_the_error_rate_and_the_latency_of_the_workload_and_of_no_other(string template)
    {
        var rate = await CheckAsync(MetricTemplates.ErrorRate(template, null), MetricUnit.Share, MetricTemplates.Count(template, null));
        Assert.Equal(("2%", HealthVerdict.Healthy), (rate.Value, rate.Verdict));
        // All took 0.3 s, of which the histogram tells that it is between 0.2 and 0.5.
        var latency = await CheckAsync(MetricTemplates.Latency(template, null), MetricUnit.Seconds, null);
        Assert.Equal(("485 ms", HealthVerdict.Healthy), (latency.Value, latency.Verdict));
    }

    private async Task<HealthCheckResult> CheckAsync(string query, MetricUnit unit, string? requests)
    {
        var check = new PrometheusHealthCheck
        {
            Name = "metric", Uri = scraped.Prometheus.Uri, Query = query, Unit = unit, Below = 0.49, RequestsQuery = requests, MinimumRequests = requests is null ? null : 500,
            Window = TimeSpan.FromSeconds(10), Interval = TimeSpan.FromMilliseconds(200),
        };
        var health = await new HealthCheckRunner(null!, TimeProvider.System).RunAsync(TestRollouts.Kubernetes, [check], SilentReporter.Instance, default);
        return Assert.Single(health.Checks);
    }

    /// <summary>What libraries, meshes and ingress controllers expose, each time with a thousand requests more. Their own labels are as they set them, and a target's as a ServiceMonitor has them.</summary>
    public sealed class Scraped : IAsyncLifetime
    {
        private const string OfPod = "namespace: finance, pod: shop-7d9f8c6b5-x2x4z";
        private const string OfOther = "namespace: finance, pod: shop-api-7d9f8c6b5-x2x4z";
        private const string OfIngress = "namespace: ingress, pod: controller-7d9f8c6b5-x2x4z, service: metrics";

        private static readonly RequestNames Istio = new("istio_requests_total", "response_code", "200", "503", "istio_request_duration_milliseconds_bucket", 1000);
        private static readonly RequestNames Linkerd = new("response_total", "classification", "success", "failure", "response_latency_ms_bucket", 1000);
        private static readonly RequestNames Nginx = new("nginx_ingress_controller_requests", "status", "200", "502", "nginx_ingress_controller_request_duration_seconds_bucket");
        private static readonly RequestNames Traefik = new("traefik_service_requests_total", "code", "200", "502", "traefik_service_request_duration_seconds_bucket");

        private static readonly RequestNames[] OfLibraries =
        [
            RequestNames.Http,
            new("http_server_request_duration_seconds_count", "http_response_status_code", "200", "500", "http_server_request_duration_seconds_bucket"),
            new("http_server_requests_seconds_count", "status", "200", "500", "http_server_requests_seconds_bucket"),
        ];

        private Upstream exporter = null!;

        internal TestPrometheus Prometheus { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            if (Needs.Program("prometheus") is null) return;
            var paths = new Dictionary<string, Metrics>
            {
                ["/pod"] = new([.. OfLibraries, Linkerd with { Labels = "direction=\"inbound\"" }], [Linkerd with { Labels = "direction=\"outbound\"" }]),
                ["/other"] = new([], [.. OfLibraries, Linkerd with { Labels = "direction=\"inbound\"" }]),
                ["/mesh"] = new([Istio with { Labels = Mesh("destination", "shop") }], [Istio with { Labels = Mesh("source", "shop") }, Istio with { Labels = Mesh("destination", "shop-api") }]),
                ["/ingress"] = new([Nginx with { Labels = "namespace=\"finance\",service=\"shop\"" }], [Nginx with { Labels = "namespace=\"finance\",service=\"shop-api\"" }]),
                ["/proxy"] = new([Traefik with { Labels = "service=\"finance-shop-80@kubernetes\"" }], [Traefik with { Labels = "service=\"finance-shopfront-80@kubernetes\"" }]),
            };
            exporter = await Upstream.StartAsync(context => context.Response.WriteAsync(paths[context.Request.Path].Next()));
            Prometheus = await TestPrometheus.ScrapingAsync(paths.Keys.Select(path =>
                $"- {{ job_name: {path[1..]}, metrics_path: {path}, static_configs: [ {{ targets: [ '{exporter.Address}' ], labels: {{ {LabelsOf(path)} }} }} ] }}"));
            // A rate takes two samples.
            await Prometheus.UntilAsync($"count(sum_over_time(up[10s]) >= 2) == {paths.Count}");
        }

        public async Task DisposeAsync()
        {
            if (Prometheus is not null) await Prometheus.DisposeAsync();
            if (exporter is not null) await exporter.DisposeAsync();
        }

        private static string LabelsOf(string path) => path switch { "/pod" => OfPod, "/other" => OfOther, "/ingress" => OfIngress, _ => "" };

        private static string Mesh(string reporter, string workload) =>
            $"reporter=\"{reporter}\",destination_workload_namespace=\"finance\",destination_workload=\"{workload}\"";

        /// <summary>One target's metrics: some whose truth is known, and others.</summary>
        private sealed class Metrics(IEnumerable<RequestNames> own, IEnumerable<RequestNames> others)
        {
            private readonly RequestMetrics[] own = [.. own.Select(names => new RequestMetrics(names))];
            private readonly RequestMetrics[] others = [.. others.Select(names => new RequestMetrics(names))];

            internal string Next()
            {
                foreach (var metrics in own) metrics.Count(1000, 20, 0.3);
                foreach (var metrics in others) metrics.Count(1000, 1000, 0.9);
                var text = new StringBuilder();
                foreach (var metrics in own.Concat(others)) metrics.Write(text);
                return text.ToString();
            }
        }
    }
}
