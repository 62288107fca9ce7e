using System.Formats.Tar;
using System.Net;
using System.Net.Sockets;
using System.Text;
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

    [FactNeeds("docker", "busybox")]
    public async Task What_is_taken_or_missing_is_told_by_name()
    {
        var image = await engine.ImageAsync();
        var port = Ports.Free();
        var first = await engine.CreateAsync("first", adjust: (config, host) => Publish(config, host, port));
        var second = await engine.CreateAsync("second", adjust: (config, host) => Publish(config, host, port));
        await Client.Containers.StartAsync(first, None);
        var body = new CreateContainerBody(new JsonObject { ["Image"] = image.ToString() }, []);
        var unknownImage = new CreateContainerBody(new JsonObject { ["Image"] = $"{engine.Prefix}gone" }, []);
        var unknownNetwork = await engine.CreateAsync("networked", adjust: (_, host) => host["NetworkMode"] = engine.Prefix + "gone");

        Assert.Equal("PortTaken", (await FailureOfAsync(() => Client.Containers.StartAsync(second, None))).Id);
        Assert.Equal("ContainerNameTaken", (await FailureOfAsync(() => Client.Containers.CreateAsync(engine.Prefix + "first", body, None))).Id);
        Assert.Equal("ImageNotFound", (await FailureOfAsync(() => Client.Containers.CreateAsync(engine.Prefix + "third", unknownImage, None))).Id);
        Assert.Equal("NetworkNotFound", (await FailureOfAsync(() => Client.Containers.StartAsync(unknownNetwork, None))).Id);
        Assert.Equal("ContainerNotFound", (await FailureOfAsync(() => Client.Containers.StartAsync(engine.Prefix + "gone", None))).Id);
        Assert.Equal("ContainerNotFound", (await FailureOfAsync(() => Client.Containers.LogTailAsync(engine.Prefix + "gone", 1, None))).Id);
        Assert.Equal("ImageNotFound", (await FailureOfAsync(() => Client.Images.TagAsync(engine.Prefix + "gone", image, None))).Id);
        Assert.Equal("ImageNotFound", (await FailureOfAsync(() => Client.Images.RemoveAsync(engine.Prefix + "gone", false, None))).Id);
        Assert.Null(await Client.Networks.InspectAsync(engine.Prefix + "gone", None));
    }

    [FactNeeds("docker", "busybox")]
    public async Task A_port_that_another_program_has_is_PortTaken()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var id = await engine.CreateAsync("listener", adjust: (config, host) => Publish(config, host, ((IPEndPoint)listener.LocalEndpoint).Port));

        Assert.Equal("PortTaken", (await FailureOfAsync(() => Client.Containers.StartAsync(id, None))).Id);
    }

    [FactNeeds("docker", "busybox")]
    public async Task Events_tell_what_happens_from_a_moment_on()
    {
        var id = await engine.CreateAsync("watched");
        var filters = new Dictionary<string, IReadOnlyList<string>> { ["container"] = [id], ["event"] = ["start", "die", "destroy"] };
        var since = DateTimeOffset.UtcNow;
        await Client.Containers.StartAsync(id, None);
        using var limit = new CancellationTokenSource(TestLimit.Time);
        var seen = new List<string>();

        await foreach (var one in Client.System.EventsAsync(filters, since, limit.Token))
        {
            Assert.Equal(("container", id), (one.Type, one.Actor.Id));
            Assert.Equal(engine.Prefix + "watched", one.Actor.Attributes["name"]);
            seen.Add(one.Action);
            if (one.Action == "start") await Client.Containers.RemoveAsync(id, None);
            if (one.Action == "destroy") break;
        }

        Assert.Equal(["start", "die", "destroy"], seen);
    }

    [FactNeeds("docker", "busybox")]
    public async Task Watching_events_ends_with_its_cancellation()
    {
        using var cancel = new CancellationTokenSource();
        var watching = Task.Run(async () =>
        {
            await foreach (var _ in Client.System.EventsAsync(new Dictionary<string, IReadOnlyList<string>>(), DateTimeOffset.UnixEpoch, cancel.Token)) await cancel.CancelAsync();
        });
        await engine.CreateAsync("event");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching.WaitAsync(TestLimit.Time));
    }

    [FactNeeds("docker", "busybox")]
    public async Task A_terminals_log_and_a_driver_without_a_log_are_read_too()
    {
        var terminal = await engine.CreateAsync("terminal", "echo one; echo two >&2; exec sleep 1000000", (config, _) => config["Tty"] = true);
        var silent = await engine.CreateAsync("silent", "echo one", (_, host) => host["LogConfig"] = new JsonObject { ["Type"] = "none" });
        await Client.Containers.StartAsync(terminal, None);
        await Client.Containers.StartAsync(silent, None);
        await Client.Containers.StopAsync(terminal, TimeSpan.Zero, None);

        Assert.Equal(["one", "two"], await Client.Containers.LogTailAsync(terminal, 10, None));
        Assert.Equal(["two"], await Client.Containers.LogTailAsync(terminal, 1, None));
        Assert.Empty(await Client.Containers.LogTailAsync(silent, 10, None));
    }

    [FactNeeds("docker", "busybox")]
    public async Task A_restart_policy_is_changed_in_place()
    {
        var id = await engine.CreateAsync("restarting", adjust: (_, host) => host["RestartPolicy"] = new JsonObject { ["Name"] = "always" });

        await Client.Containers.UpdateRestartPolicyAsync(id, "on-failure", 3, None);

        var policy = (await Client.Containers.InspectAsync(id, None))!.HostConfig["RestartPolicy"]!;
        Assert.Equal(("on-failure", 3), (policy["Name"]!.GetValue<string>(), policy["MaximumRetryCount"]!.GetValue<int>()));
    }

    [FactNeeds("docker", "busybox")]
    public async Task A_container_that_is_removed_twice_at_once_is_gone_after_both()
    {
        var id = await engine.CreateAsync("twice");
        await Client.Containers.StartAsync(id, None);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Client.Containers.RemoveAsync(id, None)));

        Assert.Null(await Client.Containers.InspectAsync(id, None));
    }

    [FactNeeds("docker", "busybox")]
    public async Task A_container_joins_and_leaves_a_network_under_its_alias()
    {
        var id = await engine.CreateAsync("joining");
        var network = await engine.NetworkAsync("net");

        await Client.Networks.ConnectAsync(network, id, new JsonObject { ["Aliases"] = new JsonArray("shop") }, None);
        var joined = (await Client.Containers.InspectAsync(id, None))!.NetworkSettings["Networks"]!.AsObject();
        Assert.Contains("shop", joined[network]!["Aliases"]!.AsArray().Select(alias => alias!.GetValue<string>()));
        Assert.Equal(network, (await Client.Networks.InspectAsync(network, None))!["Name"]!.GetValue<string>());

        await Client.Networks.DisconnectAsync(network, id, None);
        Assert.False((await Client.Containers.InspectAsync(id, None))!.NetworkSettings["Networks"]!.AsObject().ContainsKey(network));
    }

    [TheoryNeeds("docker", "busybox")]
    [InlineData("1")]
    [InlineData("2")]
    public async Task A_failing_step_is_a_failed_build_and_a_good_one_is_an_image(string version)
    {
        var reference = $"localhost/{engine.Prefix}built:{version}";
        await BuildAsync(reference, version, "FROM scratch\nCOPY . /\nLABEL a=b\n", None);
        var image = await Client.Images.InspectAsync(reference, None);
        Assert.Equal("b", image!.Config!["Labels"]!["a"]!.GetValue<string>());
        Assert.Contains(ImageReference.Parse(reference), await Client.Images.ReferencesAsync($"localhost/{engine.Prefix}built", None));

        var failure = await FailureOfAsync(() => BuildAsync(reference, version, "FROM scratch\nCOPY gone /\n", None));
        Assert.Equal("BuildFailed", failure.Id);
        Assert.Contains("gone", failure.Message, StringComparison.Ordinal);

        var unparsable = await FailureOfAsync(() => BuildAsync(reference, version, "FROM scratch\nNONSENSE\n", None));
        Assert.Equal("BuildFailed", unparsable.Id);
        Assert.Contains("NONSENSE", unparsable.Message, StringComparison.Ordinal);
    }

    [TheoryNeeds("docker", "busybox")]
    [InlineData("1")]
    [InlineData("2")]
    public async Task A_cancelled_build_ends_its_step(string version)
    {
        var base1 = await engine.ImageAsync();
        using var cancel = new CancellationTokenSource();
        var marker = $"{engine.Prefix}marker{version}";
        var build = BuildAsync($"localhost/{engine.Prefix}cancelled:{version}", version, $"FROM {base1}\nRUN sleep 1000000; echo {marker}\n", cancel.Token);
        await UntilAsync(() => build.IsCompleted || SleepsIn(marker));
        Assert.False(build.IsCompleted, build.Exception?.Message);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => build);
        await UntilAsync(() => !SleepsIn(marker));
    }

    [FactNeeds("dockerd", "containerd", "ip", "root", "busybox")]
    public async Task An_engine_that_goes_away_is_told_and_one_that_comes_back_is_used_again()
    {
        await using var own = await PrivateEngine.StartAsync();
        var image = ImageReference.Parse("localhost/own:1");
        await TestImages.BuildAsync(own.Client, image);

        var watching = await WatchAsync(own.Client, image);
        await own.StopAsync();
        Assert.Equal("EngineConnectionLost", (await FailureOfAsync(() => watching)).Id);
        Assert.Equal("DockerEngineNotReachable", (await FailureOfAsync(() => own.Client.System.VersionAsync(None))).Id);

        await own.StartAgainAsync();
        Assert.NotNull(await own.Client.Images.InspectAsync(image.ToString(), None));

        watching = await WatchAsync(own.Client, image);
        await own.KillAsync();
        Assert.Equal("EngineConnectionLost", (await FailureOfAsync(() => watching)).Id);

        await own.StartAgainAsync();
        Assert.NotNull(await own.Client.Images.InspectAsync(image.ToString(), None));
    }

    private static Task<RolloutException> FailureOfAsync(Func<Task> act) => Assert.ThrowsAsync<RolloutException>(act);

    private static void Publish(JsonObject config, JsonObject host, int port)
    {
        config["ExposedPorts"] = new JsonObject { ["8080/tcp"] = new JsonObject() };
        host["PortBindings"] = new JsonObject { ["8080/tcp"] = new JsonArray(new JsonObject { ["HostIp"] = "127.0.0.1", ["HostPort"] = $"{port}" }) };
    }

    /// <summary>Watches an engine's events; returns once the first has come, so that the watch stands before anything is done to the engine.</summary>
    private static async Task<Task> WatchAsync(IDockerClient client, ImageReference image)
    {
        var since = DateTimeOffset.UtcNow.AddSeconds(-1);
        await client.Images.TagAsync(image.ToString(), image.WithTag("watched"), None);
        var images = new Dictionary<string, IReadOnlyList<string>> { ["type"] = ["image"] };
        var events = client.System.EventsAsync(images, since, None).GetAsyncEnumerator(None);
        Assert.True(await events.MoveNextAsync());
        return ToTheEndAsync(events);
    }

    private static async Task ToTheEndAsync(IAsyncEnumerator<EngineEvent> events)
    {
        await using (events)
        {
            while (await events.MoveNextAsync()) { }
        }
    }

    /// <summary>Whether a shell runs that was given the marker.</summary>
    private static bool SleepsIn(string marker) => Directory.EnumerateDirectories("/proc")
        .Where(directory => char.IsAsciiDigit(Path.GetFileName(directory)[0]))
        .Any(directory => CommandLine(directory).Contains(marker, StringComparison.Ordinal));

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (IOException)
        {
            return ""; // ended meanwhile
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TestLimit.Time);
        while (!condition()) await Task.Delay(50, limit.Token);
    }

    private Task BuildAsync(string reference, string version, string dockerfile, CancellationToken cancellation) => Client.Images.BuildAsync(
        [new("t", reference), new("version", version), new("nocache", "1")],
        async (body, token) =>
        {
            await using var tar = new TarWriter(body, TarEntryFormat.Ustar, leaveOpen: true);
            var content = new MemoryStream(Encoding.UTF8.GetBytes(dockerfile));
            await tar.WriteEntryAsync(new UstarTarEntry(TarEntryType.RegularFile, "Dockerfile") { DataStream = content }, token);
        },
        new Dictionary<string, RegistryAuth>(),
        _ => { },
        cancellation);
}
