using System.Text;
using Microsoft.AspNetCore.Http;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Registries;
using Xunit;
using static Rollout.Engine.Tests.Registries.FaultRegistry;

namespace Rollout.Engine.Tests.Registries;

/// <summary>The client against a registry of the test's own, without an engine.</summary>
public sealed class RegistryClientTests : IAsyncLifetime
{
    private const string Type = "application/vnd.oci.image.manifest.v1+json";
    private const string Secret = "s3cret-Passw0rd";

    private readonly ManualTime _time = new();
    private FaultRegistry _registry = null!;
    private RegistryClient? _client;

    public async Task InitializeAsync() => _registry = await StartAsync();

    public async Task DisposeAsync()
    {
        _client?.Dispose();
        await _registry.DisposeAsync();
    }

    [Fact]
    public async Task A_manifest_is_found_by_tag_and_by_digest()
    {
        var digest = _registry.AddManifest("team/shop", "1", Type, "{}");

        Assert.Equal(new ManifestHead(digest, Type), await Client().HeadManifestAsync("team/shop", "1", default));
        var body = await Client().GetManifestAsync("team/shop", digest, default);
        Assert.Equal(("{}", Type), (Encoding.UTF8.GetString(body!.Bytes.Span), body.MediaType));
    }

    [Fact]
    public async Task What_is_not_there_is_null()
    {
        Assert.Null(await Client().HeadManifestAsync("team/shop", "1", default));
        Assert.Null(await Client().GetManifestAsync("team/shop", "1", default));
        Assert.Null(await Client().HeadBlobAsync("team/shop", Digest([1]), default));
    }

    [Fact]
    public async Task A_blob_is_asked_for_without_being_read()
    {
        var digest = _registry.AddBlob(new byte[10_000_000]);

        Assert.Equal(new BlobHead(digest, 10_000_000), await Client().HeadBlobAsync("team/shop", digest, default));
        Assert.Equal(["GET", "HEAD"], _registry.Requests.Select(request => request.Method));
    }

    [Fact]
    public async Task Every_kind_of_manifest_is_asked_for()
    {
        string accept = "";
        _registry.Fault = context =>
        {
            accept = context.Request.Headers.Accept.ToString();
            return Task.FromResult(false);
        };

        await Client().HeadManifestAsync("a", "1", default);

        Assert.Contains("application/vnd.oci.image.index.v1+json", accept, StringComparison.Ordinal);
        Assert.Contains("application/vnd.docker.distribution.manifest.list.v2+json", accept, StringComparison.Ordinal);
        Assert.Contains("application/vnd.docker.distribution.manifest.v2+json", accept, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_used_for_its_scope_until_shortly_before_it_expires()
    {
        _registry.Fault = _registry.WantToken($"http://{_registry.Host}/token");
        var client = Client(new GivenCredential("user", Secret));

        for (var i = 0; i < 5; i++) await client.HeadManifestAsync("a", "1", default);
        Assert.Single(_registry.Tokens);
        Assert.Contains("scope=repository%3Aa%3Apull", Assert.Single(TokenRequests()).Path, StringComparison.Ordinal);

        await client.HeadManifestAsync("b", "1", default);
        Assert.Equal(2, _registry.Tokens.Count);

        _time.Now += TimeSpan.FromSeconds(289);
        await client.HeadManifestAsync("a", "1", default);
        Assert.Equal(2, _registry.Tokens.Count);

        _time.Now += TimeSpan.FromSeconds(2);
        await client.HeadManifestAsync("a", "1", default);
        Assert.Equal(3, _registry.Tokens.Count);
    }

    [Fact]
    public async Task A_token_that_is_refused_is_replaced_once()
    {
        _registry.Fault = _registry.WantToken($"http://{_registry.Host}/token");
        var client = Client(new GivenCredential("user", Secret));
        await client.HeadManifestAsync("a", "1", default);
        _registry.Tokens.Clear();

        Assert.Null(await client.HeadManifestAsync("a", "1", default));
        Assert.Single(_registry.Tokens);

        _registry.Fault = context => context.Request.Path == "/token" ? Task.FromResult(false) : ChallengeAsync(context, $"Bearer realm=\"http://{_registry.Host}/token\"");
        var error = await Assert.ThrowsAsync<RolloutException>(() => client.HeadManifestAsync("a", "1", default));
        Assert.Equal("RegistryUnauthorized", error.Id);
        Assert.Equal(2, _registry.Tokens.Count);
    }

    [Fact]
    public async Task An_identity_token_is_traded_for_a_token_in_the_body_of_a_post()
    {
        string? form = null;
        var want = _registry.WantToken($"http://{_registry.Host}/token");
        _registry.Fault = async context =>
        {
            if (context.Request.HasFormContentType) form = string.Join('&', (await context.Request.ReadFormAsync()).Select(field => $"{field.Key}={field.Value}"));
            return await want(context);
        };

        await Client(new Identity(Secret)).HeadManifestAsync("a", "1", default);

        Assert.Contains($"refresh_token={Secret}", form, StringComparison.Ordinal);
        Assert.Contains("grant_type=refresh_token", form, StringComparison.Ordinal);
        Assert.DoesNotContain(_registry.Requests, request => request.Path.Contains(Secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_credentials_a_token_is_asked_for_anonymously_of_any_server()
    {
        await using var tokens = await StartAsync();
        _registry.Fault = context => tokens.Tokens.Any(token => context.Request.Headers.Authorization == "Bearer " + token)
            ? Task.FromResult(false)
            : ChallengeAsync(context, $"Bearer realm=\"http://{tokens.OtherName}/token?account=x\",service=\"s\"");

        Assert.Null(await Client().HeadManifestAsync("a", "1", default));
        var request = Assert.Single(tokens.Requests);
        Assert.Null(request.Authorization);
        Assert.StartsWith("/token?account=x&service=s&scope=", request.Path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_wants_a_login_and_gets_none_says_how_to_log_in()
    {
        _registry.Fault = context => ChallengeAsync(context, "Basic realm=\"r\"");

        var error = await Assert.ThrowsAsync<RolloutException>(() => Client().HeadManifestAsync("a", "1", default));

        Assert.Equal("RegistryUnauthorized", error.Id);
        Assert.Contains($"docker login {_registry.Host}", error.Mend, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not an address")]
    [InlineData("ftp://example.com/token")]
    [InlineData("/token")]
    public async Task A_challenge_without_a_usable_realm_is_an_error(string realm)
    {
        _registry.Fault = context => ChallengeAsync(context, $"Bearer realm=\"{realm}\"");

        var error = await Assert.ThrowsAsync<RolloutException>(() => Client(new GivenCredential("user", Secret)).HeadManifestAsync("a", "1", default));

        Assert.Equal("RegistryAnswerInvalid", error.Id);
    }

    [Fact]
    public async Task A_redirect_to_another_host_takes_no_credentials_along()
    {
        await using var storage = await StartAsync();
        var digest = storage.AddBlob([1, 2, 3]);
        _registry.Fault = context => context.Request.Path.Value!.Contains("/blobs/", StringComparison.Ordinal)
            ? RedirectAsync(context, $"http://{storage.OtherName}{context.Request.Path}?X-Signature={Secret}")
            : context.Request.Headers.Authorization.Count > 0 ? Task.FromResult(false) : ChallengeAsync(context, "Basic realm=\"r\"");

        var head = await Client(new GivenCredential("user", Secret)).HeadBlobAsync("a", digest, default);

        Assert.Equal(3, head?.Size);
        Assert.NotNull(_registry.Requests.Last().Authorization);
        Assert.All(storage.Requests, request => Assert.Null(request.Authorization));
        Assert.Single(storage.Requests);
    }

    [Fact]
    public async Task A_redirect_within_the_registry_keeps_them()
    {
        var digest = _registry.AddBlob([1, 2, 3]);
        _registry.Fault = context => context.Request.Headers.Authorization.Count == 0
            ? ChallengeAsync(context, "Basic realm=\"r\"")
            : context.Request.Path.Value!.StartsWith("/v2/a/", StringComparison.Ordinal) ? RedirectAsync(context, $"/v2/b/blobs/{digest}") : Task.FromResult(false);

        Assert.Equal(3, (await Client(new GivenCredential("user", Secret)).HeadBlobAsync("a", digest, default))?.Size);
    }

    [Fact]
    public async Task A_failure_behind_a_redirect_shows_no_signed_address()
    {
        await using var storage = await StartAsync();
        storage.Fault = context => RefuseAsync(context, 503);
        _registry.Fault = context => context.Request.Path == "/v2/" ? Task.FromResult(false) : RedirectAsync(context, $"http://{storage.OtherName}/x?X-Signature={Secret}");

        var error = await Assert.ThrowsAsync<RolloutException>(() => Client().HeadBlobAsync("a", Digest([1]), default));

        Assert.Equal("RegistryUnavailable", error.Id);
        Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirects_in_circles_end()
    {
        _registry.Fault = context => context.Request.Path == "/v2/" ? Task.FromResult(false) : RedirectAsync(context, context.Request.Path.Value!);

        Assert.Equal("RegistryAnswerInvalid", (await FailAsync()).Id);
        Assert.InRange(_registry.Requests.Count, 2, 10);
    }

    [Fact]
    public async Task A_manifest_without_end_is_not_read_to_its_end()
    {
        _registry.Fault = async context =>
        {
            if (context.Request.Path == "/v2/") return false;
            var chunk = new byte[64 * 1024];
            try
            {
                while (true) await context.Response.Body.WriteAsync(chunk, context.RequestAborted);
            }
            catch (OperationCanceledException)
            {
                return true;
            }
        };

        var error = await Assert.ThrowsAsync<RolloutException>(() => Client().GetManifestAsync("a", "1", default));

        Assert.Equal("RegistryAnswerInvalid", error.Id);
        Assert.Contains("longer", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, "RegistryUnauthorized", ErrorKind.Authentication)]
    [InlineData(403, "RegistryForbidden", ErrorKind.PermissionDenied)]
    [InlineData(429, "RegistryRateLimited", ErrorKind.LimitExceeded)]
    [InlineData(500, "RegistryUnavailable", ErrorKind.Unavailable)]
    [InlineData(503, "RegistryUnavailable", ErrorKind.Unavailable)]
    [InlineData(418, "RegistryAnswerInvalid", ErrorKind.InvalidData)]
    public async Task A_refusal_names_method_address_and_the_registrys_words(int status, string id, ErrorKind kind)
    {
        _registry.Fault = context => context.Request.Path == "/v2/" ? Task.FromResult(false) : RefuseAsync(context, status, message: "##vso[task.complete]\u001b[31mbecause");

        var error = await Assert.ThrowsAsync<RolloutException>(() => Client().GetManifestAsync("team/shop", "1", default));

        Assert.Equal((id, kind), (error.Id, error.Kind));
        Assert.Contains($"GET http://{_registry.Host}/v2/team/shop/manifests/1", error.Message, StringComparison.Ordinal);
        Assert.Contains("# #vso[task.complete]because", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retry_After_is_read_as_seconds_or_as_a_date()
    {
        foreach (var (text, seconds) in new[] { ("17", 17.0), (_time.Now.AddSeconds(90).ToString("r"), 90.0) })
        {
            _registry.Fault = context =>
            {
                if (context.Request.Path == "/v2/") return Task.FromResult(false);
                context.Response.Headers.RetryAfter = text;
                return RefuseAsync(context, 429);
            };

            Assert.Equal(seconds, RegistryErrors.RetryAfterOf(await FailAsync())?.TotalSeconds);
        }
    }

    [Fact]
    public async Task What_is_no_registry_is_told_to_be_none()
    {
        _registry.Fault = context => RefuseAsync(context, 404);

        Assert.Equal("RegistryNotFound", (await FailAsync()).Id);
    }

    [Fact]
    public async Task A_page_in_place_of_an_answer_is_not_shown()
    {
        _registry.Fault = async context =>
        {
            context.Response.StatusCode = 502;
            await context.Response.WriteAsync("<html>proxy</html>");
            return true;
        };

        var error = await FailAsync();

        Assert.Equal("RegistryUnavailable", error.Id);
        Assert.DoesNotContain("html", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_is_cut_is_told()
    {
        _registry.Fault = context => context.Request.Path == "/v2/" ? Task.FromResult(false) : Task.FromResult(Cut(context));

        Assert.Equal(("RegistryConnectionLost", ErrorKind.Connection), ((await FailAsync()).Id, (await FailAsync()).Kind));
    }

    [Fact]
    public async Task Credentials_wait_for_no_one_to_hand_them_over_without_being_asked()
    {
        Assert.Null(await Client(new GivenCredential("user", Secret)).CredentialsForEngineAsync("a", default));
    }

    private static Task<bool> RedirectAsync(HttpContext context, string address)
    {
        context.Response.Redirect(address, permanent: false, preserveMethod: true);
        return Task.FromResult(true);
    }

    private IEnumerable<Seen> TokenRequests() => _registry.Requests.Where(request => request.Path.StartsWith("/token", StringComparison.Ordinal));

    private Task<RolloutException> FailAsync() => Assert.ThrowsAsync<RolloutException>(() => Client().HeadBlobAsync("a", Digest([1]), default));

    private RegistryClient Client(IRegistryCredentials? credentials = null) =>
        _client ??= new(new RegistryOptions { Registry = _registry.Host, Credentials = credentials ?? new Nobody(), Time = _time });

    private sealed class Nobody : IRegistryCredentials
    {
        public Task<RegistryAuth?> FindAsync(string registry, CancellationToken cancellation) => Task.FromResult<RegistryAuth?>(null);
    }

    private sealed class Identity(string token) : IRegistryCredentials
    {
        public Task<RegistryAuth?> FindAsync(string registry, CancellationToken cancellation) =>
            Task.FromResult<RegistryAuth?>(new() { IdentityToken = token, ServerAddress = registry });
    }

    /// <summary>A clock that is set by hand; its timers run as ever.</summary>
    private sealed class ManualTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
