using Rollout.Engine.Health;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Health;

/// <summary>Against a real Prometheus that scrapes a real service.</summary>
public sealed class PrometheusTests(TestPrometheus prometheus) : IClassFixture<TestPrometheus>
{
    [FactNeeds("prometheus")]
    public async Task An_error_rate_below_the_threshold_is_healthy_though_no_error_was_ever_counted()
    {
        await prometheus.Shop.SetAsync("traffic=true");
        var result = await ResultAsync(ErrorRate(0.005) with { MinimumRequests = 10, RequestsQuery = MetricTemplates.Count("Http", null) });
        Assert.Equal((HealthVerdict.Healthy, "0%", "below 0.5%"), (result.Verdict, result.Value, result.Threshold));
        Assert.Contains("http_requests_total{job=\"shop\", code=~\"5..\"}[3s]", result.Query, StringComparison.Ordinal);
    }

    [FactNeeds("prometheus")]
    public async Task An_error_rate_above_it_is_unhealthy_within_the_watched_time()
    {
        await using var other = new TestPrometheus();
        await other.InitializeAsync();
        var watching = RunAsync(other.Uri, ErrorRate(0.005) with { For = TimeSpan.FromMinutes(5) });
        await other.Shop.SetAsync("errors=0.2");
        var result = await watching.WaitAsync(TestLimit.Time);
        Assert.Equal(HealthVerdict.Unhealthy, result.Verdict);
        Assert.EndsWith("%", result.Value, StringComparison.Ordinal);
        Assert.Contains("not below 0.5%", result.Message, StringComparison.Ordinal);
    }

    [FactNeeds("prometheus")]
    public async Task A_latency_is_compared_in_seconds_and_shown_in_milliseconds()
    {
        var latency = Check(MetricTemplates.Latency("Http", null)) with { Unit = MetricUnit.Seconds };
        var good = await ResultAsync(latency with { Below = 0.3 });
        Assert.True(good.Verdict == HealthVerdict.Healthy, $"{good.Message} {good.Query}");
        Assert.Equal("below 300 ms", good.Threshold);
        Assert.EndsWith(" ms", good.Value, StringComparison.Ordinal);
        Assert.Equal(HealthVerdict.Unhealthy, (await ResultAsync(latency with { Below = 0.06 })).Verdict);
    }

    [FactNeeds("prometheus")]
    public async Task Every_point_of_a_range_counts()
    {
        // Not 'up', which is 0 where a busy machine is late with a scrape.
        await prometheus.UntilAsync("count_over_time(http_requests_total{code=\"200\"}[2s]) > 3");
        var range = Check("http_requests_total{job=\"{{name}}\", code=\"200\"}") with { Above = 0, Step = TimeSpan.FromMilliseconds(500) };
        var result = await ResultAsync(range);
        Assert.True(result.Verdict == HealthVerdict.Healthy, result.Message);
        Assert.True(result.Samples > 1, $"{result.Samples} samples");
    }

    [FactNeeds("prometheus")]
    public async Task The_worst_of_several_series_decides_and_is_named()
    {
        var result = await ResultAsync(Check("http_request_duration_seconds_bucket or up") with { Above = 1e9 });
        Assert.Equal(HealthVerdict.Unhealthy, result.Verdict);
        Assert.Matches("for .*job=\"shop\".*, the worst of [0-9]+ series", result.Message);
    }

    [TheoryNeeds("prometheus")]
    [InlineData("vector(0) / vector(0)", "no number but NaN")]
    [InlineData("no_such_metric", "no series matches")]
    public async Task Without_data_it_is_what_the_user_said(string query, string why)
    {
        foreach (var (meaning, verdict) in Meanings)
        {
            var result = await ResultAsync(Check(query) with { Below = 1, OnNoData = meaning, SuccessesNeeded = 1, Interval = TimeSpan.Zero });
            Assert.Equal(verdict, result.Verdict);
            Assert.Contains(why, result.Message, StringComparison.Ordinal);
        }
    }

    [FactNeeds("prometheus")]
    public async Task Too_few_requests_are_no_data()
    {
        var result = await ResultAsync(ErrorRate(0.005) with { MinimumRequests = 1_000_000_000, RequestsQuery = MetricTemplates.Count("Http", null), OnNoData = NoEvidence.Fail });
        Assert.Equal(HealthVerdict.Unhealthy, result.Verdict);
        Assert.Contains("and 1000000000 are needed", result.Message, StringComparison.Ordinal);
    }

    [FactNeeds("prometheus")]
    public async Task A_query_that_does_not_parse_gets_the_words_of_Prometheus_at_once()
    {
        var result = await ResultAsync(Check("sum(rate(x[5m])") with { Below = 1, Interval = TimeSpan.FromHours(1) });
        Assert.Equal(HealthVerdict.Inconclusive, result.Verdict);
        Assert.Contains("parse error: unclosed left parenthesis", result.Message, StringComparison.Ordinal);
    }

    [FactNeeds("prometheus")]
    public async Task A_text_is_no_number()
    {
        var result = await ResultAsync(Check("\"text\"") with { Below = 1 });
        Assert.Equal(HealthVerdict.Inconclusive, result.Verdict);
        Assert.Contains("only numbers can be compared", result.Message, StringComparison.Ordinal);
    }

    [FactNeeds("prometheus")]
    public async Task A_scalar_is_compared_like_any_number() =>
        Assert.Equal((HealthVerdict.Healthy, "3"), await VerdictAsync(Check("scalar(vector(3))") with { Above = 2, Below = 4 }));

    [FactNeeds("prometheus")]
    public async Task Tls_and_a_login_are_needed_where_they_are_asked_for()
    {
        await using var secured = await TestPrometheus.StartSecuredAsync();
        var check = Check("vector(1)") with { Uri = secured.Uri, Above = 0 };

        var distrusted = await RunAsync(secured.Uri, check);
        Assert.Equal(HealthVerdict.Inconclusive, distrusted.Verdict);
        Assert.Contains("-CertificateAuthority", distrusted.Message, StringComparison.Ordinal);

        var trusting = check with { CertificateAuthority = secured.CaFile };
        Assert.Contains("wants a login", (await RunAsync(secured.Uri, trusting)).Message, StringComparison.Ordinal);

        var login = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{TestPrometheus.User}:{TestPrometheus.Password}"));
        var known = (PrometheusHealthCheck)trusting.WithHeaders(new Dictionary<string, string> { ["Authorization"] = $"Basic {login}" });
        var good = await RunAsync(secured.Uri, known);
        Assert.Equal(HealthVerdict.Healthy, good.Verdict);
        Assert.DoesNotContain(login, $"{known} {good}", StringComparison.Ordinal);
    }

    internal static IEnumerable<(NoEvidence Meaning, HealthVerdict Verdict)> Meanings =>
        [(NoEvidence.Inconclusive, HealthVerdict.Inconclusive), (NoEvidence.Fail, HealthVerdict.Unhealthy), (NoEvidence.Pass, HealthVerdict.Healthy)];

    private PrometheusHealthCheck Check(string query) => new()
    {
        Name = "metric",
        Uri = prometheus.Uri,
        Query = query,
        Window = TimeSpan.FromSeconds(3),
        Interval = TimeSpan.FromMilliseconds(250),
    };

    private PrometheusHealthCheck ErrorRate(double below) => Check(MetricTemplates.ErrorRate("Http", null)) with { Below = below, Unit = MetricUnit.Share };

    private Task<HealthCheckResult> ResultAsync(PrometheusHealthCheck check) => RunAsync(prometheus.Uri, check);

    private async Task<(HealthVerdict, string?)> VerdictAsync(PrometheusHealthCheck check) => await ResultAsync(check) is var result ? (result.Verdict, result.Value) : default;

    private static async Task<HealthCheckResult> RunAsync(Uri server, PrometheusHealthCheck check)
    {
        var health = await new HealthCheckRunner(null!, TimeProvider.System).RunAsync(TestRollouts.Docker, [check with { Uri = server }], SilentReporter.Instance, default);
        return Assert.Single(health.Checks);
    }
}
