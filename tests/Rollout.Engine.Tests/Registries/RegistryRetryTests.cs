using Rollout.Engine.Docker.Api;
using Rollout.Engine.Registries;
using Xunit;

namespace Rollout.Engine.Tests.Registries;

public sealed class RegistryRetryTests
{
    private readonly RecordingReporter _reporter = new();
    private readonly InstantTime _time = new();

    [Fact]
    public async Task Delays_grow_with_jitter_and_end_with_the_last_error()
    {
        var attempts = await AttemptsAsync(count: 4, () => RegistryErrors.Unavailable("r", "500"));

        Assert.Equal(5, attempts);
        Assert.Equal(4, _reporter.Warnings.Count);
        Assert.Equal(4, _time.Delays.Count);
        Assert.Equal(_time.Delays.Order(), _time.Delays);
        Assert.All(_time.Delays, delay => Assert.InRange(delay, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task What_the_registry_asks_for_is_waited()
    {
        await AttemptsAsync(count: 2, () => RegistryErrors.RateLimited("r", "429", TimeSpan.FromSeconds(17)));

        Assert.Equal([TimeSpan.FromSeconds(17), TimeSpan.FromSeconds(17)], _time.Delays);
    }

    [Fact]
    public async Task Nobody_waits_for_hours()
    {
        Assert.Equal(1, await AttemptsAsync(count: 3, () => RegistryErrors.RateLimited("r", "429", TimeSpan.FromHours(6))));
    }

    [Fact]
    public async Task What_is_not_transient_is_not_tried_again()
    {
        var reference = ImageReference.Parse("r.example.com/a:1");
        RolloutException[] final =
        [
            RegistryErrors.Unauthorized("r", "401"), RegistryErrors.Forbidden("r", "403"), RegistryErrors.RepositoryNotFound("r", "404"),
            RegistryErrors.NotReachable("r", "refused"), RegistryErrors.CertificateNotTrusted("r", "x509"),
            RegistryErrors.TokenRealmNotTrusted(new RegistryAddress("r"), new Uri("https://evil.example/token")),
            PublishErrors.DigestMismatch(reference, "a", "b", "c"), PublishErrors.TagIsImmutable(reference, "a"), DockerErrors.ImageNotFound("a"),
        ];

        foreach (var error in final) Assert.Equal(1, await AttemptsAsync(count: 3, () => error));
        Assert.Empty(_reporter.Warnings);
    }

    [Fact]
    public async Task None_is_none() =>
        Assert.Equal(1, await AttemptsAsync(count: 0, () => RegistryErrors.Unavailable("r", "500")));

    // The engine's words, as dockerd 20.10 to 29 print them.
    [Theory]
    [InlineData("received unexpected HTTP status: 500 Internal Server Error", "RegistryUnavailable")]
    [InlineData("received unexpected HTTP status: 503 Service Unavailable", "RegistryUnavailable")]
    [InlineData("error parsing HTTP 502 response body: invalid character '<' looking for beginning of value: \"<html>\"", "RegistryUnavailable")]
    [InlineData("unexpected status from PUT request to https://r.example.com/v2/a/blobs/uploads/x: 500 Internal Server Error", "RegistryUnavailable")]
    [InlineData("failed commit on ref \"layer-sha256:0\": unexpected status from PUT request to http://r:5000/v2/x: 429 Too Many Requests", "RegistryRateLimited")]
    [InlineData("toomanyrequests: You have reached your pull rate limit.", "RegistryRateLimited")]
    [InlineData("unauthorized: authentication required", "RegistryUnauthorized")]
    [InlineData("no basic auth credentials", "RegistryUnauthorized")]
    [InlineData("failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://auth.docker.io/token: 401 Unauthorized", "RegistryUnauthorized")]
    [InlineData("denied: requested access to the resource is denied", "RegistryForbidden")]
    [InlineData("push access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed", "RepositoryNotFound")]
    [InlineData("error parsing HTTP 403 response body: unexpected end of JSON input: \"\"", "RegistryForbidden")]
    [InlineData("name unknown: repository name not known to registry", "RepositoryNotFound")]
    [InlineData("manifest unknown: manifest unknown", "ManifestNotFound")]
    [InlineData("Get \"https://r.example.com/v2/\": x509: certificate signed by unknown authority", "RegistryCertificateNotTrusted")]
    [InlineData("Get \"https://r.example.com/v2/\": http: server gave HTTP response to HTTPS client", "RegistryNotReachable")]
    [InlineData("Get \"http://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused", "RegistryNotReachable")]
    [InlineData("Get \"https://r.example.com/v2/\": dial tcp: lookup r.example.com: no such host", "RegistryNotReachable")]
    [InlineData("read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer", "RegistryConnectionLost")]
    [InlineData("Patch \"http://127.0.0.1:1/v2/a/blobs/uploads/x\": EOF", "RegistryConnectionLost")]
    [InlineData("net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)", "RegistryConnectionLost")]
    [InlineData("digest invalid: provided digest did not match uploaded content", "PushFailed")]
    [InlineData("a wholly new message", "PushFailed")]
    public void An_engines_words_are_read_back_into_the_registrys_error(string says, string id)
    {
        var reference = ImageReference.Parse("r.example.com/unauthorized/denied:500");

        var error = DockerErrors.PushFailed(reference, says);

        Assert.Equal(id, error.Id);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Contains(reference.ToString(), error.Message, StringComparison.Ordinal);
    }

    private async Task<int> AttemptsAsync(int count, Func<RolloutException> fail)
    {
        var attempts = 0;
        var retry = RegistryRetry.Create(count, _time, new Random(1), _reporter);
        await Assert.ThrowsAsync<RolloutException>(async () => await retry.ExecuteAsync(_ =>
        {
            attempts++;
            throw fail();
        }));
        return attempts;
    }

    /// <summary>A clock whose delays are over at once, and remembered.</summary>
    private sealed class InstantTime : TimeProvider
    {
        public List<TimeSpan> Delays { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Delays.Add(dueTime);
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
