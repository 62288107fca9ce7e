using Microsoft.AspNetCore.Http;
using Rollout.Engine.Health;
using Rollout.Engine.Health.Alerts;
using Rollout.Engine.Tests.Engines;
using Rollout.Engine.Tests.Traffic;
using Xunit;

namespace Rollout.Engine.Tests.Health;

public sealed class AlertTests
{
    private static readonly DateTimeOffset Begun = DateTimeOffset.UtcNow.AddMinutes(-5);

    [FactNeeds("prometheus-alertmanager")]
    public async Task Alerts_count_that_fire_since_the_rollout_and_are_neither_silenced_nor_inhibited()
    {
        await using var manager = await TestAlertmanager.StartAsync();
        var check = new AlertHealthCheck { Name = "alerts", Uri = manager.Uri, Matchers = ["job=\"{{name}}\""] };
        Assert.Equal((HealthVerdict.Healthy, "0"), await VerdictAsync(check));

        await manager.FireAsync("Old", "critical", Begun.AddMinutes(-1));
        await manager.FireAsync("Elsewhere", "critical", Begun.AddMinutes(1), "basket");
        await manager.FireAsync("Known", "page", Begun.AddMinutes(1));
        await manager.SilenceAsync("Known");
        await manager.FireAsync("Inhibited", "warning", Begun.AddMinutes(1));
        await manager.UntilAsync("filter=alertname%3DInhibited&active=false&silenced=false&unprocessed=false");
        var quiet = await ResultAsync(check);
        Assert.Equal(HealthVerdict.Healthy, quiet.Verdict);
        Assert.Contains("1 that fired before the rollout do not count", quiet.Message, StringComparison.Ordinal);

        await manager.FireAsync("Fresh", "critical", Begun.AddMinutes(1));
        var loud = await ResultAsync(check);
        Assert.Equal((HealthVerdict.Unhealthy, "1", "alerts{job=\"shop\"}"), (loud.Verdict, loud.Value, loud.Query));
        Assert.Contains("Fresh fires since", loud.Message, StringComparison.Ordinal);
        Assert.Contains("Fresh of shop", loud.Message, StringComparison.Ordinal);
        Assert.Equal(HealthVerdict.Healthy, (await ResultAsync(check with { Matchers = ["job=shop", "severity!=critical"] })).Verdict);
        Assert.Equal(HealthVerdict.Unhealthy, (await ResultAsync(check with { Matchers = ["alertname=~\"Fr.*\"", "severity!~\"warn.*|page\""] })).Verdict);
    }

    [FactNeeds("prometheus")]
    public async Task Prometheus_itself_is_asked_too()
    {
        await using var prometheus = new TestPrometheus();
        await prometheus.InitializeAsync();
        var check = new AlertHealthCheck { Name = "alerts", Uri = prometheus.Uri, Source = AlertSource.Prometheus, Matchers = ["severity=\"critical\""], Interval = TimeSpan.FromMilliseconds(100), For = TimeSpan.FromMinutes(5) };
        var watching = ResultAsync(check);
        await prometheus.Shop.SetAsync("ready=false");
        var result = await watching.WaitAsync(TestLimit.Time);
        Assert.Equal(HealthVerdict.Unhealthy, result.Verdict);
        Assert.Contains("ShopNotReady", result.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("{}")]
    [InlineData("[{\"labels\":{}}]")]
    [InlineData("[{\"labels\":{},\"status\":{\"state\":\"active\"},\"startsAt\":\"yesterday\"}]")]
    public async Task A_malformed_answer_is_no_evidence(string answer)
    {
        await using var server = await Upstream.StartAsync(context => context.Response.WriteAsync(answer));
        var check = new AlertHealthCheck { Name = "alerts", Uri = new Uri($"http://{server.Address}"), Interval = TimeSpan.Zero };
        Assert.Equal(HealthVerdict.Inconclusive, (await ResultAsync(check)).Verdict);
        Assert.Equal(HealthVerdict.Unhealthy, (await ResultAsync(check with { OnError = NoEvidence.Fail })).Verdict);
    }

    [Fact]
    public async Task What_Alertmanager_itself_says_is_told_at_once()
    {
        await using var server = await Upstream.StartAsync(context =>
        {
            context.Response.StatusCode = 400;
            return context.Response.WriteAsync("\"bad matcher format: a\"");
        });
        var result = await ResultAsync(new AlertHealthCheck { Name = "alerts", Uri = new Uri($"http://{server.Address}"), Interval = TimeSpan.FromHours(1) });
        Assert.Equal("Alertmanager refuses it: bad matcher format: a", result.Message);
    }

    [Theory]
    [InlineData("a=\"b\"", "b", true)]
    [InlineData("a = b", "b", true)]
    [InlineData("a!=b", "c", true)]
    [InlineData("a=\"\"", null, true)]
    [InlineData("a!=\"b\"", null, true)]
    [InlineData("a=~\"b|c\"", "c", true)]
    [InlineData("a=~b", "ab", false)]
    [InlineData("a!~\"b.*\"", "bc", false)]
    [InlineData("a=\"x\\\"y\"", "x\"y", true)]
    public void Matchers_mean_what_they_mean_in_Prometheus(string matcher, string? label, bool matches)
    {
        var labels = new Dictionary<string, string>();
        if (label is not null) labels["a"] = label;
        Assert.Equal(matches, AlertMatcher.Parse(matcher).Matches(labels));
        Assert.Equal(matches, AlertMatcher.Parse(AlertMatcher.Parse(matcher).ToString()).Matches(labels));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("a>b")]
    [InlineData("1a=b")]
    [InlineData("a=\"b")]
    [InlineData("a=~\"(\"")]
    [InlineData("{a=\"b\"}")]
    public void Others_are_refused(string matcher) => Assert.Throws<FormatException>(() => AlertMatcher.Parse(matcher));

    private static async Task<(HealthVerdict, string?)> VerdictAsync(AlertHealthCheck check) => await ResultAsync(check) is var result ? (result.Verdict, result.Value) : default;

    private static async Task<HealthCheckResult> ResultAsync(AlertHealthCheck check) =>
        Assert.Single((await new HealthCheckRunner(null!, TimeProvider.System).RunAsync(TestRollouts.Docker with { StartedAt = Begun }, [check], SilentReporter.Instance, default)).Checks);
}
