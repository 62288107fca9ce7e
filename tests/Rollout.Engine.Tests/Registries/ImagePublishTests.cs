using Rollout.Engine.Docker.Api;
using Rollout.Engine.Registries;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Registries;

/// <summary>Publishing with a real engine to real registries.</summary>
public sealed class ImagePublishTests(DockerEngineFixture engine, RegistryFixture registries) : IClassFixture<DockerEngineFixture>, IClassFixture<RegistryFixture>
{
    private readonly RecordingReporter _reporter = new();

    [FactNeeds("docker", "docker-registry")]
    public async Task What_is_published_is_proven_and_told_layer_by_layer()
    {
        var registry = await registries.PlainAsync();
        var reference = await BuildAsync(registry, "proven", files: Random("proven"), dockerfile: "COPY data /data");

        var published = await PublishAsync(reference);

        Assert.Equal(reference.WithDigest(published.Digest), published.Reference);
        Assert.Equal([published.Reference], published.References);
        Assert.Equal("application/vnd.docker.distribution.manifest.v2+json", published.MediaType);
        Assert.True(published.Verified);
        Assert.Equal(2, published.Layers.Count);
        Assert.All(published.Layers, layer => Assert.True(layer.Verified && layer.Size > 0, layer.ToString()));
        Assert.Equal(LayerStatus.Pushed, published.Layers[1].Status);
        Assert.True(published.Size > published.Layers.Sum(layer => layer.Size));
        Assert.Equal(engine.Client.Endpoint, published.Endpoint);
        Assert.True(published.Duration > TimeSpan.Zero);
        Assert.Contains($"{reference.Name}@{published.Digest}", (await InspectAsync(reference)).RepoDigests);
        Assert.Single(_reporter.Progresses, report => report.Completed);
        Assert.Contains(_reporter.Progresses, report => report.Status.Contains("of 2 layers", StringComparison.Ordinal));
        Assert.Empty(_reporter.Warnings);
    }

    [FactNeeds("docker", "docker-registry")]
    public async Task A_second_publish_finds_its_layers_there()
    {
        var registry = await registries.PlainAsync();
        var reference = await BuildAsync(registry, "twice");
        var first = await PublishAsync(reference);

        var second = await PublishAsync(reference);

        Assert.Equal(first.Digest, second.Digest);
        Assert.All(second.Layers, layer => Assert.True(layer is { Status: LayerStatus.Existing, Verified: true }, layer.ToString()));
    }

    [FactNeeds("docker", "docker-registry")]
    public async Task A_layer_of_another_repository_is_mounted()
    {
        var registry = await registries.PlainAsync();
        var first = await BuildAsync(registry, "mount-from", files: Random("mount"), dockerfile: "COPY data /data");
        await PublishAsync(first);
        var second = registry.Reference("mount-to");
        await engine.Client.Images.TagAsync(first.ToString(), second, CancellationToken.None);

        var published = await PublishAsync(second);

        Assert.All(published.Layers, layer => Assert.Equal(LayerStatus.Mounted, layer.Status));
        Assert.True(published.Verified);
    }

    [FactNeeds("docker", "docker-registry")]
    public async Task Every_reference_of_a_built_image_is_pushed()
    {
        var registry = await registries.PlainAsync();
        var reference = await BuildAsync(registry, "several");
        var other = registry.Reference("several-more", "2");
        await engine.Client.Images.TagAsync(reference.ToString(), other, CancellationToken.None);
        var image = await BuiltAsync(reference) with { References = [reference, other] };

        var published = await PublishAsync(image);

        Assert.Equal([reference.WithDigest(published.Digest), other.WithDigest(published.Digest)], published.References);
        Assert.NotNull(await ManifestAsync(reference));
        Assert.NotNull(await ManifestAsync(other));
    }

    [FactNeeds("docker", "docker-registry")]
    public async Task AllTags_pushes_every_local_tag_of_the_repository_and_no_other()
    {
        var registry = await registries.PlainAsync();
        var reference = await BuildAsync(registry, "all-tags", tag: "b");
        await BuildAsync(registry, "all-tags", tag: "a", files: Random("other"), dockerfile: "COPY data /data");
        await BuildAsync(registry, "all-tags-not", tag: "c");

        var published = await PublishAsync(reference, request => request with { AllTags = true });

        Assert.Equal(["b", "a"], published.References.Select(tag => tag.Tag));
        Assert.NotEqual(published.References[0].Digest, published.References[1].Digest);
        Assert.Null(await ManifestAsync(registry.Reference("all-tags-not", "c")));
    }

    [FactNeeds("docker", "docker-registry")]
    public async Task Immutable_refuses_a_tag_that_is_another_image_and_leaves_it_alone()
    {
        var registry = await registries.PlainAsync();
        var reference = await BuildAsync(registry, "immutable");
        var first = await PublishAsync(reference);
        await BuildAsync(registry, "immutable", files: Random("new"), dockerfile: "COPY data /data");

        var error = await Assert.ThrowsAsync<RolloutException>(() => PublishAsync(reference, request => request with { Immutable = true }));

        Assert.Equal(("TagIsImmutable", ErrorKind.Conflict), (error.Id, error.Kind));
        Assert.Contains(first.Digest, error.Message, StringComparison.Ordinal);
        Assert.Equal(first.Digest, (await ManifestAsync(reference))?.Digest);
    }

    [FactNeeds("docker", "docker-registry")]
    public async Task Immutable_refuses_before_any_other_tag_is_pushed()
    {
        var registry = await registries.PlainAsync();
        var taken = await BuildAsync(registry, "immutable-second", tag: "taken");
        await PublishAsync(taken);
        await BuildAsync(registry, "immutable-second", tag: "taken", files: Random("newer"), dockerfile: "COPY data /data");
        var fresh = taken.WithTag("fresh");
        await engine.Client.Images.TagAsync(taken.ToString(), fresh, CancellationToken.None);
        var image = await BuiltAsync(fresh) with { References = [fresh, taken] };

        var error = await Assert.ThrowsAsync<RolloutException>(() => PublishAsync(image, request => request with { Immutable = true }));

        Assert.Equal("TagIsImmutable", error.Id);
        Assert.Null(await ManifestAsync(fresh));
    }

    [FactNeeds("docker", "docker-registry")]
    public async Task Immutable_takes_a_new_tag_and_the_same_image_again()
    {
        var registry = await registries.PlainAsync();
        var reference = await BuildAsync(registry, "immutable-same");

        var first = await PublishAsync(reference, request => request with { Immutable = true });
        var second = await PublishAsync(reference, request => request with { Immutable = true });

        Assert.Equal(first.Digest, second.Digest);
        Assert.True(second.Verified);
        Assert.All(second.Layers, layer => Assert.Equal(LayerStatus.Existing, layer.Status));
    }

    [FactNeeds("docker", "docker-registry")]
    public async Task A_tag_that_has_moved_since_the_build_is_not_pushed()
    {
        var registry = await registries.PlainAsync();
        var reference = await BuildAsync(registry, "moved");
        var image = await BuiltAsync(reference);
        await BuildAsync(registry, "moved", files: Random("moved"), dockerfile: "COPY data /data");

        var error = await Assert.ThrowsAsync<RolloutException>(() => PublishAsync(image));

        Assert.Equal("ImageTagMoved", error.Id);
        Assert.Null(await ManifestAsync(reference));
    }

    [FactNeeds("docker")]
    public async Task An_image_that_is_not_there_is_named()
    {
        var error = await Assert.ThrowsAsync<RolloutException>(() => PublishAsync(ImageReference.Parse("127.0.0.1:1/no/such:image")));

        Assert.Equal(("ImageNotFound", ErrorKind.NotFound), (error.Id, error.Kind));
        Assert.Contains("127.0.0.1:1/no/such:image", error.Message, StringComparison.Ordinal);
    }

    [FactNeeds("docker")]
    public async Task A_registry_that_is_down_is_told_at_once()
    {
        var reference = await engine.ImageAsync("down");
        var there = ImageReference.Parse($"127.0.0.1:{Ports.Free()}/{engine.Prefix}down:1");
        await engine.Client.Images.TagAsync(reference.ToString(), there, CancellationToken.None);

        var error = await Assert.ThrowsAsync<RolloutException>(() => PublishAsync(there));

        Assert.Equal(("RegistryNotReachable", ErrorKind.Connection), (error.Id, error.Kind));
        Assert.Contains(there.Registry, error.Message, StringComparison.Ordinal);
        Assert.Empty(_reporter.Warnings);
    }

    [FactNeeds("docker", "docker-registry", "htpasswd")]
    public async Task A_login_is_taken_from_what_is_given()
    {
        var registry = await registries.WithLoginAsync();
        var reference = await BuildAsync(registry, "login");

        var published = await PublishAsync(reference, request => request with { Credentials = new GivenCredential(registry.Login!.UserName, registry.Login.Password) });

        Assert.True(published.Verified);
        Assert.DoesNotContain(registry.Login!.Password, _reporter.Everything + published, StringComparison.Ordinal);
    }

    [FactNeeds("docker", "docker-registry", "htpasswd")]
    public async Task A_login_is_taken_from_a_credential_helper()
    {
        var registry = await registries.WithLoginAsync();
        var reference = await BuildAsync(registry, "helper");
        HelperDirectory.AddToPath();
        var helper = HelperDirectory.Add($$"""printf '{"Username":"{{registry.Login!.UserName}}","Secret":"{{registry.Login.Password}}"}'""");
        using var directory = new Images.TemporaryDirectory();
        File.WriteAllText(Path.Combine(directory.Path, "config.json"), $$"""{"credHelpers": {"{{registry.Host}}": "{{helper}}"} }""");

        var published = await PublishAsync(reference, request => request with { Credentials = new DockerConfig(directory.Path) });

        Assert.True(published.Verified);
    }

    [FactNeeds("docker", "docker-registry", "htpasswd")]
    public async Task A_wrong_password_is_told_once_and_not_shown()
    {
        var registry = await registries.WithLoginAsync();
        var reference = await BuildAsync(registry, "wrong-login");

        var error = await Assert.ThrowsAsync<RolloutException>(() =>
            PublishAsync(reference, request => request with { Credentials = new GivenCredential("rollout", "wrong-s3cret") }));

        Assert.Equal(("RegistryUnauthorized", ErrorKind.Authentication), (error.Id, error.Kind));
        Assert.Contains(registry.Host, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-s3cret", error + _reporter.Everything, StringComparison.Ordinal);
        Assert.Empty(_reporter.Warnings);
    }

    [FactNeeds("docker", "docker-registry", "root", "ip6-localhost")]
    public async Task A_private_authority_of_the_engine_is_trusted()
    {
        var registry = await registries.WithTlsAsync();
        var reference = await BuildAsync(registry, "tls");

        var published = await PublishAsync(reference);

        Assert.True(published.Verified);
    }

    [FactNeeds("docker", "docker-registry", "root", "ip6-localhost")]
    public async Task An_authority_that_nobody_trusts_is_refused_with_the_mend()
    {
        await using var registry = await TestRegistry.StartWithTlsAsync(isTrusted: false);
        var reference = await BuildAsync(registry, "untrusted");

        var error = await Assert.ThrowsAsync<RolloutException>(() => PublishAsync(reference));

        Assert.Equal("RegistryCertificateNotTrusted", error.Id);
        Assert.Contains($"/etc/docker/certs.d/{registry.Host}/ca.crt", error.Mend, StringComparison.Ordinal);
    }

    private Task<PublishedImage> PublishAsync(ImageSource image, Func<PublishRequest, PublishRequest>? with = null)
    {
        var request = new PublishRequest { Image = image, Docker = engine.Client, Credentials = new DockerConfig("/nowhere") };
        return ImagePublish.RunAsync(with?.Invoke(request) ?? request, _reporter, CancellationToken.None);
    }

    private async Task<ImageReference> BuildAsync(TestRegistry registry, string name, string tag = "1", Dictionary<string, byte[]>? files = null, string dockerfile = "")
    {
        var reference = registry.Reference(engine.Prefix + name, tag);
        var before = await engine.Client.Images.InspectAsync(reference.ToString(), CancellationToken.None);
        await TestImages.BuildAsync(engine.Client, reference, dockerfile + $"\nLABEL test={name}", files);
        // What has lost its tag would outlive the tests.
        if (before is not null) await engine.Client.Images.RemoveAsync(before.Id, force: true, CancellationToken.None);
        return reference;
    }

    private static Dictionary<string, byte[]> Random(string seed)
    {
        var data = new byte[10_000];
        new Random(seed.GetHashCode(StringComparison.Ordinal)).NextBytes(data);
        return new() { ["data"] = data };
    }

    private async Task<RolloutImage> BuiltAsync(ImageReference reference) =>
        new() { Id = (await InspectAsync(reference)).Id, Reference = reference, References = [reference], Endpoint = engine.Client.Endpoint };

    private async Task<ImageInspect> InspectAsync(ImageReference reference) =>
        (await engine.Client.Images.InspectAsync(reference.ToString(), CancellationToken.None))!;

    private static async Task<ManifestHead?> ManifestAsync(ImageReference reference)
    {
        using var client = new RegistryClient(new RegistryOptions { Registry = reference.Registry, Credentials = new DockerConfig("/nowhere") });
        return await client.HeadManifestAsync(reference.Repository, reference.Tag!, CancellationToken.None);
    }
}
