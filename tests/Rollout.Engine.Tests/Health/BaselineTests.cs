using Rollout.Engine.Health;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Health;

/// <summary>The judge behind a real Prometheus that scrapes a real service, whose buckets stand for the sides: all its requests take 80 ms.</summary>
public sealed class BaselineTests(TestPrometheus prometheus) : IClassFixture<TestPrometheus>
{
    private static readonly BaselineMetric Slow = new()
    {
        Name = "slow",
        Query = "rate(http_request_duration_seconds_bucket{job=\"{{name}}\", le=\"{{role}}\"}[2s])",
        Direction = MetricDirection.Increase,
    };

    [FactNeeds("prometheus")]
    public async Task A_canary_like_its_baseline_is_healthy()
    {
        var result = await ResultAsync(Check(Slow) with { CanaryRole = "0.2", BaselineRole = "0.5" });

        Assert.True(result is { Verdict: HealthVerdict.Healthy, Value: "score 100", Threshold: "score of at least 95" }, result.Message);
        Assert.Equal(ScoreClassification.Pass, result.Judgement!.Classification);
        Assert.Contains("le=\"0.2\"", result.Query, StringComparison.Ordinal);
        Assert.Contains("le=\"0.5\"", result.Query, StringComparison.Ordinal);
    }

    [FactNeeds("prometheus")]
    public async Task A_canary_that_is_certainly_worse_is_unhealthy_and_it_is_said_why()
    {
        var result = await ResultAsync(Check(Slow) with { CanaryRole = "0.2", BaselineRole = "0.05" });

        Assert.True(result.Verdict == HealthVerdict.Unhealthy, result.Message);
        Assert.Contains("slow is High", result.Message, StringComparison.Ordinal);
        Assert.Contains("slow: The canary is higher than the baseline: the difference is ", result.Message, StringComparison.Ordinal);
        var metric = Assert.Single(result.Judgement!.Metrics);
        Assert.Equal(metric.Canary.Count + metric.Baseline.Count, result.Samples);
        Assert.InRange(metric.Canary.Count, 5, 21);
        Assert.Equal(0, metric.Baseline.Mean);
    }

    [FactNeeds("prometheus")]
    public async Task The_baseline_may_have_a_query_of_its_own() =>
        Assert.Equal(HealthVerdict.Healthy, (await ResultAsync(Check(Slow with { Query = "vector(1)", BaselineQuery = "vector(2)" }))).Verdict);

    [FactNeeds("prometheus")]
    public async Task Without_data_it_is_what_the_user_said()
    {
        var check = Check(Slow with { Query = "no_such_metric{role=\"{{role}}\"}" });

        Assert.Equal(HealthVerdict.Inconclusive, (await ResultAsync(check)).Verdict);
        Assert.Equal(HealthVerdict.Unhealthy, (await ResultAsync(check with { OnNoData = NoEvidence.Fail })).Verdict);
        Assert.Contains("Neither the canary nor the baseline has samples.", (await ResultAsync(check)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Prometheus_that_is_not_there_is_what_the_user_said()
    {
        var check = Check(Slow) with { Uri = new Uri($"http://127.0.0.1:{Ports.Free()}/") };

        Assert.Equal(HealthVerdict.Inconclusive, (await ResultAsync(check)).Verdict);
        Assert.Equal(HealthVerdict.Unhealthy, (await ResultAsync(check with { OnError = NoEvidence.Fail })).Verdict);
    }

    [Fact]
    public async Task A_quantile_is_compared_as_the_one_that_was_asked_for()
    {
        var check = Check(Slow with { Query = "histogram_quantile({{quantile}}, slow{role=\"{{role}}\"})" }) with { Uri = new Uri($"http://127.0.0.1:{Ports.Free()}/") };

        Assert.StartsWith("histogram_quantile(0.95, slow{role=\"canary\"})", (await ResultAsync(check)).Query, StringComparison.Ordinal);
        Assert.StartsWith("histogram_quantile(0.5, slow{role=\"canary\"})", (await ResultAsync(check with { Quantile = 0.5 })).Query, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ScoreClassification.Pass, NoEvidence.Fail, HealthVerdict.Healthy)]
    [InlineData(ScoreClassification.Marginal, NoEvidence.Fail, HealthVerdict.Inconclusive)]
    [InlineData(ScoreClassification.Fail, NoEvidence.Pass, HealthVerdict.Unhealthy)]
    [InlineData(ScoreClassification.Nodata, NoEvidence.Pass, HealthVerdict.Healthy)]
    [InlineData(ScoreClassification.Nodata, NoEvidence.Fail, HealthVerdict.Unhealthy)]
    [InlineData(ScoreClassification.Nodata, NoEvidence.Inconclusive, HealthVerdict.Inconclusive)]
    public void A_score_is_a_verdict(ScoreClassification classification, NoEvidence onNoData, HealthVerdict expected) =>
        Assert.Equal(expected, BaselineProbe.ToTry(new Judgement { Score = 0, Classification = classification, Message = "m" }, onNoData).Verdict);

    public static TheoryData<BaselineHealthCheck, string> Wrong => new()
    {
        { Check(), "compares no metric" },
        { Check(Slow) with { BaselineRole = "canary" }, "both sides have the role 'canary'" },
        { Check(Slow with { Query = "up" }), "the same for both sides; use {{role}} in it" },
        { Check(Slow) with { Step = TimeSpan.Zero }, "the time between two samples" },
        { Check(Slow) with { Step = TimeSpan.FromMilliseconds(1), Window = TimeSpan.FromHours(1) }, "at most 11000 samples" },
        { Check(Slow) with { PassScore = 50 }, "is not below the marginal one" },
        { Check(Slow) with { PassScore = 101 }, "scores go from 0 to 100" },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void A_check_that_cannot_be_made_is_refused(BaselineHealthCheck check, string why)
    {
        var problem = Assert.Throws<RolloutException>(() => HealthCheckRules.Apply(check));

        Assert.Equal("InvalidHealthCheck", problem.Id);
        Assert.Contains(why, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_side_is_a_variable_of_this_check_alone()
    {
        var threshold = new PrometheusHealthCheck { Name = "p", Uri = new Uri("http://127.0.0.1:9090/"), Query = Slow.Query, Below = 1 };

        Assert.Equal("UnknownQueryVariable", Assert.Throws<RolloutException>(() => HealthCheckRules.Apply(threshold)).Id);
        HealthCheckRules.Apply(Check(Slow));
        Assert.Equal("UnknownQueryVariable", Assert.Throws<RolloutException>(() => HealthCheckRules.Apply(Check(Slow with { Query = "x{{role}}{{rule}}" }))).Id);
    }

    private static BaselineHealthCheck Check(params BaselineMetric[] metrics) => new()
    {
        Name = "canary",
        Uri = new Uri("http://127.0.0.1:9090/"),
        Metrics = metrics,
        Window = TimeSpan.FromSeconds(2),
        Step = TimeSpan.FromMilliseconds(100),
        Interval = TimeSpan.Zero,
    };

    private async Task<HealthCheckResult> ResultAsync(BaselineHealthCheck check)
    {
        if (check.Uri.Port == 9090) check = check with { Uri = prometheus.Uri };
        if (check.Uri == prometheus.Uri) await prometheus.UntilAsync("count_over_time(up[5s]) > 22");
        var health = await new HealthCheckRunner(null!, TimeProvider.System).RunAsync(TestRollouts.Docker, [check], SilentReporter.Instance, CancellationToken.None);
        return health.Checks.Single();
    }
}
