using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Rollout.Engine.Health;
using Rollout.Engine.Tests.Traffic;
using Xunit;

namespace Rollout.Engine.Tests.Health;

public sealed class HealthCheckRunnerTests
{
    private static readonly RolloutStatus Running = new()
    {
        Target = "docker/shop",
        Kind = "docker",
        Name = "shop",
        Endpoint = new RolloutEndpoint(),
        Platform = RolloutPlatform.Docker,
        Phase = RolloutPhase.Healthy,
        Desired = 1,
        Revision = 3,
    };

    [Fact]
    public async Task A_good_answer_is_healthy_with_all_that_was_looked_at()
    {
        await using var server = await Upstream.StartAsync("all is well");
        var check = Http(server) with { ExpectBody = "w.ll$", SuccessesNeeded = 3 };
        var health = await RunAsync(check);
        Assert.True(health.Healthy);
        Assert.Equal(Running.Target, health.Rollout.Target);
        var decision = Assert.Single(health.Rollout.Decisions);
        Assert.Equal(("Checked", HealthVerdict.Healthy, $"http://{server.Address}/healthz", 3), (decision.Action, decision.Verdict, decision.Query, decision.Samples));
        Assert.Equal(
            new HealthCheckResult
            {
                Name = "web",
                Kind = "Http",
                Query = $"http://{server.Address}/healthz",
                Value = "200",
                Threshold = "200-299, body matches w.ll$",
                Samples = 3,
                Verdict = HealthVerdict.Healthy,
                Message = "3 good in a row; the last: status 200",
            },
            Assert.Single(health.Checks));
    }

    [Theory]
    [InlineData(503, "status 503, expected 200-299")]
    [InlineData(404, "status 404, expected 200-299")]
    [InlineData(302, "status 302 (a redirect to http://elsewhere/login, which is not followed), expected 200-299")]
    public async Task Another_status_is_unhealthy(int status, string message)
    {
        await using var server = await Upstream.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            if (status == 302) context.Response.Headers.Location = "http://user:secret@elsewhere/login";
            return Task.CompletedTask;
        });
        var result = await OnlyResultAsync(Http(server) with { FailureLimit = 2 });
        Assert.Equal((HealthVerdict.Unhealthy, 2, status.ToString(System.Globalization.CultureInfo.InvariantCulture)), (result.Verdict, result.Samples, result.Value));
        Assert.Equal($"2 bad in a row; the last: {message}", result.Message);
    }

    [Fact]
    public async Task Expected_statuses_take_the_place_of_200_to_299()
    {
        await using var server = await Upstream.StartAsync(context =>
        {
            context.Response.StatusCode = 401;
            return Task.CompletedTask;
        });
        Assert.Equal(HealthVerdict.Healthy, (await OnlyResultAsync(Http(server) with { ExpectStatus = [204, 401] })).Verdict);
        await using var good = await Upstream.StartAsync("200");
        var result = await OnlyResultAsync(Http(good) with { ExpectStatus = [204, 401] });
        Assert.Contains("expected 204, 401", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_does_not_match_is_unhealthy()
    {
        await using var server = await Upstream.StartAsync("""{"status":"down"}""");
        var result = await OnlyResultAsync(Http(server) with { ExpectBody = "\"up\"" });
        Assert.Contains("the body does not match \"up\"", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_recovers_when_a_few_answers_are_bad()
    {
        var asked = 0;
        await using var server = await Upstream.StartAsync(context =>
        {
            context.Response.StatusCode = Interlocked.Increment(ref asked) <= 2 ? 503 : 200;
            return Task.CompletedTask;
        });
        var result = await OnlyResultAsync(Http(server) with { FailureLimit = 3, SuccessesNeeded = 2 });
        Assert.Equal((HealthVerdict.Healthy, 4), (result.Verdict, result.Samples));
    }

    [Fact]
    public async Task Nobody_listening_is_told_as_that()
    {
        var server = await Upstream.StartAsync("gone");
        var check = Http(server);
        await server.DisposeAsync();
        Assert.Equal("3 bad in a row; the last: connection refused", (await OnlyResultAsync(check)).Message);
    }

    [Fact]
    public async Task An_unknown_host_is_told_as_that()
    {
        var result = await OnlyResultAsync(new HttpHealthCheck { Name = "web", Uri = new Uri("http://no-such-host.invalid/"), Interval = TimeSpan.Zero });
        Assert.EndsWith("the host's name is not known", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slow_answer_is_bad_after_the_timeout_of_a_try()
    {
        await using var server = await Upstream.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        var result = await OnlyResultAsync(Http(server) with { Timeout = TimeSpan.FromMilliseconds(200) });
        Assert.Equal("3 bad in a row; the last: no complete answer within 0.2 s", result.Message);
    }

    [Fact]
    public async Task A_body_that_never_ends_is_read_up_to_a_mebibyte()
    {
        var chunk = new byte[64 * 1024];
        await using var server = await Upstream.StartAsync(async context =>
        {
            while (!context.RequestAborted.IsCancellationRequested) await context.Response.Body.WriteAsync(chunk, context.RequestAborted);
        });
        Assert.Equal(HealthVerdict.Healthy, (await OnlyResultAsync(Http(server) with { Timeout = TimeSpan.FromSeconds(30) })).Verdict);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "cut off")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "")]
    [InlineData("220 mail.example.com ESMTP\r\n", "does not speak HTTP")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain", "could not be read")]
    [InlineData("", "cut off")]
    public async Task A_server_that_cuts_or_lies_is_unhealthy(string raw, string message)
    {
        await using var server = new RawServer(raw);
        var result = await OnlyResultAsync(Http(server.Address));
        Assert.Equal(HealthVerdict.Unhealthy, result.Verdict);
        Assert.Contains(message, result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_cannot_put_a_command_into_the_message()
    {
        await using var server = new RawServer("HTTP/1.1 302 Found\r\nLocation: /a##vso[task.setvariable]\r\nContent-Length: 0\r\n\r\n");
        var result = await OnlyResultAsync(Http(server.Address));
        Assert.DoesNotContain("##vso[", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_is_not_trusted_is_told_as_that()
    {
        await using var server = new TlsServer();
        // On a busy machine the first look at the machine's own authorities takes its time.
        var result = await OnlyResultAsync(new HttpHealthCheck { Name = "web", Uri = new Uri($"https://{server.Address}/"), Interval = TimeSpan.Zero, Timeout = TimeSpan.FromMinutes(1) });
        Assert.Equal(HealthVerdict.Unhealthy, result.Verdict);
        Assert.Contains("no TLS connection", result.Message, StringComparison.Ordinal);
        Assert.Contains("certificate", result.Message, StringComparison.Ordinal);
        Assert.Contains("-CertificateAuthority", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_speaks_no_TLS_is_not_one_with_a_bad_certificate()
    {
        await using var server = new RawServer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        var result = await OnlyResultAsync(new HttpHealthCheck { Name = "web", Uri = new Uri($"https://{server.Address}/"), Interval = TimeSpan.Zero, Timeout = TimeSpan.FromMinutes(1) });
        Assert.Contains("speaks https", result.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("-CertificateAuthority", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_and_user_are_sent_and_shown_nowhere()
    {
        var seen = new ConcurrentQueue<string>();
        await using var server = await Upstream.StartAsync(context =>
        {
            seen.Enqueue($"{context.Request.Headers.Authorization}|{context.Request.Headers["X-Token"]}|{context.Request.Host}");
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        var check = Http(server) with
        {
            Uri = new Uri($"http://anna:s3cret@{server.Address}/healthz"),
            Headers = new Dictionary<string, string> { ["X-Token"] = "t0psecret", ["Host"] = "shop.example.com" },
            FailureLimit = 1,
        };
        var reporter = new Lines();
        var health = await RunAsync(reporter, check);

        Assert.Equal($"Basic {Convert.ToBase64String("anna:s3cret"u8)}|t0psecret|shop.example.com", Assert.Single(seen));
        var shown = string.Join('\n', [health.ToString(), health.Checks[0].Message, health.Checks[0].Query, .. reporter.Texts]);
        Assert.DoesNotContain("s3cret", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("t0psecret", shown + check + JsonSerializer.Serialize<RolloutHealthCheck>(check), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_rollout_is_unhealthy_without_a_probe()
    {
        var asked = 0;
        await using var server = await Upstream.StartAsync(context =>
        {
            Interlocked.Increment(ref asked);
            return Task.CompletedTask;
        });
        var failed = Running with { Phase = RolloutPhase.Failed, Message = "shop-2 exited" };
        var health = await Runner(Replicas()).RunAsync(failed, [Http(server)], SilentReporter.Instance, default);
        Assert.Equal((HealthVerdict.Unhealthy, 0), (health.Verdict, asked));
        Assert.Contains("shop-2 exited", Assert.Single(health.Checks).Message, StringComparison.Ordinal);
    }

    public static TheoryData<RolloutHealthCheck> ImpossibleChecks()
    {
        var web = new HttpHealthCheck { Name = "web", Uri = new Uri("http://127.0.0.1:9/") };
        return
        [
            web with { Uri = new Uri("/healthz", UriKind.Relative) },
            web with { Uri = new Uri("ftp://127.0.0.1/") },
            web with { ExpectBody = "(" },
            web with { ExpectStatus = [200, 1000] },
            web with { Headers = new Dictionary<string, string> { ["bad name"] = "x" } },
            web with { Headers = new Dictionary<string, string> { ["X-A"] = "x\r\nX-B: y" } },
            web with { SuccessesNeeded = 0 },
            web.WithHeaders(new Dictionary<string, string> { ["Name"] = "Zo\u00eb" }),
            web.WithHeaders(new Dictionary<string, string> { ["a b"] = "c" }),
            web with { FailureLimit = 0 },
            web with { Timeout = TimeSpan.Zero },
            web with { Interval = TimeSpan.FromSeconds(-1) },
            new UnknownCheck { Name = "odd" },
        ];
    }

    [Theory]
    [MemberData(nameof(ImpossibleChecks))]
    public async Task An_impossible_check_is_an_error_before_anything_is_probed(RolloutHealthCheck impossible)
    {
        var asked = 0;
        await using var server = await Upstream.StartAsync(context =>
        {
            Interlocked.Increment(ref asked);
            return Task.CompletedTask;
        });
        var error = await Assert.ThrowsAsync<RolloutException>(() => RunAsync(Http(server), impossible));
        Assert.Equal(("InvalidHealthCheck", ErrorKind.InvalidInput, 0), (error.Id, error.Kind, asked));
    }

    [Fact]
    public async Task Without_checks_the_containers_are_looked_at()
    {
        var health = await Runner(Replicas(new ReplicaState { Name = "shop-1", Running = true, Status = "running" })).RunAsync(Running, [], SilentReporter.Instance, default);
        Assert.Equal(("Container", HealthVerdict.Healthy, "1 of 1 healthy"), (health.Checks[0].Kind, health.Verdict, health.Checks[0].Value));
    }

    [Fact]
    public async Task One_bad_check_makes_it_unhealthy_and_the_others_keep_their_own_verdict()
    {
        await using var server = await Upstream.StartAsync("fine");
        var containers = new ContainerHealthCheck { Name = "containers", Interval = TimeSpan.Zero };
        var health = await Runner(Replicas()).RunAsync(Running, [Http(server), containers], SilentReporter.Instance, default);
        Assert.Equal([HealthVerdict.Healthy, HealthVerdict.Unhealthy], health.Checks.Select(check => check.Verdict));
        Assert.Equal(HealthVerdict.Unhealthy, health.Verdict);
    }

    [Fact]
    public async Task An_engine_that_cannot_be_asked_is_inconclusive()
    {
        var broken = new States(() => throw new RolloutException("DockerEngineNotReachable", ErrorKind.Connection, "The engine is away.", "Start it."));
        var check = new ContainerHealthCheck { Name = "containers", Interval = TimeSpan.Zero };
        var health = await Runner(broken).RunAsync(Running, [check], SilentReporter.Instance, default);
        Assert.Equal(HealthVerdict.Inconclusive, health.Verdict);
        Assert.EndsWith("The engine is away.", health.Checks[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_goes_on_though_all_is_well_and_ends_with_the_first_that_is_unhealthy()
    {
        await using var server = await Upstream.StartAsync("fine");
        var looked = 0;
        var failing = new States(() => ++looked > 5 ? [] : [new ReplicaState { Name = "shop-1", Running = true, Status = "running" }]);
        var containers = new ContainerHealthCheck { Name = "containers", Interval = TimeSpan.Zero, FailureLimit = 1 };
        var runner = new HealthCheckRunner(failing, TimeProvider.System) { For = TimeSpan.FromHours(1) };
        using var patience = new CancellationTokenSource(TestLimit.Time);
        var health = await runner.RunAsync(Running, [Http(server), containers], SilentReporter.Instance, patience.Token);
        Assert.Equal([HealthVerdict.Healthy, HealthVerdict.Unhealthy], health.Checks.Select(check => check.Verdict));
        Assert.Equal(6, health.Checks[1].Samples);
    }

    [Fact]
    public async Task Cancelling_ends_it_though_the_server_hangs()
    {
        using var stop = new CancellationTokenSource();
        await using var server = await Upstream.StartAsync(async context =>
        {
            await stop.CancelAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        var check = Http(server) with { Timeout = TimeSpan.FromHours(1) };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Runner(Replicas()).RunAsync(Running, [check], SilentReporter.Instance, stop.Token));
    }

    private static HttpHealthCheck Http(Upstream server) => Http(server.Address);

    private static HttpHealthCheck Http(string address) =>
        new() { Name = "web", Uri = new Uri($"http://{address}/healthz"), Interval = TimeSpan.Zero };

    private static Task<RolloutHealth> RunAsync(params RolloutHealthCheck[] checks) => RunAsync(SilentReporter.Instance, checks);

    private static Task<RolloutHealth> RunAsync(IReporter reporter, params RolloutHealthCheck[] checks) =>
        Runner(Replicas()).RunAsync(Running, checks, reporter, default);

    private static async Task<HealthCheckResult> OnlyResultAsync(RolloutHealthCheck check) => Assert.Single((await RunAsync(check)).Checks);

    private static HealthCheckRunner Runner(IReplicaStates replicas) => new(replicas, TimeProvider.System);

    private static States Replicas(params ReplicaState[] states) => new(() => states);

    private sealed class States(Func<IReadOnlyList<ReplicaState>> read) : IReplicaStates
    {
        public Task<IReadOnlyList<ReplicaState>> ReadAsync(RolloutStatus rollout, CancellationToken cancellation) => Task.FromResult(read());
    }

    private sealed record UnknownCheck : RolloutHealthCheck
    {
        public override string Kind => "Odd";
    }

    private sealed class Lines : IReporter
    {
        internal ConcurrentQueue<string> Texts { get; } = [];

        public void Progress(ProgressReport report) => Texts.Enqueue(report.ToString());

        public void Warning(string message) => Texts.Enqueue(message);

        public void Verbose(string message) => Texts.Enqueue(message);
    }

    /// <summary>Reads a request, writes what it was given, and closes.</summary>
    private sealed class RawServer : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly Task serving;

        internal RawServer(string answer)
        {
            listener.Start();
            serving = ServeAsync(Encoding.Latin1.GetBytes(answer));
        }

        internal string Address => listener.LocalEndpoint.ToString()!;

        public async ValueTask DisposeAsync()
        {
            listener.Dispose();
            await serving;
        }

        private async Task ServeAsync(byte[] answer)
        {
            try
            {
                while (true)
                {
                    using var client = await listener.AcceptTcpClientAsync();
                    var stream = client.GetStream();
                    _ = await stream.ReadAsync(new byte[4096]);
                    await stream.WriteAsync(answer);
                }
            }
            catch (Exception problem) when (problem is SocketException or ObjectDisposedException or IOException)
            {
                // Disposed: the test is over.
            }
        }
    }

    /// <summary>Offers a certificate that it signed itself.</summary>
    private sealed class TlsServer : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly X509Certificate2 certificate;
        private readonly Task serving;

        internal TlsServer()
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
            certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
            listener.Start();
            serving = ServeAsync();
        }

        internal string Address => listener.LocalEndpoint.ToString()!;

        public async ValueTask DisposeAsync()
        {
            listener.Dispose();
            await serving;
            certificate.Dispose();
        }

        private async Task ServeAsync()
        {
            try
            {
                while (true) await ServeAsync(await listener.AcceptTcpClientAsync());
            }
            catch (Exception problem) when (problem is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }

        private async Task ServeAsync(TcpClient accepted)
        {
            using var client = accepted;
            try
            {
                await using var tls = new SslStream(client.GetStream());
                await tls.AuthenticateAsServerAsync(certificate);
            }
            catch (Exception problem) when (problem is IOException or InvalidOperationException or SocketException or System.Security.Authentication.AuthenticationException)
            {
                // The client did not trust it: as it should.
            }
        }
    }
}
