using Microsoft.AspNetCore.Http;
using Rollout.Engine.Registries;
using Rollout.Engine.Tests.Engines;
using Xunit;
using static Rollout.Engine.Tests.Registries.FaultRegistry;

namespace Rollout.Engine.Tests.Registries;

/// <summary>Publishing with a real engine to a registry that misbehaves.</summary>
public sealed class PublishFaultTests(DockerEngineFixture engine) : IClassFixture<DockerEngineFixture>, IAsyncLifetime
{
    private const string Secret = "s3cret-Passw0rd";

    private readonly RecordingReporter _reporter = new();
    private FaultRegistry _registry = null!;

    public async Task InitializeAsync() => _registry = await StartAsync();

    public async Task DisposeAsync() => await _registry.DisposeAsync();

    [FactNeeds("docker")]
    public async Task Without_a_fault_it_is_a_registry_like_any_other()
    {
        var published = await PublishAsync();

        Assert.True(published.Verified);
        Assert.All(published.Layers, layer => Assert.Equal(LayerStatus.Pushed, layer.Status));
        Assert.Empty(_reporter.Warnings);
    }

    [TheoryNeeds("docker")]
    [InlineData(401, "UNAUTHORIZED", "RegistryUnauthorized", ErrorKind.Authentication)]
    [InlineData(403, "DENIED", "RegistryForbidden", ErrorKind.PermissionDenied)]
    [InlineData(404, "NAME_UNKNOWN", "RepositoryNotFound", ErrorKind.NotFound)]
    public async Task What_the_registry_refuses_is_told_and_not_tried_again(int status, string code, string id, ErrorKind kind)
    {
        _registry.Fault = context => IsUploadStart(context) ? RefuseAsync(context, status, code) : No;

        var error = await FailAsync();

        Assert.Equal((id, kind), (error.Id, error.Kind));
        Assert.Contains(_registry.Host, error.Message, StringComparison.Ordinal);
        Assert.Empty(_reporter.Warnings);
        Assert.Single(_registry.Requests, request => request.Path == "/v2/" && request.Authorization is null && !IsEngines(request));
    }

    [TheoryNeeds("docker")]
    [InlineData(500, "RegistryUnavailable")]
    [InlineData(503, "RegistryUnavailable")]
    [InlineData(429, "RegistryRateLimited")]
    [InlineData(0, "RegistryConnectionLost")]
    public async Task A_failure_that_passes_is_tried_again(int status, string id)
    {
        // At the manifest: an engine tries layers again by itself.
        var failures = 1;
        _registry.Fault = context => !IsManifestPut(context) || Interlocked.Decrement(ref failures) < 0 ? No : Break(context);

        var published = await PublishAsync();

        Assert.True(published.Verified);
        Assert.All(published.Layers.Skip(1), layer => Assert.Equal(LayerStatus.Pushed, layer.Status));
        Assert.Contains("Trying again", Assert.Single(_reporter.Warnings), StringComparison.Ordinal);

        failures = int.MaxValue;
        Assert.Equal(id, (await FailAsync(request => request with { RetryCount = 1 })).Id);
        Assert.Equal(2, _reporter.Warnings.Count);

        Task<bool> Break(HttpContext context) => status == 0 ? Task.FromResult(Cut(context)) : RefuseAsync(context, status, "TOOMANYREQUESTS");
    }

    [FactNeeds("docker")]
    public async Task What_the_registry_asks_to_wait_is_waited()
    {
        var failures = 2;
        _registry.Fault = context =>
        {
            if (context.Request.Path != "/v2/" || !IsOurs(context) || Interlocked.Decrement(ref failures) < 0) return No;
            context.Response.Headers.RetryAfter = "0";
            return RefuseAsync(context, 429, "TOOMANYREQUESTS");
        };

        Assert.True((await PublishAsync()).Verified);
        Assert.All(_reporter.Warnings, warning => Assert.Contains("Trying again in 0 s", warning, StringComparison.Ordinal));
        Assert.Equal(2, _reporter.Warnings.Count);
    }

    [FactNeeds("docker")]
    public async Task A_layer_that_stays_broken_is_an_error()
    {
        // The engine tries each layer five times within some 50 seconds; both faults at once.
        await using var cutting = await StartAsync();
        _registry.Fault = context => IsUpload(context) && context.Request.Method == "PATCH" ? RefuseAsync(context, 500) : No;
        cutting.Fault = async context =>
        {
            if (!IsUpload(context) || context.Request.Method != "PATCH") return false;
            await context.Request.Body.ReadExactlyAsync(new byte[10]);
            return Cut(context);
        };

        var errors = await Task.WhenAll(new[] { _registry, cutting }.Select(async registry =>
        {
            var image = await ImageAsync(registry);
            return await Assert.ThrowsAsync<RolloutException>(() => PublishAsync(image, request => request with { RetryCount = 0 }));
        }));

        Assert.Equal(["RegistryUnavailable", "RegistryConnectionLost"], errors.Select(error => error.Id));
        Assert.All(errors, error => Assert.Contains("tests/", error.Message, StringComparison.Ordinal));
        Assert.False(_registry.HasManifest || cutting.HasManifest);
    }

    [FactNeeds("docker")]
    public async Task A_tag_with_another_digest_fails_the_proof()
    {
        var lie = "sha256:" + new string('0', 64);
        _registry.Fault = context => Lie(context, "HEAD", "/manifests/1", () => context.Response.Headers["Docker-Content-Digest"] = lie);

        var error = await FailAsync();

        Assert.Equal(("PublishedDigestMismatch", ErrorKind.InvalidData), (error.Id, error.Kind));
        Assert.Contains(lie, error.Message, StringComparison.Ordinal);
    }

    [FactNeeds("docker")]
    public async Task A_manifest_whose_bytes_have_another_digest_fails_the_proof()
    {
        _registry.Fault = async context =>
        {
            if (!_registry.HasManifest || context.Request.Method != "GET" || !context.Request.Path.Value!.Contains("/manifests/", StringComparison.Ordinal)) return false;
            var manifest = _registry.Manifests.Values.First();
            context.Response.ContentType = manifest.MediaType;
            await context.Response.Body.WriteAsync(manifest.Bytes.AsMemory(0, manifest.Bytes.Length / 2));
            return true;
        };

        Assert.Equal("PublishedDigestMismatch", (await FailAsync()).Id);
    }

    [FactNeeds("docker")]
    public async Task A_manifest_of_a_wrong_media_type_fails_the_proof()
    {
        _registry.Fault = context => Lie(context, "GET", "/manifests/sha256:", () => context.Response.ContentType = "application/vnd.oci.image.manifest.v1+json");

        var error = await FailAsync();

        Assert.Equal("PublishedManifestInvalid", error.Id);
        Assert.Contains("application/vnd.docker.distribution.manifest.v2+json", error.Message, StringComparison.Ordinal);
    }

    [FactNeeds("docker")]
    public async Task A_manifest_that_is_gone_fails_the_proof()
    {
        _registry.Fault = context => _registry.HasManifest && context.Request.Path.Value!.Contains("/manifests/", StringComparison.Ordinal) ? RefuseAsync(context, 404) : No;

        Assert.Equal("PublishedManifestMissing", (await FailAsync()).Id);
    }

    [FactNeeds("docker")]
    public async Task A_blob_that_is_gone_fails_the_proof()
    {
        // The largest: a layer.
        _registry.Fault = context => _registry.HasManifest && context.Request.Path.Value!.EndsWith(Largest(), StringComparison.Ordinal) ? RefuseAsync(context, 404) : No;

        var error = await FailAsync();

        Assert.Equal(("PublishedBlobMissing", ErrorKind.InvalidData), (error.Id, error.Kind));
        Assert.Contains(Largest(), error.Message, StringComparison.Ordinal);
    }

    [FactNeeds("docker")]
    public async Task A_blob_of_another_size_fails_the_proof()
    {
        _registry.Fault = context =>
        {
            if (!_registry.HasManifest || !context.Request.Path.Value!.EndsWith(Largest(), StringComparison.Ordinal)) return No;
            context.Response.ContentLength = 17;
            return Task.FromResult(true);
        };

        var error = await FailAsync();

        Assert.Equal("PublishedBlobSizeMismatch", error.Id);
        Assert.Contains("17", error.Message, StringComparison.Ordinal);
    }

    [FactNeeds("docker")]
    public async Task The_proof_is_tried_again_where_the_registry_stumbles()
    {
        var failures = 1;
        _registry.Fault = context => _registry.HasManifest && Interlocked.Decrement(ref failures) >= 0 ? RefuseAsync(context, 502) : No;

        Assert.True((await PublishAsync()).Verified);
        Assert.Single(_reporter.Warnings);
    }

    [FactNeeds("docker")]
    public async Task Every_blob_is_asked_for_once_however_many_tags_there_are()
    {
        var reference = await ImageAsync();
        await engine.Client.Images.TagAsync(reference.ToString(), reference.WithTag("2"), CancellationToken.None);
        var heads = 0;
        _registry.Fault = context =>
        {
            // The engine asks too, before the manifest is there.
            if (_registry.HasManifest && IsOurs(context) && context.Request.Path.Value!.Contains("/blobs/", StringComparison.Ordinal)) heads++;
            return No;
        };

        var published = await PublishAsync(reference, request => request with { AllTags = true });

        Assert.Equal(2, published.References.Count);
        Assert.Equal(1 + published.Layers.Count, heads);
    }

    [FactNeeds("docker")]
    public async Task Credentials_never_reach_a_token_server_of_another_host()
    {
        await using var thief = await StartAsync();
        _registry.Fault = _registry.WantToken($"http://{thief.OtherName}/token");

        var error = await FailAsync(WithLogin);

        Assert.Equal(("TokenRealmNotTrusted", ErrorKind.PermissionDenied), (error.Id, error.Kind));
        Assert.Contains(thief.OtherName, error.Message, StringComparison.Ordinal);
        Assert.Contains($"ROLLOUT_TOKEN_REALMS={thief.OtherName}", error.Mend, StringComparison.Ordinal);
        Assert.Empty(thief.Requests);
        Assert.DoesNotContain(_registry.Requests, request => request.Authorization is not null);
        // The engine was not even asked: all there was is our own question.
        Assert.DoesNotContain(_registry.Requests, IsEngines);
        AssertNoSecret(error);
    }

    [FactNeeds("docker")]
    public async Task Credentials_for_a_pull_do_not_either()
    {
        await using var thief = await StartAsync();
        _registry.Fault = _registry.WantToken($"http://{thief.OtherName}/token");
        var credentials = new TrustedCredentials(new GivenCredential("user", Secret), engine.Client);

        var error = await Assert.ThrowsAsync<RolloutException>(() => credentials.FindAsync(_registry.Host, CancellationToken.None));

        Assert.Equal("TokenRealmNotTrusted", error.Id);
        Assert.Empty(thief.Requests);
        _registry.Fault = _registry.WantToken($"http://{_registry.Host}/token");
        Assert.Equal(Secret, (await credentials.FindAsync(_registry.Host, CancellationToken.None))?.Password);
    }

    [FactNeeds("docker")]
    public async Task A_second_challenge_hides_no_token_server_from_the_check()
    {
        await using var thief = await StartAsync();
        _registry.Fault = context =>
        {
            context.Response.Headers.Append("WWW-Authenticate", $"Bearer realm=\"http://{_registry.Host}/token\",service=\"tests\"");
            context.Response.Headers.Append("WWW-Authenticate", $"Bearer realm=\"http://{thief.OtherName}/token\",service=\"tests\"");
            return RefuseAsync(context, 401);
        };

        Assert.Equal("TokenRealmNotTrusted", (await FailAsync(WithLogin)).Id);
        Assert.Empty(thief.Requests);
    }

    [FactNeeds("docker")]
    public async Task A_token_server_that_the_user_allows_gets_the_credentials()
    {
        await using var tokens = await StartAsync();
        _registry.Fault = context =>
            tokens.Tokens.Any(token => context.Request.Headers.Authorization == "Bearer " + token)
                ? No
                : ChallengeAsync(context, $"Bearer realm=\"http://{tokens.OtherName}/token\",service=\"tests\"");

        var published = await PublishAsync(request => WithLogin(request) with { AllowedTokenRealms = [tokens.OtherName] });

        Assert.True(published.Verified);
        Assert.All(tokens.Requests, request => Assert.StartsWith("Basic ", request.Authorization, StringComparison.Ordinal));
        Assert.DoesNotContain(_registry.Requests, request => request.Authorization?.StartsWith("Basic ", StringComparison.Ordinal) == true);
        Assert.Contains(tokens.Requests, request => request.Path.Contains("pull", StringComparison.Ordinal));
        AssertNoSecret(published);
    }

    [FactNeeds("docker")]
    public async Task The_registrys_own_token_server_gets_the_credentials()
    {
        _registry.Fault = _registry.WantToken($"http://{_registry.Host}/token");

        Assert.True((await PublishAsync(WithLogin)).Verified);
        Assert.NotEmpty(_registry.Tokens);
    }

    [FactNeeds("docker")]
    public async Task A_registry_that_asks_for_nothing_is_given_nothing()
    {
        Assert.True((await PublishAsync(WithLogin)).Verified);

        Assert.All(_registry.Requests, request => Assert.Null(request.Authorization));
    }

    [FactNeeds("docker")]
    public async Task A_registry_that_never_answers_is_a_timeout()
    {
        _registry.Fault = HangAsync;

        var error = await FailAsync(request => request with { RequestTimeout = TimeSpan.FromMilliseconds(500) });

        Assert.Equal(("RegistryTimeout", ErrorKind.Timeout), (error.Id, error.Kind));
    }

    [FactNeeds("docker")]
    public async Task An_upload_that_never_ends_is_a_timeout()
    {
        _registry.Fault = context => IsUpload(context) ? HangAsync(context) : No;

        var error = await FailAsync(request => request with { Timeout = TimeSpan.FromSeconds(2) });

        Assert.Equal(("PublishTimeout", ErrorKind.Timeout), (error.Id, error.Kind));
    }

    [FactNeeds("docker")]
    public async Task It_ends_when_it_is_cancelled()
    {
        using var stop = new CancellationTokenSource();
        _registry.Fault = context =>
        {
            if (!IsUpload(context)) return No;
            stop.Cancel();
            return HangAsync(context);
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => PublishAsync(cancellation: stop.Token));
    }

    [FactNeeds("docker")]
    public async Task What_the_registry_says_is_shown_neutralised()
    {
        _registry.Fault = context => IsUploadStart(context) ? RefuseAsync(context, 403, "DENIED", "\u001b[31m##vso[task.complete result=Succeeded]no") : No;

        var error = await FailAsync();

        Assert.Contains("# #vso[task.complete result=Succeeded]no", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', error.Message);
        Assert.DoesNotContain("##vso[", error + _reporter.Everything, StringComparison.Ordinal);
    }

    [FactNeeds("docker")]
    public async Task A_secret_is_shown_nowhere_when_the_registry_refuses_it()
    {
        _registry.Fault = context => ChallengeAsync(context, "Basic realm=\"tests\"");

        var error = await FailAsync(WithLogin);

        Assert.Equal("RegistryUnauthorized", error.Id);
        AssertNoSecret(error);
    }

    private static Task<bool> No => Task.FromResult(false);

    private static PublishRequest WithLogin(PublishRequest request) => request with { Credentials = new GivenCredential("user", Secret) };

    private static bool IsOurs(HttpContext context) => context.Request.Headers.UserAgent.ToString().StartsWith("Rollout/", StringComparison.Ordinal);

    private static bool IsEngines(Seen request) => request.Agent?.StartsWith("docker/", StringComparison.Ordinal) == true;

    private static bool IsUpload(HttpContext context) => context.Request.Path.Value!.Contains("/blobs/uploads/", StringComparison.Ordinal);

    private static bool IsManifestPut(HttpContext context) => context.Request.Method == "PUT" && context.Request.Path.Value!.Contains("/manifests/", StringComparison.Ordinal);

    private static bool IsUploadStart(HttpContext context) => IsUpload(context) && context.Request.Method == "POST";

    private string Largest() => _registry.Blobs.MaxBy(blob => blob.Value.Length).Key;

    /// <summary>Answers as it should, but for what is set last.</summary>
    private Task<bool> Lie(HttpContext context, string method, string path, Action lie)
    {
        if (_registry.HasManifest && context.Request.Method == method && context.Request.Path.Value!.Contains(path, StringComparison.Ordinal))
        {
            context.Response.OnStarting(() =>
            {
                lie();
                return Task.CompletedTask;
            });
        }

        return No;
    }

    private void AssertNoSecret(object outcome)
    {
        var shown = $"{outcome}\n{(outcome as RolloutException)?.Mend}\n{(outcome as RolloutException)?.Subject}\n{_reporter.Everything}";
        Assert.DoesNotContain(Secret, shown, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes("user:" + Secret)), shown, StringComparison.Ordinal);
    }

    /// <summary>An image that no registry has yet, named for this one or another.</summary>
    private async Task<ImageReference> ImageAsync(FaultRegistry? registry = null)
    {
        var reference = (registry ?? _registry).Reference($"tests/{engine.Prefix}fault-{Guid.NewGuid():N}");
        await TestImages.BuildAsync(engine.Client, reference, "COPY data /data", new Dictionary<string, byte[]> { ["data"] = Guid.NewGuid().ToByteArray() });
        return reference;
    }

    private async Task<PublishedImage> PublishAsync(Func<PublishRequest, PublishRequest>? with = null, CancellationToken cancellation = default) =>
        await PublishAsync(await ImageAsync(), with, cancellation);

    private Task<PublishedImage> PublishAsync(ImageReference image, Func<PublishRequest, PublishRequest>? with = null, CancellationToken cancellation = default)
    {
        var request = new PublishRequest { Image = image, Docker = engine.Client, Credentials = new DockerConfig("/nowhere") };
        return ImagePublish.RunAsync(with?.Invoke(request) ?? request, _reporter, cancellation);
    }

    private Task<RolloutException> FailAsync(Func<PublishRequest, PublishRequest>? with = null) =>
        Assert.ThrowsAsync<RolloutException>(() => PublishAsync(with));
}
