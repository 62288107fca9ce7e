using Rollout.Engine.Health;
using Xunit;

namespace Rollout.Engine.Tests.Health;

public sealed class QueryTemplateTests
{
    [Theory]
    [InlineData("{{namespace}}/{{name}}/{{target}}/{{container}}/{{revision}}", "finance/shop/deployment/shop/web/3")]
    [InlineData("{{image}}", "registry.example.com/team/shop:v2")]
    [InlineData("{{ window }} {{quantile}}", "90s 0.95")]
    [InlineData("{ {name} } }}{{", "{ {name} } }}{{")]
    [InlineData("sum by (le) (x{a=\"{{name}}\"})", "sum by (le) (x{a=\"shop\"})")]
    public void Variables_stand_for_what_they_are_in_the_rollout(string template, string query) =>
        Assert.Equal(query, QueryTemplate.Resolve(template, TestRollouts.Kubernetes, TimeSpan.FromSeconds(90), 0.95));

    [Fact]
    public void What_a_rollout_does_not_have_is_empty() => Assert.Equal("a=\"\"", QueryTemplate.Resolve("a=\"{{namespace}}{{container}}\"", TestRollouts.Docker));

    [Fact]
    public void No_value_ends_the_quotes_it_stands_in() =>
        Assert.Equal("a=\"x\\\"} or up{\\\\\"", QueryTemplate.Resolve("a=\"{{name}}\"", TestRollouts.Docker with { Name = "x\"} or up{\\" }));

    [Theory]
    [InlineData("deployment", "shop-5b8c9d7f4-x2v7k", true)]
    [InlineData("deployment", "shop-api-5b8c9d7f4-x2v7k", false)]
    [InlineData("statefulset", "shop-0", true)]
    [InlineData("statefulset", "shop-api-0", false)]
    [InlineData("daemonset", "shop-x2v7k", true)]
    [InlineData("daemonset", "shop-agent-x2v7k", false)]
    public void The_selector_takes_a_workloads_own_Pods(string kind, string pod, bool isOwn)
    {
        var selector = QueryTemplate.Resolve("{{selector}}", TestRollouts.Kubernetes with { Kind = kind });
        Assert.StartsWith("namespace=\"finance\", pod=~\"", selector, StringComparison.Ordinal);
        Assert.Equal(isOwn, System.Text.RegularExpressions.Regex.IsMatch(pod, $"^(?:{selector.Split("=~\"")[1].TrimEnd('\"')})$"));
    }

    [Fact]
    public void A_variable_that_does_not_exist_is_refused_with_those_that_do()
    {
        var check = new PrometheusHealthCheck { Name = "metric", Uri = new Uri("http://127.0.0.1:9/"), Query = "x{a=\"{{nmae}}\"}", Below = 1 };
        var error = Assert.Throws<RolloutException>(() => HealthCheckRules.Apply(check));
        Assert.Equal("UnknownQueryVariable", error.Id);
        Assert.Contains("{{nmae}}", error.Message, StringComparison.Ordinal);
        foreach (var known in new[] { "namespace", "name", "target", "container", "image", "revision", "selector", "window", "quantile" }) Assert.Contains($"{{{{{known}}}}}", error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<PrometheusHealthCheck> ImpossibleChecks()
    {
        var metric = new PrometheusHealthCheck { Name = "metric", Uri = new Uri("http://127.0.0.1:9/"), Query = "x", Below = 1 };
        return
        [
            metric with { Below = null },
            metric with { Below = double.NaN },
            metric with { Below = 1, Above = 2 },
            metric with { Query = " " },
            metric with { Query = "x{a=\"{{name}\"}" },
            metric with { Unit = MetricUnit.Share, Below = 0 },
            metric with { Window = TimeSpan.Zero },
            metric with { Step = TimeSpan.Zero },
            metric with { Step = TimeSpan.FromHours(1) },
            metric with { Step = TimeSpan.FromMilliseconds(1) },
            metric with { Quantile = 1 },
            metric with { MinimumRequests = 0, RequestsQuery = "x" },
            metric with { MinimumRequests = 1 },
            metric with { CertificateAuthority = "/no/such/file" },
            metric with { OutOf = 1, SuccessesNeeded = 2 },
            metric with { TotalFailureLimit = 0 },
        ];
    }

    [Theory]
    [MemberData(nameof(ImpossibleChecks))]
    public async Task An_impossible_check_is_an_error_and_not_a_verdict(PrometheusHealthCheck impossible)
    {
        var running = new HealthCheckRunner(null!, TimeProvider.System).RunAsync(TestRollouts.Docker, [impossible], SilentReporter.Instance, default);
        Assert.Equal("InvalidHealthCheck", (await Assert.ThrowsAsync<RolloutException>(() => running)).Id);
    }
}
