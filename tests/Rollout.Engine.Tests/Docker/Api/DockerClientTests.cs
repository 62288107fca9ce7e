using System.Text.Json.Nodes;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Docker.Api;

/// <summary>Every operation against a real engine.</summary>
[Trait("Needs", "docker")]
public sealed class DockerClientTests(DockerEngineFixture engine, RegistryFixture registries) : IClassFixture<DockerEngineFixture>, IClassFixture<RegistryFixture>
{
    private static readonly CancellationToken None = CancellationToken.None;

    private IDockerClient Client => engine.Client;

    [FactNeeds("docker")]
    public async Task The_version_tells_what_the_engine_is()
    {
        var version = await Client.System.VersionAsync(None);

        Assert.NotEmpty(version.Version);
        Assert.True(Version.Parse(version.ApiVersion) >= new Version(1, 41));
        Assert.Equal("linux", version.Os);
    }

    [FactNeeds("docker", "busybox")]
    public async Task A_container_lives_from_create_to_remove()
    {
        var id = await engine.CreateAsync("life", "echo out; echo err >&2; exec sleep 1000000", (config, _) => config["Labels"] = new JsonObject { ["rt.life"] = engine.Prefix });
        Assert.Equal("created", (await Client.Containers.InspectAsync(id, None))!.State.Status);

        await Client.Containers.StartAsync(id, None);
        await Client.Containers.StartAsync(id, None);
        var running = await Client.Containers.InspectAsync(engine.Prefix + "life", None);
        Assert.Equal((id, true, $"/{engine.Prefix}life"), (running!.Id, running.State.Running, running.Name));
        Assert.Equal(id, Assert.Single(await Client.Containers.ListAsync([$"rt.life={engine.Prefix}"], all: false, None)).Id);

        await Client.Containers.StopAsync(id, TimeSpan.FromSeconds(5), None);
        Assert.Empty(await Client.Containers.ListAsync([$"rt.life={engine.Prefix}"], all: false, None));
        Assert.Equal("exited", Assert.Single(await Client.Containers.ListAsync([$"rt.life={engine.Prefix}"], all: true, None)).State);
        Assert.Equal(["err", "out"], (await Client.Containers.LogTailAsync(id, 10, None)).Order());

        await Client.Containers.RemoveAsync(id, None);
        await Client.Containers.RemoveAsync(id, None);
        Assert.Null(await Client.Containers.InspectAsync(id, None));
    }

    [FactNeeds("docker", "busybox", "docker-registry", "htpasswd")]
    public async Task An_image_goes_to_a_registry_and_comes_back()
    {
        var image = await engine.ImageAsync();
        foreach (var registry in new[] { await registries.PlainAsync(), await registries.WithLoginAsync() })
        {
            var auth = registry.Login is null ? null : new RegistryAuth { Username = registry.Login.UserName, Password = registry.Login.Password, ServerAddress = registry.Host };
            var reference = registry.Reference(engine.Prefix + "shop", "v1");
            await Client.Images.TagAsync(image.ToString(), reference, None);

            var pushed = await Client.Images.PushAsync(reference, auth, null, None);
            Assert.Equal("v1", pushed.Tag);
            Assert.True(ImageReference.IsDigest(pushed.Digest));
            Assert.True(pushed.Size > 0);

            await Client.Images.RemoveAsync(reference.ToString(), force: false, None);
            Assert.Null(await Client.Images.InspectAsync(reference.ToString(), None));
            await Client.Images.PullAsync(reference.WithDigest(pushed.Digest), null, auth, null, None);
            var pulled = await Client.Images.InspectAsync($"{reference.Name}@{pushed.Digest}", None);
            Assert.Contains($"{reference.Name}@{pushed.Digest}", pulled!.RepoDigests);
        }
    }

    [FactNeeds("docker", "busybox", "docker-registry", "root", "ip6-localhost")]
    public async Task A_push_over_TLS_of_a_private_authority_works()
    {
        var image = await engine.ImageAsync();
        var reference = (await registries.WithTlsAsync()).Reference(engine.Prefix + "shop");
        await Client.Images.TagAsync(image.ToString(), reference, None);

        Assert.True(ImageReference.IsDigest((await Client.Images.PushAsync(reference, null, null, None)).Digest));
    }

    [FactNeeds("dockerd", "containerd", "ip", "root", "busybox")]
    public async Task A_private_engine_can_be_stopped_killed_and_started_again()
    {
        await using var own = await PrivateEngine.StartAsync();
        var image = ImageReference.Parse("localhost/own:1");
        await TestImages.BuildAsync(own.Client, image);

        await own.StopAsync();
        var failure = await Assert.ThrowsAsync<RolloutException>(() => own.Client.System.VersionAsync(None));
        Assert.Equal("DockerEngineNotReachable", failure.Id);

        await own.StartAgainAsync();
        Assert.NotNull(await own.Client.Images.InspectAsync(image.ToString(), None));
        await own.KillAsync();
        await own.StartAgainAsync();
        Assert.NotNull(await own.Client.Images.InspectAsync(image.ToString(), None));
    }
}
