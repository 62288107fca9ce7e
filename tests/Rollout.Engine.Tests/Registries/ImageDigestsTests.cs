using Rollout.Engine.Registries;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Registries;

/// <summary>What is asked of registries before a rollout, and what is not.</summary>
public sealed class ImageDigestsTests : IAsyncLifetime
{
    private const string Manifest = """{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"DIGEST","size":2},"layers":[]}""";
    private static CancellationToken Limit => TestLimit.FromNow;
    private readonly RecordingReporter _reporter = new();
    private readonly ImageDigests _images = new(new DockerConfig("/nowhere"), TimeProvider.System);
    private FaultRegistry _registry = null!;

    public async Task InitializeAsync() => _registry = await FaultRegistry.StartAsync();

    public async Task DisposeAsync() => await _registry.DisposeAsync();

    [Fact]
    public async Task ATagIsPinnedToItsDigestAndAskedForOnceHoweverManyRollOut()
    {
        var digest = Image("shop", "1", "a");

        var pinned = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => PinAsync(_registry.Reference("shop"))));

        Assert.All(pinned, reference => Assert.Equal($"{_registry.Host}/shop:1@{digest}", reference.ToString()));
        Assert.Single(_registry.Requests, request => request.Method == "HEAD");
        Assert.Empty(_reporter.Warnings);
    }

    [Fact]
    public async Task OfAFleetEveryoneGetsTheSameDigestThoughTheTagMoves()
    {
        var first = Image("shop", "1", "a");
        await PinAsync(_registry.Reference("shop"));
        Image("shop", "1", "b");

        Assert.Equal(first, (await PinAsync(_registry.Reference("shop"))).Digest);
    }

    [Fact]
    public async Task ADigestIsAskedForByItself()
    {
        var digest = Image("shop", "1", "a");

        Assert.Equal(digest, (await PinAsync(_registry.Reference("shop", "other").WithDigest(digest))).Digest);
        Assert.Equal("ImageNotInRegistry", (await Assert.ThrowsAsync<RolloutException>(() => PinAsync(_registry.Reference("shop").WithDigest(FaultRegistry.Digest([1]))))).Id);
    }

    [Fact]
    public async Task WhereTheRegistryNamesNoDigestItIsThatOfTheBytes()
    {
        var digest = Image("shop", "1", "a");
        _registry.Fault = context =>
        {
            context.Response.OnStarting(() =>
            {
                context.Response.Headers.Remove("Docker-Content-Digest");
                return Task.CompletedTask;
            });
            return Task.FromResult(false);
        };

        Assert.Equal(digest, (await PinAsync(_registry.Reference("shop"))).Digest);
    }

    [Fact]
    public async Task WhatTheRegistryDoesNotHoldIsRefused()
    {
        var error = await Assert.ThrowsAsync<RolloutException>(() => PinAsync(_registry.Reference("shop", "gone")));

        Assert.Equal(("ImageNotInRegistry", ErrorKind.NotFound), (error.Id, error.Kind));
        Assert.Contains(_registry.Reference("shop", "gone").ToString(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARegistryThatIsNotThereIsOneWarningAndNoRefusal()
    {
        var nobody = ImageReference.Parse($"127.0.0.1:{Ports.Free()}/shop:1");

        var pinned = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => PinAsync(nobody.WithTag($"v{i}"))));

        Assert.All(pinned, reference => Assert.Null(reference.Digest));
        Assert.Contains(nobody.Registry, Assert.Single(_reporter.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARegistryThatDoesNotAnswerIsWaitedForOnceAndNotForLong()
    {
        _registry.Fault = FaultRegistry.HangAsync;

        Assert.Null((await PinAsync(_registry.Reference("shop"))).Digest);
        Assert.Null((await PinAsync(_registry.Reference("other"))).Digest);
        Assert.Contains("within 2 s", Assert.Single(_reporter.Warnings), StringComparison.Ordinal);
        Assert.Single(_registry.Requests);
    }

    [Fact]
    public async Task ARegistryThatLetsOnlyTheClusterInIsOneWarningToo()
    {
        _registry.Fault = context => FaultRegistry.ChallengeAsync(context, "Basic realm=\"tests\"");

        Assert.Null((await PinAsync(_registry.Reference("shop"))).Digest);
        Assert.Null((await PinAsync(_registry.Reference("other"))).Digest);
        Assert.Single(_reporter.Warnings);
    }

    [Fact]
    public async Task ARuntimeMayNameTheIndexAPlatformsManifestOrItsConfig()
    {
        var config = FaultRegistry.Digest("ac"u8.ToArray());
        var child = Image("shop", null, "ac");
        var index = _registry.AddManifest("shop", "1", "application/vnd.oci.image.index.v1+json",
            $$$"""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{{{child}}}","size":{{{Manifest.Length - "DIGEST".Length + config.Length}}},"platform":{"os":"linux","architecture":"amd64"}}]}""");

        Assert.Equal(new HashSet<string> { index, child, config }, await _images.DigestsAsync(_registry.Reference("shop").WithDigest(index), Limit));
    }

    [Fact]
    public async Task WhereTheRegistryIsNotThereOnlyTheDigestItselfIsKnown()
    {
        var digest = FaultRegistry.Digest([1]);

        Assert.Equal([digest], await _images.DigestsAsync(ImageReference.Parse($"127.0.0.1:{Ports.Free()}/shop@{digest}"), Limit));
    }

    private Task<ImageReference> PinAsync(ImageReference reference) => _images.PinAsync(reference, _reporter, Limit);

    private string Image(string repository, string? tag, string config) => _registry.AddManifest(
        repository, tag, "application/vnd.oci.image.manifest.v1+json", Manifest.Replace("DIGEST", FaultRegistry.Digest(System.Text.Encoding.UTF8.GetBytes(config)), StringComparison.Ordinal));
}
