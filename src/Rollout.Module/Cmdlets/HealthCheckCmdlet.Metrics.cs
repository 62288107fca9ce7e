using System.Management.Automation;
using Rollout.Engine.Health;
using Rollout.Module.Literals;

namespace Rollout.Module.Cmdlets;

// What is asked of Prometheus.
public abstract partial class HealthCheckCmdlet
{
    /// <summary>The address of Prometheus.</summary>
    [Parameter]
    [Address]
    public Uri? Prometheus { get; set; }

    /// <summary>The share of requests that end with a 5xx status must be below this.</summary>
    [Parameter]
    [Percent]
    public decimal? ErrorRateBelow { get; set; }

    /// <summary>The response time must be below this.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? LatencyBelow { get; set; }

    /// <summary>The percentile of the response times that must be below -LatencyBelow.</summary>
    [Parameter]
    [Number]
    [ValidateRange(1.0, 99.999)]
    public double Percentile { get; set; } = 95;

    /// <summary>Whose metrics are meant: the names that the queries go by.</summary>
    [Parameter]
    [ValidateSet("Http", "OpenTelemetry", "Spring", "Istio", "Linkerd", "Nginx", "Traefik")]
    public string Template { get; set; } = MetricTemplates.Default;

    /// <summary>Label matchers that choose the workload's series.</summary>
    [Parameter]
    public string? Selector { get; set; }

    /// <summary>A query in PromQL.</summary>
    [Parameter]
    public string? Query { get; set; }

    /// <summary>Each number of the query must be below this.</summary>
    [Parameter]
    [Number]
    public double? Below { get; set; }

    /// <summary>Each number of the query must be above this.</summary>
    [Parameter]
    [Number]
    public double? Above { get; set; }

    /// <summary>What there may be too little of.</summary>
    [Parameter]
    [ValidateSet("Cpu", "Memory", "Pending", "Probes")]
    public string[] Saturation { get; set; } = [];

    /// <summary>Makes the query a range query of -Window, with points so far apart.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? Step { get; set; }

    /// <summary>The time that is looked back at.</summary>
    [Parameter]
    [Duration]
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Requests that there must have been for it to say anything.</summary>
    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long? MinimumRequests { get; set; }

    /// <summary>The query that counts those requests.</summary>
    [Parameter]
    public string? RequestsQuery { get; set; }

    /// <summary>What it means that there is no data.</summary>
    [Parameter]
    public NoEvidence OnNoData { get; set; }

    /// <summary>What it means that monitoring cannot be asked.</summary>
    [Parameter]
    public NoEvidence OnError { get; set; }

    /// <summary>As Prometheus writes a selector they stand in braces.</summary>
    private string? Matchers => Text(Selector)?.Trim() is ['{', not '{', .., '}'] braced ? braced[1..^1] : Text(Selector);

    private bool AsksMonitoring => Prometheus is not null || Alertmanager is not null;

    private bool AsksForMetric => ErrorRateBelow is not null || LatencyBelow is not null || Text(Query) is not null || Saturation.Length > 0;

    private IEnumerable<RolloutHealthCheck> MetricChecks()
    {
        if (Prometheus is not { } server)
        {
            if (ErrorRateBelow is not null || LatencyBelow is not null) yield return RouterCheck();
            if (Saturation.Length > 0) yield return SaturationCheck();
            yield break;
        }

        if (ErrorRateBelow is { } share) yield return Metric(server, "error rate", MetricTemplates.ErrorRate(Template, Matchers), (double)share, null, MetricUnit.Share);
        if (LatencyBelow is { } time) yield return Metric(server, "latency", MetricTemplates.Latency(Template, Matchers), time.TotalSeconds, null, MetricUnit.Seconds);
        if (Text(Query) is { } query) yield return Baseline ? Compared(server, query) : Metric(server, "query", query, Below, Above, MetricUnit.None);
        foreach (var name in Saturation)
        {
            var saturation = MetricTemplates.Saturations[name];
            yield return Metric(server, saturation.Name, saturation.Query, saturation.Below, null, saturation.Unit) with { MinimumRequests = null, RequestsQuery = null };
        }
    }

    /// <summary>Without Prometheus, the router in front counts.</summary>
    private RouterHealthCheck RouterCheck() => new()
    {
        Name = "router",
        ErrorRateBelow = (double?)ErrorRateBelow,
        LatencyBelow = LatencyBelow,
        Window = Window,
        MinimumRequests = MinimumRequests,
        OnNoData = OnNoData,
        OnError = OnError,
    };

    /// <summary>Without Prometheus, the platform itself says what its replicas use.</summary>
    private SaturationHealthCheck SaturationCheck() => new()
    {
        Name = "saturation",
        Resources = [.. Saturation.Select(name => Enum.Parse<LimitedResource>(name, ignoreCase: true)).Distinct()],
        Window = Window,
        OnNoData = OnNoData,
        OnError = OnError,
    };

    private PrometheusHealthCheck Metric(Uri server, string name, string query, double? below, double? above, MetricUnit unit) => (PrometheusHealthCheck)ForMonitoring(new PrometheusHealthCheck
    {
        Name = name,
        Uri = server,
        Query = query,
        Below = below,
        Above = above,
        Unit = unit,
        Window = Window,
        Step = query == Query ? Step : null,
        Quantile = Percentile / 100,
        MinimumRequests = MinimumRequests,
        RequestsQuery = MinimumRequests is null ? null : Text(RequestsQuery) ?? MetricTemplates.Count(Template, Matchers),
        OnNoData = OnNoData,
        OnError = OnError,
    });
}
