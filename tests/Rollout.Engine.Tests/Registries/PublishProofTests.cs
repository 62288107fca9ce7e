using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Registries;
using Xunit;

namespace Rollout.Engine.Tests.Registries;

/// <summary>The proof over what engines push: images, and indexes with attestations.</summary>
public sealed class PublishProofTests : IAsyncLifetime
{
    private const string Manifest = "application/vnd.oci.image.manifest.v1+json";
    private const string Index = "application/vnd.oci.image.index.v1+json";
    private const string Config = "application/vnd.oci.image.config.v1+json";
    private const string Layer = "application/vnd.oci.image.layer.v1.tar+gzip";

    private FaultRegistry _registry = null!;

    public async Task InitializeAsync() => _registry = await FaultRegistry.StartAsync();

    public async Task DisposeAsync() => await _registry.DisposeAsync();

    [Fact]
    public async Task An_index_is_proven_with_every_manifest_in_it_and_gives_its_platforms_layers()
    {
        var index = AddIndex();

        var proof = await ProveAsync(index.Digest, "linux/arm64");

        Assert.Equal(Index, proof.MediaType);
        Assert.Equal([index.ArmLayer], proof.Layers.Select(layer => layer.Digest));
        Assert.Equal(_registry.Blobs.Values.Sum(blob => blob.Length) + _registry.Manifests.Values.DistinctBy(manifest => FaultRegistry.Digest(manifest.Bytes)).Sum(manifest => manifest.Bytes.Length), proof.Size);
    }

    [Theory]
    [InlineData("linux/amd64", "amd")]
    [InlineData("linux/arm64/v8", "arm")]
    [InlineData("windows/amd64", "amd")] // none of it: the first image
    [InlineData("", "amd")]
    public async Task The_platforms_manifest_is_found(string platform, string which)
    {
        var index = AddIndex();

        Assert.Equal([which == "arm" ? index.ArmLayer : index.AmdLayer], (await ProveAsync(index.Digest, platform)).Layers.Select(layer => layer.Digest));
    }

    [Fact]
    public async Task Whatever_is_missing_under_an_index_fails_the_proof()
    {
        var index = AddIndex();
        foreach (var digest in _registry.Blobs.Keys.ToList())
        {
            _registry.Blobs.TryRemove(digest, out var content);
            Assert.Equal("PublishedBlobMissing", (await FailAsync(index.Digest)).Id);
            _registry.Blobs[digest] = content!;
        }

        foreach (var key in _registry.Manifests.Keys.Where(key => key.Contains('@', StringComparison.Ordinal)).ToList())
        {
            _registry.Manifests.TryRemove(key, out var manifest);
            Assert.Equal("PublishedManifestMissing", (await FailAsync(index.Digest)).Id);
            _registry.Manifests[key] = manifest!;
        }

        Assert.NotNull(await ProveAsync(index.Digest, "linux/amd64"));
    }

    [Fact]
    public async Task A_registry_that_gives_no_digest_is_asked_for_the_bytes()
    {
        var digest = AddImage([1, 2, 3]).Digest;
        _registry.Fault = context =>
        {
            context.Response.OnStarting(() =>
            {
                context.Response.Headers.Remove("Docker-Content-Digest");
                return Task.CompletedTask;
            });
            return Task.FromResult(false);
        };

        Assert.NotNull(await ProveAsync(digest, ""));
        Assert.Equal("PublishedDigestMismatch", (await FailAsync("sha256:" + new string('1', 64))).Id);
    }

    [Fact]
    public async Task A_blob_without_a_size_is_not_proven()
    {
        var digest = AddImage([1, 2, 3]).Digest;
        _registry.Fault = context =>
        {
            if (context.Request.Path.Value!.Contains("/blobs/", StringComparison.Ordinal))
            {
                context.Response.OnStarting(() =>
                {
                    context.Response.ContentLength = null;
                    return Task.CompletedTask;
                });
            }

            return Task.FromResult(false);
        };

        Assert.Equal("PublishedBlobSizeMismatch", (await FailAsync(digest)).Id);
    }

    [Fact]
    public async Task Layers_kept_outside_registries_are_told_as_not_verified()
    {
        var image = Image([1, 2, 3]);
        image["layers"]!.AsArray().Insert(0, Descriptor("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", FaultRegistry.Digest([9]), 1));
        var digest = _registry.AddManifest("a", "1", Manifest, image.ToJsonString());

        Assert.Equal([false, true], (await ProveAsync(digest, "")).Layers.Select(layer => layer.IsVerified));
    }

    [Fact]
    public async Task A_sha512_digest_is_recomputed_as_such()
    {
        var json = Image([1, 2, 3]).ToJsonString();
        var digest = "sha512:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA512.HashData(Encoding.UTF8.GetBytes(json)));
        _registry.AddManifest("a", "1", Manifest, json);
        _registry.Manifests[$"a@{digest}"] = _registry.Manifests["a:1"];
        _registry.Fault = context =>
        {
            context.Response.OnStarting(() =>
            {
                context.Response.Headers.Remove("Docker-Content-Digest");
                return Task.CompletedTask;
            });
            return Task.FromResult(false);
        };

        Assert.NotNull(await ProveAsync(digest, ""));
    }

    [Theory]
    [InlineData("""{"schemaVersion": 1}""", "schema version is 1")]
    [InlineData("""{"schemaVersion": 2}""", "names no config")]
    [InlineData("""[]""", "not a manifest's JSON")]
    [InlineData("""{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json"}""", "it is 'application/vnd.oci.image.index.v1+json'")]
    [InlineData("""{"schemaVersion": 2, "config": {"mediaType": "text/plain", "digest": "DIGEST", "size": 1}}""", "'text/plain' is not the media type of a config")]
    [InlineData("""{"schemaVersion": 2, "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "../../x", "size": 1}}""", "'../../x' is not the digest of a config")]
    [InlineData("""{"schemaVersion": 2, "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "DIGEST"}}""", "not a manifest's JSON")]
    [InlineData("""{"schemaVersion": 2, "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "DIGEST", "size": -5}}""", "-5 bytes")]
    [InlineData("""{"schemaVersion": 2, "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "DIGEST", "size": 1}, "layers": [{"mediaType": "image/png", "digest": "DIGEST", "size": 1}]}""", "'image/png' is not the media type of a layer")]
    [InlineData("""{"schemaVersion": 2, "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "DIGEST", "size": 1}, "manifests": [{"size": 1}]}""", "names manifests")]
    public async Task A_malformed_manifest_is_told_why(string json, string reason)
    {
        var digest = _registry.AddManifest("a", "1", Manifest, json.Replace("DIGEST", FaultRegistry.Digest([1]), StringComparison.Ordinal));

        var error = await FailAsync(digest);

        Assert.Equal("PublishedManifestInvalid", error.Id);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_byte_of_a_manifest_changes_the_proof_fails()
    {
        var digest = AddImage([1, 2, 3]).Digest;
        var good = _registry.Manifests["a:1"];

        Prop.ForAll(Gen.Choose(0, good.Bytes.Length - 1).ToArbitrary(), Gen.Choose(1, 255).ToArbitrary(), (at, change) =>
        {
            var bytes = good.Bytes.ToArray();
            bytes[at] ^= (byte)change;
            var error = Assert.Throws<RolloutException>(() => ImageManifest.Read(ImageReference.Parse("r.io/a:1"), digest, new ManifestBody(Manifest, bytes)));
            Assert.Equal("PublishedDigestMismatch", error.Id);
        }).Check(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Fact]
    public void Any_bytes_at_all_are_judged_without_a_stray_exception() =>
        Prop.ForAll(Documents.ToArbitrary(), json =>
        {
            var bytes = Encoding.UTF8.GetBytes(json);
            try
            {
                ImageManifest.Read(ImageReference.Parse("r.io/a:1"), FaultRegistry.Digest(bytes), new ManifestBody(Manifest, bytes));
            }
            catch (RolloutException error)
            {
                Assert.Equal("PublishedManifestInvalid", error.Id);
            }
        }).Check(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(3000));

    /// <summary>JSON that is nearly a manifest: values left out, null, or of another kind.</summary>
    private static readonly Gen<string> Documents =
        from version in Gen.Elements("2", "1", "null", "\"2\"", "2.5", "99999999999")
        from type in Gen.Elements($"\"{Manifest}\"", "null", "\"\"", "7")
        from config in Value
        from layers in Gen.OneOf(Value.ArrayOf().Select(items => $"[{string.Join(',', items.Take(3))}]"), Gen.Elements("null", "{}", "7"))
        from end in Gen.Elements("}", "", "}}", ", \"manifests\": null}")
        select $"{{\"schemaVersion\": {version}, \"mediaType\": {type}, \"config\": {config}, \"layers\": {layers}{end}";

    private static Gen<string> Value => Gen.Elements(
        "null", "{}", "[]", "7",
        $$"""{"mediaType": "{{Config}}", "digest": "{{FaultRegistry.Digest([1])}}", "size": 1}""",
        $$"""{"mediaType": "{{Layer}}", "digest": "{{FaultRegistry.Digest([1])}}", "size": 1}""",
        $$"""{"mediaType": null, "digest": null, "size": null}""",
        $$"""{"mediaType": "{{Layer}}", "digest": "sha256:x", "size": -5}""");

    private async Task<ProvenImage> ProveAsync(string digest, string platform)
    {
        using var client = new RegistryClient(new RegistryOptions { Registry = _registry.Host, Credentials = new DockerConfig("/nowhere") });
        return await new PublishProof(client).ProveAsync(_registry.Reference("a"), digest, platform, CancellationToken.None);
    }

    private Task<RolloutException> FailAsync(string digest) => Assert.ThrowsAsync<RolloutException>(() => ProveAsync(digest, "linux/amd64"));

    private (string Digest, string AmdLayer, string ArmLayer) AddIndex()
    {
        var (amd, arm, attestation) = (AddImage([1, 2, 3], null), AddImage([4, 5, 6, 7], null), AddImage([8], null, "application/vnd.in-toto+json"));
        var index = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = Index,
            ["manifests"] = new JsonArray(
                Child(attestation, "unknown", "unknown"),
                Child(amd, "linux", "amd64"),
                Child(arm, "linux", "arm64", "v8")),
        };
        return (_registry.AddManifest("a", "1", Index, index.ToJsonString()), amd.Layer, arm.Layer);
    }

    private (string Digest, int Length, string Layer) AddImage(byte[] layer, string? tag = "1", string layerType = Layer)
    {
        var json = Image(layer, layerType).ToJsonString();
        return (_registry.AddManifest("a", tag, Manifest, json), json.Length, FaultRegistry.Digest(layer));
    }

    private JsonObject Image(byte[] layer, string layerType = Layer)
    {
        var config = Encoding.UTF8.GetBytes($"{{\"for\": {layer.Length}}}");
        return new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = Manifest,
            ["config"] = Descriptor(Config, _registry.AddBlob(config), config.Length),
            ["layers"] = new JsonArray(Descriptor(layerType, _registry.AddBlob(layer), layer.Length)),
        };
    }

    private static JsonObject Child((string Digest, int Length, string Layer) image, string os, string architecture, string? variant = null)
    {
        var child = Descriptor(Manifest, image.Digest, image.Length);
        child["platform"] = new JsonObject { ["os"] = os, ["architecture"] = architecture };
        if (variant is not null) child["platform"]!["variant"] = variant;
        return child;
    }

    private static JsonObject Descriptor(string type, string digest, int size) => new() { ["mediaType"] = type, ["digest"] = digest, ["size"] = size };
}
