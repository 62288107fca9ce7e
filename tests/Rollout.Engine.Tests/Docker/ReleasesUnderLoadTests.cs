using Rollout.Engine.Health;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Docker;

/// <summary>
/// Good releases and bad ones, each rolled out as a canary of 20 % under load: the checks decide, and what happens is told by the requests. The same by
/// what Prometheus measured and by what HAProxy itself counted.
/// </summary>
[Trait("Needs", "docker")]
public sealed class ReleasesUnderLoadTests(ServiceUnderLoad service) : IClassFixture<ServiceUnderLoad>
{
    private const double Share = 0.2;
    private const string Selector = "job=\"shop\", image=\"{{image}}\"";

    [TheoryNeeds("docker", "haproxy", "busybox", "prometheus")]
    [InlineData("HAProxy")]
    [InlineData("Prometheus")]
    public async Task A_good_release_gets_all_the_traffic_and_no_request_fails(string source)
    {
        var (_, failed) = service.Load.Sent;
        var status = await RollOutAsync($"good-{source}".ToLowerInvariant(), ShopImages.Behaviour.Good, Checks(source, 3));

        Assert.True(status.Phase == RolloutPhase.Healthy, $"{status.Phase}: {status.Message}");
        Assert.Equal(failed, service.Load.Sent.Failures);
        // And so it is found afterwards, by whoever asks.
        var health = await new HealthCheckRunner(service.ReplicaStates, TimeProvider.System).RunAsync(status, Checks(source, 0), SilentReporter.Instance, default);
        Assert.True(health.Healthy, health.Findings);
        // Each check was made of the canary, and again of the whole.
        Assert.Equal(2, status.Decisions.Count(decision => decision is { Verdict: HealthVerdict.Healthy, Threshold: not null } && decision.Query is { Length: > 0 } && decision.Threshold.Contains("5%", StringComparison.Ordinal)));
    }

    [TheoryNeeds("docker", "haproxy", "busybox", "prometheus")]
    [InlineData("slow", "HAProxy", "below 2")]
    [InlineData("slow", "Prometheus", "below 2")]
    [InlineData("erroring", "HAProxy", "below 5%")]
    [InlineData("erroring", "Prometheus", "below 5%")]
    [InlineData("flapping", "Prometheus", "below 5%")]
    [InlineData("crashing", "HAProxy", "")]
    public async Task A_bad_release_is_undone_and_fails_no_more_requests_than_its_share(string kind, string source, string threshold)
    {
        var (before, serving) = (await service.Target.ReadAsync(default), await service.ServingAsync());
        var (requests, failures) = service.Load.Sent;
        var status = await RollOutAsync($"{kind}-{source}".ToLowerInvariant(), BehaviourOf(kind), Checks(source, WatchedSec(kind)));
        var (requestsAfter, failuresAfter) = service.Load.Sent;

        Assert.True(status.Phase == RolloutPhase.Undone, $"{status.Phase}: {status.Reason}: {status.Message}");
        Assert.Equal(before!.Image, status.Image);
        var share = (double)(failuresAfter - failures) / (requestsAfter - requests);
        Assert.True(share <= Share, $"{share:P1} of the requests failed");

        // What is healthy was neither stopped nor started, and serves alone.
        Assert.Equal(serving, await service.ServingAsync());
        // Of a crash the router or the container tells, whichever is the sooner.
        Assert.Contains(status.Decisions, decision => decision.Verdict == HealthVerdict.Unhealthy && (threshold.Length == 0 || decision.Threshold?.Contains(threshold, StringComparison.Ordinal) == true));
        // The undo is judged by the same checks, and what the bad release did is not held against what runs again.
        Assert.True(status.Decisions.TakeLast(2).First().Verdict == HealthVerdict.Healthy, string.Join('\n', status.Decisions));
        Assert.Equal(HealthVerdict.Unhealthy, (await service.Target.HistoryAsync(default)).First(revision => !revision.Current).Verdict);
    }

    /// <summary>What flaps is well for two seconds of three, and what crashes at first: a single look would not do. A crash ends an hour's watch at once.</summary>
    private static int WatchedSec(string kind) => kind switch { "flapping" => 4, "crashing" => 3600, _ => 0 };

    private static ShopImages.Behaviour BehaviourOf(string kind) => kind switch
    {
        "slow" => ShopImages.Behaviour.Slow,
        "erroring" => ShopImages.Behaviour.Erroring,
        "flapping" => ShopImages.Behaviour.Flapping,
        _ => ShopImages.Behaviour.Crashing,
    };

    private async Task<RolloutStatus> RollOutAsync(string tag, ShopImages.Behaviour behaviour, IReadOnlyList<RolloutHealthCheck> checks) => await service.RollOutAsync(new RolloutRequest
    {
        Image = await service.ImageAsync(tag, behaviour),
        Strategy = RolloutStrategy.Canary,
        Steps = StepText.Parse("20%,check"),
        HealthChecks = checks,
        Timeout = TestLimit.Time,
    });

    private IReadOnlyList<RolloutHealthCheck> Checks(string source, int forSec)
    {
        var common = new PrometheusHealthCheck
        {
            Name = "error rate",
            Uri = service.Prometheus?.Uri!,
            Query = MetricTemplates.ErrorRate("Http", Selector),
            Below = 0.05,
            Unit = MetricUnit.Share,
            RequestsQuery = MetricTemplates.Count("Http", Selector),
            MinimumRequests = 20,
            Window = TimeSpan.FromSeconds(2),
            Interval = TimeSpan.FromMilliseconds(250),
            For = TimeSpan.FromSeconds(forSec),
        };
        return source == "Prometheus"
            ? [common, common with { Name = "latency", Query = MetricTemplates.Latency("Http", Selector), Below = 2, Unit = MetricUnit.Seconds }]
            : [
                new RouterHealthCheck { Name = "router", ErrorRateBelow = 0.05, LatencyBelow = TimeSpan.FromSeconds(2), MinimumRequests = 20, Window = common.Window, Interval = common.Interval, For = common.For },
                new ContainerHealthCheck { Name = "containers", FailureLimit = 1, For = common.For },
            ];
    }
}
