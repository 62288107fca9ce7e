namespace Rollout.Engine.Health;

/// <summary>The queries that go by a name: error rate and latency by the usual metrics, and what shows that a workload has too little.</summary>
public static class MetricTemplates
{
    private const string OfWorkload = "{{selector}}";

    private static readonly Dictionary<string, Requests> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Http"] = new("http_requests_total", "code=~\"5..\"", "http_request_duration_seconds_bucket", 1, OfWorkload),
        ["OpenTelemetry"] = new("http_server_request_duration_seconds_count", "http_response_status_code=~\"5..\"", "http_server_request_duration_seconds_bucket", 1, OfWorkload),
        ["Spring"] = new("http_server_requests_seconds_count", "status=~\"5..\"", "http_server_requests_seconds_bucket", 1, OfWorkload),
        ["Istio"] = new("istio_requests_total", "response_code=~\"5..\"", "istio_request_duration_milliseconds_bucket", 1000,
            "destination_workload_namespace=\"{{namespace}}\", destination_workload=\"{{name}}\"", "reporter=\"destination\""),
        ["Linkerd"] = new("response_total", "classification=\"failure\"", "response_latency_ms_bucket", 1000, OfWorkload, "direction=\"inbound\""),
        ["Nginx"] = new("nginx_ingress_controller_requests", "status=~\"5..\"", "nginx_ingress_controller_request_duration_seconds_bucket", 1,
            "exported_namespace=\"{{namespace}}\", exported_service=\"{{name}}\""),
        ["Traefik"] = new("traefik_service_requests_total", "code=~\"5..\"", "traefik_service_request_duration_seconds_bucket", 1, "service=~\"({{namespace}}-)?{{name}}[-@].*\""),
    };

    /// <summary>The template that is taken where none is named.</summary>
    public const string Default = "Http";

    /// <summary>The names there are.</summary>
    public static IReadOnlyCollection<string> Names => Known.Keys;

    /// <summary>The share of requests that ended with a 5xx status. Without one there is no series of errors; that is none, not no data.</summary>
    /// <param name="template">One of <see cref="Names"/>.</param>
    /// <param name="selector">Label matchers that choose the workload's series; null for the template's own.</param>
    public static string ErrorRate(string template, string? selector)
    {
        var of = Known[template];
        var series = of.Series(selector);
        return $"(sum(rate({of.Counter}{{{series}, {of.Error}}}[{{{{window}}}}])) or vector(0)) / sum(rate({of.Counter}{{{series}}}[{{{{window}}}}]))";
    }

    /// <summary>The quantile of the response time, in seconds.</summary>
    /// <inheritdoc cref="ErrorRate"/>
    public static string Latency(string template, string? selector)
    {
        var of = Known[template];
        var quantile = $"histogram_quantile({{{{quantile}}}}, sum by (le) (rate({of.Buckets}{{{of.Series(selector)}}}[{{{{window}}}}])))";
        return of.PerSecond == 1 ? quantile : $"{quantile} / {of.PerSecond}";
    }

    /// <summary>The number of requests in the window.</summary>
    /// <inheritdoc cref="ErrorRate"/>
    public static string Count(string template, string? selector)
    {
        var of = Known[template];
        return $"sum(increase({of.Counter}{{{of.Series(selector)}}}[{{{{window}}}}]))";
    }

    /// <summary>What shows that a workload has too little, by its name: the query and what it must be below.</summary>
    public static IReadOnlyDictionary<string, Saturation> Saturations { get; } = new Dictionary<string, Saturation>(StringComparer.OrdinalIgnoreCase)
    {
        ["Cpu"] = new("minutes with CPU above 85% of the limit", Minutes(
            "sum by (pod) (rate(container_cpu_usage_seconds_total{{{selector}}, container!=\"\"}[2m])) / sum by (pod) (kube_pod_container_resource_limits{{{selector}}, resource=\"cpu\"}) > bool 0.85", "5m"), 5, MetricUnit.None),
        ["Memory"] = new("minutes with memory above 85% of the limit", Minutes(
            "sum by (pod) (container_memory_working_set_bytes{{{selector}}, container!=\"\"}) / sum by (pod) (kube_pod_container_resource_limits{{{selector}}, resource=\"memory\"}) > bool 0.85", "5m"), 5, MetricUnit.None),
        ["Pending"] = new("minutes that a Pod has been pending", Minutes("kube_pod_status_phase{{{selector}}, phase=\"Pending\"}", "10m"), 10, MetricUnit.None),
        ["Probes"] = new(
            "share of probes that fail",
            "(sum(increase(prober_probe_total{{{selector}}, result=\"failed\"}[{{window}}])) or vector(0)) / sum(increase(prober_probe_total{{{selector}}}[{{window}}]))",
            0.05,
            MetricUnit.Share),
    };

    /// <summary>Counted rather than asked for the least of: a Pod that is new has no history, and a busy start is not five minutes.</summary>
    private static string Minutes(string condition, string window) => $"max(sum_over_time(({condition})[{window}:1m]))";

    /// <param name="Counter">The counter of requests.</param>
    /// <param name="Error">The matchers of those that failed.</param>
    /// <param name="Buckets">The histogram of response times.</param>
    /// <param name="PerSecond">Its units in a second.</param>
    /// <param name="Selector">The matchers of the workload's own series.</param>
    /// <param name="Side">What of each request that both of its ends count is counted once; empty where one end counts alone.</param>
    private sealed record Requests(string Counter, string Error, string Buckets, int PerSecond, string Selector, string Side = "")
    {
        internal string Series(string? selector) => Side.Length == 0 ? selector ?? Selector : $"{Side}, {selector ?? Selector}";
    }
}

/// <summary>One thing of which a workload can have too little.</summary>
/// <param name="Name">What is measured.</param>
/// <param name="Query">The query.</param>
/// <param name="Below">What every number must be below.</param>
/// <param name="Unit">How it is shown.</param>
public sealed record Saturation(string Name, string Query, double Below, MetricUnit Unit);
