using System.Text.Json;
using Xunit;

namespace Rollout.Engine.Tests.Health;

public sealed class HealthCheckJsonTests
{
    private static readonly Dictionary<string, string> Secret = new() { ["Authorization"] = "Bearer t0psecret" };

    public static TheoryData<RolloutHealthCheck> Checks => [.. All];

    internal static RolloutHealthCheck[] All =>
    [
        new HttpHealthCheck
        {
            Name = "site", Uri = new Uri("https://anna:t0psecret@shop.example.com/healthz"), ExpectStatus = [200, 204], ExpectBody = "ok",
            ExpectHeader = new Dictionary<string, string> { ["X-Version"] = "v2" }, CertificateAuthority = "/etc/ca.pem", SuccessesNeeded = 3, OutOf = 5, TotalFailureLimit = 9,
        }.WithHeaders(Secret),
        new ContainerHealthCheck { Name = "containers", FailureLimit = 7, Interval = TimeSpan.FromSeconds(3), For = TimeSpan.FromMinutes(5) },
        new TcpHealthCheck { Name = "db", HostName = "db.example.com", Port = 5432 },
        new PrometheusHealthCheck
        {
            Name = "error rate", Uri = new Uri("https://anna:t0psecret@prometheus.example.com/x"), Query = "x[{{window}}]", Below = 0.005, Above = -1, Unit = MetricUnit.Share, Step = TimeSpan.FromSeconds(15),
            Window = TimeSpan.FromMinutes(2), MinimumRequests = 100, RequestsQuery = "y", OnNoData = NoEvidence.Pass, OnError = NoEvidence.Fail, Quantile = 0.99,
        }.WithHeaders(Secret),
        new BaselineHealthCheck
        {
            Name = "canary", Uri = new Uri("https://anna:t0psecret@prometheus.example.com/x"), CanaryRole = "v2", BaselineRole = "v1", Window = TimeSpan.FromMinutes(9), Step = TimeSpan.FromSeconds(3),
            PassScore = 90, MarginalScore = 50, OnNoData = NoEvidence.Fail, OnError = NoEvidence.Pass, Metrics =
            [
                new BaselineMetric
                {
                    Name = "latency", Query = "x{{role}}", BaselineQuery = "y", Group = "g", Direction = MetricDirection.Increase, Critical = true, MustHaveData = true, NaN = NaNStrategy.Zero,
                    RemoveOutliers = true, Effect = EffectMeasure.CommonLanguage, AllowedIncrease = 0.7, AllowedDecrease = 0.1,
                },
            ],
        }.WithHeaders(Secret),
        new AlertHealthCheck { Name = "alerts", Uri = new Uri("http://alerts.example.com:9093"), Matchers = ["severity=\"critical\""], Source = AlertSource.Prometheus, OnError = NoEvidence.Fail }.WithHeaders(Secret),
        new RouterHealthCheck { Name = "router", ErrorRateBelow = 0.01, LatencyBelow = TimeSpan.FromMilliseconds(300), MinimumRequests = 50, OnNoData = NoEvidence.Fail },
        new SaturationHealthCheck { Name = "saturation", Resources = [LimitedResource.Memory], Share = 0.5, Window = TimeSpan.FromMinutes(1), OnNoData = NoEvidence.Pass, OnError = NoEvidence.Fail },
        new ScriptHealthCheck { Name = "script", Script = "$_.Phase -eq 'Healthy'" }.WithBlock("t0psecret"),
        new CommandHealthCheck { Name = "smoke", Command = "smoke-test", ArgumentList = ["--fast", "a b"], WorkingDirectory = "/srv" },
    ];

    [Theory]
    [MemberData(nameof(Checks))]
    public void Every_check_comes_back_from_its_JSON_and_leaves_its_secrets_behind(RolloutHealthCheck check)
    {
        var json = JsonSerializer.Serialize(check);
        var back = JsonSerializer.Deserialize<RolloutHealthCheck>(json)!;
        Assert.IsType(check.GetType(), back);
        Assert.Equal(json, JsonSerializer.Serialize(back));
        Assert.DoesNotContain("t0psecret", json + check + back, StringComparison.Ordinal);
        Assert.Equal((check.Name, check.FailureLimit, check.Interval, check.Timeout, check.For), (back.Name, back.FailureLimit, back.Interval, back.Timeout, back.For));
    }

    [Fact]
    public void Every_kind_of_check_is_among_them() =>
        Assert.Equal(
            typeof(RolloutHealthCheck).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(RolloutHealthCheck)) && !type.IsAbstract).Select(type => type.Name).Order(),
            All.Select(check => check.GetType().Name).Order());

    [Fact]
    public void What_would_be_executed_or_is_secret_is_not_for_everybody_to_read()
    {
        var open = All.Where(check => check.IsOpen).Select(check => check.Kind);
        Assert.Equal(["Container", "Router", "Saturation", "Tcp"], open.Order());
    }
}
