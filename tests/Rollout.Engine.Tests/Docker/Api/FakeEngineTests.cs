using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Docker.Api;

/// <summary>What the client makes of engines that are old, cut, lying or hostile.</summary>
public sealed class FakeEngineTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly ImageReference Shop = ImageReference.Parse("registry.example.com/shop:v1");
    private static readonly Dictionary<string, RegistryAuth> NoAuths = [];

    [Theory]
    [InlineData("1.41", "/v1.41/version")]
    [InlineData("1.44", "/v1.44/version")]
    [InlineData("1.52", "/v1.47/version")]
    public async Task The_newest_version_that_both_know_is_spoken(string engineSpeaks, string path)
    {
        var asked = "";
        await using var engine = await FakeEngine.StartAsync(
            context =>
            {
                asked = context.Request.Path;
                return context.Response.WriteAsync("{}");
            },
            engineSpeaks);

        await engine.Client.System.VersionAsync(None);

        Assert.Equal(path, asked);
    }

    [Theory]
    [InlineData("1.40", "DockerApiTooOld")]
    [InlineData("1.9", "DockerApiTooOld")]
    [InlineData("", "DockerAnswerMalformed")]
    [InlineData("new", "DockerAnswerMalformed")]
    public async Task An_engine_that_cannot_be_spoken_to_is_told(string engineSpeaks, string id)
    {
        await using var engine = await FakeEngine.StartAsync(200, "{}", engineSpeaks);

        Assert.Equal(id, (await FailureOfAsync(() => engine.Client.System.VersionAsync(None))).Id);
    }

    [Theory]
    [InlineData(400, "client version 1.47 is too old. Minimum supported API version is 1.60, please upgrade", "DockerApiTooNew", ErrorKind.NotSupported)]
    [InlineData(400, "Client sent an HTTP request to an HTTPS server.", "DockerTlsFailed", ErrorKind.Connection)]
    [InlineData(409, "Conflict. The container name \"/x\" is already in use by container \"1\". You have to remove it.", "ContainerNameTaken", ErrorKind.Conflict)]
    [InlineData(500, "driver failed programming external connectivity on endpoint x: Bind for 127.0.0.1:80 failed: port is already allocated", "PortTaken", ErrorKind.Conflict)]
    [InlineData(500, "Error starting userland proxy: listen tcp4 127.0.0.1:80: bind: address already in use", "PortTaken", ErrorKind.Conflict)]
    [InlineData(404, "No such image: shop:v1", "ImageNotFound", ErrorKind.NotFound)]
    [InlineData(404, "No such container: x", "ContainerNotFound", ErrorKind.NotFound)]
    [InlineData(404, "network shop-net not found", "NetworkNotFound", ErrorKind.NotFound)]
    [InlineData(500, "invalid reference format", "ImageReferenceRefused", ErrorKind.InvalidInput)]
    [InlineData(404, "something else", "DockerNotFound", ErrorKind.NotFound)]
    [InlineData(403, "authorization denied by plugin", "DockerRequestDenied", ErrorKind.PermissionDenied)]
    [InlineData(409, "cannot do that now", "DockerConflict", ErrorKind.Conflict)]
    [InlineData(400, "bad parameter", "DockerRequestRefused", ErrorKind.InvalidInput)]
    [InlineData(500, "no space left on device", "DockerEngineFailed", ErrorKind.OperationFailed)]
    public async Task A_refusal_is_known_by_its_words_and_status(int status, string says, string id, ErrorKind kind)
    {
        await using var engine = await FakeEngine.StartAsync(status, new JsonObject { ["message"] = says }.ToJsonString());

        var failure = await FailureOfAsync(() => engine.Client.Containers.StartAsync("x", None));

        Assert.Equal((id, kind), (failure.Id, failure.Kind));
    }

    [Theory]
    [InlineData("<html>Bad gateway</html>")]
    [InlineData("{\"message\":{\"deep\":1}}")]
    [InlineData("")]
    public async Task A_refusal_that_is_not_the_engines_own_form_is_told_all_the_same(string body)
    {
        await using var engine = await FakeEngine.StartAsync(502, body);

        var failure = await FailureOfAsync(() => engine.Client.Containers.StartAsync("x", None));

        Assert.Equal("DockerEngineFailed", failure.Id);
        Assert.Contains(body.Length > 0 ? body : "502", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_engines_words_cannot_act_on_a_terminal_or_an_agent()
    {
        const string hostile = "##vso[task.setvariable variable=x]y\u001b[2J\u001b]0;title\u0007 gone";
        await using var engine = await FakeEngine.StartAsync(500, new JsonObject { ["message"] = hostile }.ToJsonString());

        var refused = await FailureOfAsync(() => engine.Client.Containers.StartAsync("x", None));
        var inStream = await FailureOfAsync(() => engine.Client.Images.PushAsync(Shop, null, null, None));

        foreach (var message in new[] { refused.Message, inStream.Message })
        {
            Assert.DoesNotContain("##vso[", message, StringComparison.Ordinal);
            Assert.DoesNotContain('\u001b', message);
            Assert.Contains("gone", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_secret_that_the_engine_repeats_is_not_told()
    {
        await using var engine = await FakeEngine.StartAsync(400, """{"message":"invalid environment variable: TOKEN=s3cret"}""");
        var body = new CreateContainerBody(new JsonObject { ["Image"] = "x", ["Env"] = new JsonArray("TOKEN=s3cret") }, []);

        var failure = await FailureOfAsync(() => engine.Client.Containers.CreateAsync("x", body, None));

        Assert.Contains("invalid environment variable", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", failure.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"errorDetail":{"message":"boom"},"error":"boom"}""")]
    [InlineData("""{"error":"boom"}""")]
    [InlineData("""{"status":"Preparing","id":"1"}{"errorDetail":{"code":1,"message":"boom"}}""")]
    public async Task An_error_inside_a_200_is_a_failure(string stream)
    {
        await using var engine = await FakeEngine.StartAsync(200, stream);

        var push = await FailureOfAsync(() => engine.Client.Images.PushAsync(Shop, null, null, None));
        var pull = await FailureOfAsync(() => engine.Client.Images.PullAsync(Shop, null, null, null, None));
        var build = await FailureOfAsync(() => BuildAsync(engine, _ => Task.CompletedTask));

        Assert.Equal(["PushFailed", "PullFailed", "BuildFailed"], [push.Id, pull.Id, build.Id]);
        Assert.All([push, pull, build], failure => Assert.Contains("boom", failure.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("An image does not exist locally with the tag: registry.example.com/shop")]
    [InlineData("tag does not exist: registry.example.com/shop:v1")]
    public async Task A_push_of_what_the_engine_has_not_is_ImageNotFound(string says)
    {
        await using var engine = await FakeEngine.StartAsync(200, new JsonObject { ["error"] = says }.ToJsonString());

        Assert.Equal("ImageNotFound", (await FailureOfAsync(() => engine.Client.Images.PushAsync(Shop, null, null, None))).Id);
    }

    [Fact]
    public async Task A_failing_step_that_speaks_of_ports_is_still_a_failed_build()
    {
        await using var engine = await FakeEngine.StartAsync(200, """{"error":"executor failed running [sh -c echo address already in use]: exit code: 1"}""");

        Assert.Equal("BuildFailed", (await FailureOfAsync(() => BuildAsync(engine, _ => Task.CompletedTask))).Id);
    }

    [Theory]
    [InlineData("""{"status":"v1: digest: sha256:1 size: 2"}{"progressDetail":{},"aux":{"Tag":"v1","Digest":"sha256:1","Size":2}}""")]
    [InlineData("""{"status":"v1: digest: sha256:1 size: 2"}""")] // containerd's image store
    [InlineData("""{"aux":{"manifestPushedInsteadOfIndex":true,"selectedManifest":{"digest":"sha256:1"}}}{"status":"v1: digest: sha256:1 size: 2"}""")]
    public async Task A_pushs_digest_is_in_its_last_line(string stream)
    {
        await using var engine = await FakeEngine.StartAsync(200, stream);

        Assert.Equal(new PushResult("v1", "sha256:1", 2), await engine.Client.Images.PushAsync(Shop, null, null, None));
    }

    [Fact]
    public async Task A_push_without_a_digest_at_its_end_is_not_taken_for_one()
    {
        await using var engine = await FakeEngine.StartAsync(200, """{"status":"Pushed","id":"1"}""");

        Assert.Equal("DockerAnswerMalformed", (await FailureOfAsync(() => engine.Client.Images.PushAsync(Shop, null, null, None))).Id);
    }

    [Fact]
    public async Task A_stream_that_is_cut_is_EngineConnectionLost_and_what_came_before_was_told()
    {
        var told = new TaskCompletionSource<string?>();
        await using var engine = await FakeEngine.StartAsync(context => FakeEngine.CutAsync(context, """{"status":"Preparing","id":"1"}""" + "\r\n", told.Task));

        var push = await FailureOfAsync(() => engine.Client.Images.PushAsync(Shop, null, message => told.SetResult(message.Status), None));

        Assert.Equal(("EngineConnectionLost", ErrorKind.Connection), (push.Id, push.Kind));
        Assert.Equal("Preparing", await told.Task);
    }

    [Fact]
    public async Task An_answer_that_is_cut_is_EngineConnectionLost()
    {
        await using var engine = await FakeEngine.StartAsync(context => FakeEngine.CutAsync(context, """{"Id":"1","""));

        Assert.Equal("EngineConnectionLost", (await FailureOfAsync(() => engine.Client.Containers.InspectAsync("1", None))).Id);
    }

    [Fact]
    public async Task A_connection_that_is_cut_before_an_answer_is_EngineConnectionLost()
    {
        await using var engine = await FakeEngine.StartAsync(context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });

        var failure = await FailureOfAsync(() => engine.Client.Containers.StopAsync("1", null, None));

        Assert.Equal("EngineConnectionLost", failure.Id);
        Assert.Contains("POST /containers/1/stop", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_that_end_are_a_lost_connection()
    {
        await using var engine = await FakeEngine.StartAsync(200, """{"Type":"container","Action":"start","Actor":{"ID":"1","Attributes":{"name":"x"}}}""" + "\n");
        var seen = new List<EngineEvent>();

        var failure = await FailureOfAsync(async () =>
        {
            await foreach (var one in engine.Client.System.EventsAsync(new Dictionary<string, IReadOnlyList<string>>(), null, None)) seen.Add(one);
        });

        Assert.Equal("EngineConnectionLost", failure.Id);
        Assert.Equal(("start", "1", "x"), (seen[0].Action, seen[0].Actor.Id, seen[0].Actor.Attributes["name"]));
    }

    [Fact]
    public async Task Messages_come_as_they_arrive()
    {
        var next = new SemaphoreSlim(0);
        await using var engine = await FakeEngine.StartAsync(async context =>
        {
            for (var i = 1; i <= 3; i++)
            {
                await context.Response.WriteAsync($$"""{"status":"{{i}}"}""" + "\r\n");
                await context.Response.Body.FlushAsync();
                Assert.True(await next.WaitAsync(TestLimit.Time));
            }
        });
        var told = new List<string?>();

        // The engine waits for each message to be told before it sends the next: held back, they would never end.
        await engine.Client.Images.PullAsync(Shop, null, null, message => { told.Add(message.Status); next.Release(); }, None);

        Assert.Equal(["1", "2", "3"], told);
    }

    [Fact]
    public async Task An_answer_to_a_build_is_read_though_the_engine_stopped_reading_the_context()
    {
        await using var listener = new RawEngine("HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{\"message\":\"Cannot locate specified Dockerfile: Nowhere\"}   ");
        using var client = listener.Client();
        var written = 0L;

        var failure = await FailureOfAsync(() => client.Images.BuildAsync([], WriteMuchAsync, NoAuths, _ => { }, None));

        Assert.Equal("BuildFailed", failure.Id);
        Assert.Contains("Cannot locate specified Dockerfile: Nowhere", failure.Message, StringComparison.Ordinal);
        Assert.Equal(64 * 1024 * 1024, written);

        async Task WriteMuchAsync(Stream body, CancellationToken cancellation)
        {
            var block = new byte[1024 * 1024];
            for (; written < 64 * 1024 * 1024; written += block.Length) await body.WriteAsync(block, cancellation);
        }
    }

    [Fact]
    public async Task Cancelling_a_build_closes_its_connection()
    {
        var closed = new TaskCompletionSource();
        await using var engine = await FakeEngine.StartAsync(async context =>
        {
            context.RequestAborted.Register(() => closed.TrySetResult());
            await context.Response.WriteAsync("""{"stream":"Step 1"}""" + "\n");
            await context.Response.Body.FlushAsync();
            await closed.Task;
        });
        using var cancel = new CancellationTokenSource();

        var build = engine.Client.Images.BuildAsync([], (_, _) => Task.CompletedTask, NoAuths, _ => cancel.Cancel(), cancel.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => build);
        await closed.Task.WaitAsync(TestLimit.Time);
    }

    [Fact]
    public async Task What_a_context_cannot_read_is_its_own_failure()
    {
        await using var engine = await FakeEngine.StartAsync(200, "{}");
        var unreadable = DockerErrors.ImageNotFound("stands for any");

        var failure = await FailureOfAsync(() => BuildAsync(engine, _ => throw unreadable));

        Assert.Same(unreadable, failure);
    }

    [Fact]
    public async Task Credentials_go_in_the_header_the_engine_reads_and_nowhere_else()
    {
        var headers = new Dictionary<string, string>();
        await using var engine = await FakeEngine.StartAsync(context =>
        {
            foreach (var (name, value) in context.Request.Headers) headers[name] = value.ToString();
            return context.Response.WriteAsync("""{"status":"v1: digest: sha256:1 size: 2"}""");
        });
        var auth = new RegistryAuth { Username = "joe", Password = "pä?>ss", ServerAddress = "registry.example.com" };

        await engine.Client.Images.PushAsync(Shop, auth, null, None);
        Assert.Equal(auth, Decode(headers["X-Registry-Auth"]).AsAuth());

        await engine.Client.Images.PushAsync(Shop, null, null, None);
        Assert.Equal("{}", Decode(headers["X-Registry-Auth"]).ToJsonString());

        await engine.Client.Images.BuildAsync([], (_, _) => Task.CompletedTask, new Dictionary<string, RegistryAuth> { ["docker.io"] = auth, ["[::1]:5000"] = auth }, _ => { }, None);
        var config = Decode(headers["X-Registry-Config"]);
        Assert.Equal(["https://index.docker.io/v1/", "[::1]:5000"], config.Select(entry => entry.Key));
        Assert.Equal(auth, config["[::1]:5000"]!.AsObject().AsAuth());
        Assert.DoesNotContain(auth.Password, auth.ToString(), StringComparison.Ordinal);
    }

    private static Task BuildAsync(FakeEngine engine, Func<Stream, Task> write) =>
        engine.Client.Images.BuildAsync([], (body, _) => write(body), NoAuths, _ => { }, None);

    private static Task<RolloutException> FailureOfAsync(Func<Task> act) => Assert.ThrowsAsync<RolloutException>(act);

    private static JsonObject Decode(string header) =>
        JsonNode.Parse(Convert.FromBase64String(header.Replace('-', '+').Replace('_', '/')))!.AsObject();

    /// <summary>Reads a request's head only, answers, and closes while the body is still coming.</summary>
    private sealed class RawEngine : IAsyncDisposable
    {
        private readonly string _directory = Directory.CreateTempSubdirectory("raw-").FullName;
        private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        private readonly Task _serving;

        internal RawEngine(string answer)
        {
            _listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(_directory, "docker.sock")));
            _listener.Listen();
            _serving = ServeAsync(answer);
        }

        internal DockerClient Client() => new(DockerEndpoint.Resolve($"unix://{_directory}/docker.sock", null, DockerSettings.OfThisProcess));

        public async ValueTask DisposeAsync()
        {
            await _serving;
            _listener.Dispose();
            Directory.Delete(_directory, recursive: true);
        }

        private async Task ServeAsync(string answer)
        {
            using var connection = await _listener.AcceptAsync();
            var buffer = new byte[4096];
            await connection.ReceiveAsync(buffer);
            await connection.SendAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK"));
            await connection.ReceiveAsync(buffer);
            await connection.SendAsync(Encoding.ASCII.GetBytes(answer));
        }
    }
}

internal static class SentCredentials
{
    internal static RegistryAuth AsAuth(this JsonObject sent) => new()
    {
        Username = sent["Username"]?.GetValue<string>(),
        Password = sent["Password"]?.GetValue<string>(),
        ServerAddress = sent["ServerAddress"]!.GetValue<string>(),
    };
}
