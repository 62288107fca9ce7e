using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Health;
using Rollout.Engine.Health.Router;
using Rollout.Engine.Tests.Engines;
using Rollout.Engine.Tests.Traffic;
using Rollout.Engine.Traffic;
using Xunit;

namespace Rollout.Engine.Tests.Health;

public sealed class RouterTests
{
    [FactNeeds("haproxy")]
    public async Task HAProxy_counts_answers_errors_and_what_gave_no_answer()
    {
        await using var good = await Upstream.StartAsync("good");
        await using var bad = await Upstream.StartAsync(context =>
        {
            if (context.Request.Path == "/cut") context.Abort();
            else context.Response.StatusCode = 503;
            return Task.CompletedTask;
        });
        await using var haproxy = await TestRouter.StartAsync($"backend shop\n    server good {good.Address}\n    server bad {bad.Address} weight 0\n    server gone 127.0.0.1:1 weight 0\n");
        await using var router = haproxy.Open();
        using var client = new HttpClient();
        async Task AskAsync(string server, int times, string path)
        {
            foreach (var one in new[] { "good", "bad", "gone" }) await haproxy.CommandAsync($"set server shop/{one} weight {(one == server ? 1 : 0)}");
            for (var i = 0; i < times; i++) (await client.GetAsync(new Uri(haproxy.Uri, path))).Dispose();
        }

        await AskAsync("good", 20, "/");
        await AskAsync("bad", 3, "/");
        await AskAsync("bad", 2, "/cut");
        await AskAsync("gone", 1, "/");

        var counters = (await router.CountersAsync(default)).ToDictionary(server => server.Server);
        Assert.Equal((20, 0), (counters["good"].Requests, counters["good"].Errors));
        // Where a connection is cut, HAProxy may have the client ask again: that is another request.
        Assert.True(counters["bad"].Requests >= 5 && counters["bad"].Errors == counters["bad"].Requests, $"{counters["bad"]}");
        Assert.True(counters["gone"].Requests >= 1 && counters["gone"].Errors == counters["gone"].Requests, $"{counters["gone"]}");
        Assert.NotNull(counters["good"].ResponseTime);
    }

    [Fact]
    public void What_went_through_is_counted_right_however_often_counters_begin_anew() =>
        Prop.ForAll(
            (from steps in (from requests in Gen.Choose(0, 50) from errors in Gen.Choose(0, requests) from reset in Gen.Frequency((5, Gen.Constant(false)), (1, Gen.Constant(true))) select (requests, errors, reset)).ListOf()
             select steps.ToList()).ToArbitrary(),
            steps =>
            {
                var delta = new TrafficDelta(TimeSpan.FromHours(1));
                var (at, counter) = (DateTimeOffset.UnixEpoch, new ServerCounters("s", 1000, 100, null));
                delta.Add(at, [counter]);
                var (requests, errors) = (0L, 0L);
                foreach (var step in steps)
                {
                    // A restart is seen where the counter is below what it was: it is, after so many before.
                    counter = step.reset ? new ServerCounters("s", step.requests, step.errors, null) : counter with { Requests = counter.Requests + step.requests, Errors = counter.Errors + step.errors };
                    if (step.reset) counter = counter with { Requests = Math.Min(counter.Requests, 50) };
                    delta.Add(at += TimeSpan.FromSeconds(1), [counter]);
                    (requests, errors) = (requests + step.requests, errors + step.errors);
                }

                return delta.Sum()["s"] is var sum && (steps.Any(step => step.reset) ? sum.Requests <= requests : sum == new Counted(requests, errors));
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_counter_that_began_anew_is_counted_from_nothing()
    {
        var delta = new TrafficDelta(TimeSpan.FromMinutes(1));
        delta.Add(DateTimeOffset.UnixEpoch, [new ServerCounters("s", 1000, 10, null)]);
        delta.Add(DateTimeOffset.UnixEpoch.AddSeconds(10), [new ServerCounters("s", 7, 2, null), new ServerCounters("new", 5, 5, null)]);
        Assert.Equal((new Counted(7, 2), new Counted(5, 5)), (delta.Sum()["s"], delta.Sum()["new"]));
    }

    [Fact]
    public void Only_the_window_counts()
    {
        var delta = new TrafficDelta(TimeSpan.FromSeconds(30));
        for (var second = 0; second <= 100; second += 10) delta.Add(DateTimeOffset.UnixEpoch.AddSeconds(second), [new ServerCounters("s", second, second <= 50 ? second : 50, null)]);
        Assert.Equal((new Counted(30, 0), TimeSpan.FromSeconds(30)), (delta.Sum()["s"], delta.Covered));
    }

    [Theory]
    [InlineData(1000, 0, HealthVerdict.Healthy, "0% errors")]
    [InlineData(1000, 4, HealthVerdict.Healthy, "0.4% errors")]
    [InlineData(1000, 5, HealthVerdict.Unhealthy, "0.5% errors")]
    [InlineData(2, 1, HealthVerdict.Unhealthy, "50% errors")]
    [InlineData(0, 0, HealthVerdict.Inconclusive, null)]
    public async Task The_share_over_the_window_decides(int perSecond, int errors, HealthVerdict verdict, string? value)
    {
        var result = await ResultAsync(new RouterHealthCheck { Name = "router", ErrorRateBelow = 0.005, Window = TimeSpan.FromMinutes(5) }, second => new ServerCounters("shop-1", second * perSecond, second * errors, TimeSpan.FromMilliseconds(20)));
        Assert.Equal((verdict, value), (result.Verdict, result.Value));
    }

    [Fact]
    public async Task Enough_requests_decide_before_the_window_is_over()
    {
        var seconds = 0L;
        var check = new RouterHealthCheck { Name = "router", LatencyBelow = TimeSpan.FromMilliseconds(300), Window = TimeSpan.FromMinutes(5), MinimumRequests = 100 };
        var result = await ResultAsync(check, second => new ServerCounters("shop-1", (seconds = second) * 50, 0, TimeSpan.FromMilliseconds(400)));
        Assert.Equal((HealthVerdict.Unhealthy, "400 ms mean response time"), (result.Verdict, result.Value));
        Assert.InRange(seconds, 2, 10);
    }

    [Fact]
    public async Task Without_a_router_it_says_at_once_what_there_is_instead()
    {
        var result = await ResultAsync(new RouterHealthCheck { Name = "router", ErrorRateBelow = 0.005 }, null);
        Assert.Equal(HealthVerdict.Inconclusive, result.Verdict);
        Assert.Contains("-Prometheus", result.Message, StringComparison.Ordinal);
    }

    private static async Task<HealthCheckResult> ResultAsync(RouterHealthCheck check, Func<long, ServerCounters>? count)
    {
        var time = new SimulatedTime();
        var health = await new HealthCheckRunner(new Counting(time, count), time).RunAsync(TestRollouts.Docker, [check with { Timeout = TimeSpan.FromMinutes(1) }], SilentReporter.Instance, default);
        return Assert.Single(health.Checks);
    }

    private sealed class Counting(TimeProvider time, Func<long, ServerCounters>? count) : IReplicaStates
    {
        private readonly DateTimeOffset begun = time.GetUtcNow();

        public Task<IReadOnlyList<ReplicaState>> ReadAsync(RolloutStatus rollout, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<IReadOnlyList<ServerCounters>?> TrafficAsync(RolloutStatus rollout, CancellationToken cancellation) =>
            Task.FromResult<IReadOnlyList<ServerCounters>?>(count is null ? null : [count((long)(time.GetUtcNow() - begun).TotalSeconds)]);
    }
}
