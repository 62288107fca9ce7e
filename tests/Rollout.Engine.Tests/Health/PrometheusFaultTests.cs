using System.Globalization;
using Microsoft.AspNetCore.Http;
using Rollout.Engine.Health;
using Rollout.Engine.Tests.Registries;
using Rollout.Engine.Tests.Traffic;
using Xunit;

namespace Rollout.Engine.Tests.Health;

/// <summary>What is not Prometheus, or not well: slow, cut, malformed, lying and endless answers. Each is one verdict with one reason.</summary>
public sealed class PrometheusFaultTests
{
    private static string Now => (DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0).ToString(CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("not json at all", "it is no JSON")]
    [InlineData("{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"res", "it is no JSON")]
    [InlineData("[]", "malformed")]
    [InlineData("{\"status\":\"success\"}", "malformed")]
    [InlineData("{\"status\":\"success\",\"data\":{\"resultType\":\"cube\",\"result\":[]}}", "unknown type 'cube'")]
    [InlineData("{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":{}}}", "malformed")]
    [InlineData("{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{},\"value\":[1,\"ten\"]}]}}", "'ten' is no number")]
    [InlineData("{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{},\"value\":[1e300,\"1\"]}]}}", "malformed")]
    [InlineData("{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{},\"value\":[1795676570000,\"1\"]}]}}", "1795676570000 is no time in seconds")]
    [InlineData("{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1]}}", "malformed")]
    [InlineData("{\"status\":\"error\",\"error\":\"out of \\u001b[31mmemory\"}", "refuses it: out of memory")]
    public async Task A_malformed_answer_is_no_evidence(string answer, string why)
    {
        await using var server = await Upstream.StartAsync(context => context.Response.WriteAsync(answer));
        await ExpectAsync(server, why);
    }

    [Theory]
    [InlineData(401, "", "wants a login")]
    [InlineData(403, "", "does not allow")]
    [InlineData(404, "<html>", "here is no Prometheus")]
    [InlineData(302, "", "which is not followed")]
    [InlineData(503, "overloaded", "answered with status 503")]
    [InlineData(503, "{\"status\":\"error\",\"error\":\"shutting down\"}", "refuses it: shutting down")]
    [InlineData(422, "{\"status\":\"error\",\"error\":\"many-to-many matching not allowed\"}", "many-to-many")]
    [InlineData(200, "", "it is no JSON")]
    public async Task A_refusal_is_told_in_its_own_words(int status, string body, string why)
    {
        await using var server = await Upstream.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync(body);
        });
        await ExpectAsync(server, why);
    }

    [Fact]
    public async Task An_endless_answer_is_not_read_on()
    {
        var hangUps = 0;
        await using var server = await Upstream.StartAsync(async context =>
        {
            // Goes on until the other side hangs up.
            var spaces = new byte[1024 * 1024];
            Array.Fill(spaces, (byte)' ');
            while (!context.RequestAborted.IsCancellationRequested) await context.Response.Body.WriteAsync(spaces);
            Interlocked.Increment(ref hangUps);
        });
        await ExpectAsync(server, "longer than 8 MiB");
        Assert.InRange(hangUps, 1, 3);
    }

    [Fact]
    public async Task An_answer_that_is_cut_off_is_no_evidence()
    {
        await using var server = await Upstream.StartAsync(async context =>
        {
            context.Response.ContentLength = 1000;
            await context.Response.WriteAsync("{\"status\":");
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        await ExpectAsync(server, "cannot be asked");
    }

    [Fact]
    public async Task An_answer_that_never_comes_ends_with_the_timeout()
    {
        await using var server = await Upstream.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default));
        await ExpectAsync(Check(server.Address) with { Timeout = TimeSpan.FromMilliseconds(200), FailureLimit = 1 }, "no complete answer within 0.2 s");
    }

    [Fact]
    public Task A_server_that_is_down_is_no_evidence() => ExpectAsync(Check("127.0.0.1:1"), "connection refused");

    [Fact]
    public async Task A_server_that_stays_away_is_told_of_at_once_and_given_up_after_three_tries()
    {
        var asked = 0;
        await using var server = await Upstream.StartAsync(context =>
        {
            Interlocked.Increment(ref asked);
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        });
        var reporter = new RecordingReporter();
        var health = await new HealthCheckRunner(null!, TimeProvider.System).RunAsync(TestRollouts.Docker, [Check(server.Address)], reporter, default);
        Assert.Equal((HealthVerdict.Inconclusive, 3), (health.Verdict, asked));
        Assert.Contains("answered with status 503. It is asked again", Assert.Single(reporter.Warnings), StringComparison.Ordinal);
        Assert.Contains("No verdict after 3 tries", Assert.Single(health.Checks).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stale_sample_is_no_data_and_one_of_the_future_a_wrong_clock()
    {
        await using var stale = await Upstream.StartAsync(context => context.Response.WriteAsync(Vector("1000000000", "0")));
        Assert.Contains("stale, older than 5m", (await ResultAsync(Check(stale.Address))).Message, StringComparison.Ordinal);
        await using var future = await Upstream.StartAsync(context => context.Response.WriteAsync(Vector("9999999999", "0")));
        Assert.Contains("future", (await ResultAsync(Check(future.Address))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("+Inf", HealthVerdict.Unhealthy)]
    [InlineData("-Inf", HealthVerdict.Healthy)]
    [InlineData("0.999", HealthVerdict.Healthy)]
    [InlineData("1", HealthVerdict.Unhealthy)]
    [InlineData("NaN", HealthVerdict.Inconclusive)]
    public async Task Numbers_at_the_edge_have_a_meaning(string number, HealthVerdict verdict)
    {
        await using var server = await Upstream.StartAsync(context => context.Response.WriteAsync(Vector(Now, number)));
        Assert.Equal(verdict, (await ResultAsync(Check(server.Address))).Verdict);
    }

    [Fact]
    public async Task An_outage_is_got_over_when_it_ends()
    {
        var asked = 0;
        await using var server = await Upstream.StartAsync(context =>
        {
            if (Interlocked.Increment(ref asked) > 2) return context.Response.WriteAsync(Vector(Now, "0"));
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        });
        var result = await ResultAsync(Check(server.Address));
        Assert.Equal((HealthVerdict.Healthy, 3), (result.Verdict, asked));
    }

    [Fact]
    public async Task A_window_is_cut_to_the_time_that_counts()
    {
        string? asked = null;
        await using var server = await Upstream.StartAsync(async context =>
        {
            asked = (await context.Request.ReadFormAsync())["query"];
            await context.Response.WriteAsync(Vector(Now, "0"));
        });
        var check = Check(server.Address) with { Query = "x[{{window}}]" };
        await new HealthCheckRunner(null!, TimeProvider.System) { Since = DateTimeOffset.UtcNow.AddSeconds(-60) }.RunAsync(TestRollouts.Docker, [check], SilentReporter.Instance, default);
        Assert.Matches(@"^x\[(1m|6[0-9]s)\]$", asked);
    }

    private static string Vector(string at, string number) =>
        $"{{\"status\":\"success\",\"data\":{{\"resultType\":\"vector\",\"result\":[{{\"metric\":{{}},\"value\":[{at},\"{number}\"]}}]}}}}";

    private static PrometheusHealthCheck Check(string address) =>
        new() { Name = "metric", Uri = new Uri($"http://{address}"), Query = "x", Below = 1, Interval = TimeSpan.Zero, FailureLimit = 1 };

    private static Task ExpectAsync(Upstream server, string why) => ExpectAsync(Check(server.Address), why);

    private static async Task ExpectAsync(PrometheusHealthCheck check, string why)
    {
        foreach (var (meaning, verdict) in PrometheusTests.Meanings)
        {
            var result = await ResultAsync(check with { OnError = meaning, OnNoData = NoEvidence.Pass });
            Assert.Equal(verdict, result.Verdict);
            Assert.Contains(why, result.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\u001b', result.Message!);
        }
    }

    private static async Task<HealthCheckResult> ResultAsync(PrometheusHealthCheck check) =>
        Assert.Single((await new HealthCheckRunner(null!, TimeProvider.System).RunAsync(TestRollouts.Docker, [check], SilentReporter.Instance, default)).Checks);
}
