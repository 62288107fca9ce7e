using System.Diagnostics;
using System.Text.Json.Nodes;
using Rollout.Engine.Docker;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Docker;

/// <summary>Containers that docker run or compose made, taken over on the real engine.</summary>
[Trait("Needs", "docker")]
public sealed class AdoptionTests(DockerEngineFixture engine) : IClassFixture<DockerEngineFixture>
{
    [FactNeeds("docker")]
    public async Task A_container_of_docker_run_becomes_the_first_revision_and_undo_brings_it_back()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.RunAsync(shop.Name, await shop.ImageAsync("v1"), (config, host) =>
        {
            config["Env"] = new JsonArray("DB=orders", "TOKEN=s3cr3t");
            config["Labels"] = new JsonObject { ["team"] = "shop" };
            host["RestartPolicy"] = new JsonObject { ["Name"] = "always" };
            host["Memory"] = 64 << 20;
        });

        var status = await shop.StartAsync(await shop.ImageAsync("v2"));

        Assert.Equal((RolloutPhase.Healthy, 2, "v1"), (status.Phase, status.Revision, status.PreviousImage!.Tag));
        Assert.Equal("2-1:running :exited", string.Join(' ', (await shop.ContainersAsync()).Split(' ').OrderByDescending(one => one.Length)));
        var container = await shop.InspectAsync("2-1");
        Assert.Contains("TOKEN=s3cr3t", container.Config.Strings("Env"));
        Assert.Equal("shop", (string?)container.Config["Labels"]!["team"]);
        Assert.Equal(64 << 20, (int)container.HostConfig["Memory"]!);
        Assert.Equal("always", RestartPolicy.From(container.HostConfig).Name);
        Assert.Equal("no", RestartPolicy.From((await shop.InspectAsync("")).HostConfig).Name);
        Assert.DoesNotContain("s3cr3t", string.Join(' ', (await engine.Client.Containers.ListAsync([], all: true, CancellationToken.None)).SelectMany(one => one.Labels.Values)));

        var undone = await shop.UndoAsync();
        Assert.Equal((RolloutPhase.Undone, 1), (undone.Phase, undone.Revision));
        Assert.Equal("running", (await shop.InspectAsync("")).State.Status);
        Assert.Equal("always", RestartPolicy.From((await shop.InspectAsync("")).HostConfig).Name);
        Assert.Equal(RolloutPhase.Undone, (await shop.ReadAsync()).Phase);
    }

    [FactNeeds("docker")]
    public async Task A_published_host_port_stands_against_it_and_recreate_is_a_way_out()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        var port = Ports.Free();
        await shop.RunAsync(shop.Name, await shop.ImageAsync("v1"), (config, host) =>
            PublishedPort.Apply(config, host, PublishedPort.Parse($"127.0.0.1:{port}:8080")));
        var request = TestWorkload.Request(await shop.ImageAsync("v2"), docker: new DockerWorkload());

        var refused = await Assert.ThrowsAsync<RolloutException>(() => shop.StartAsync(request));
        Assert.Equal("CannotRunSideBySide", refused.Id);
        Assert.Contains($"{port}", refused.Message);
        Assert.Contains("-Router", refused.Mend);
        Assert.Contains("-Strategy Recreate", refused.Mend);
        Assert.Empty(await shop.RecordsAsync());

        var status = await shop.StartAsync(request with { Strategy = RolloutStrategy.Recreate });
        Assert.Equal(RolloutPhase.Healthy, status.Phase);
        using var http = new HttpClient();
        Assert.Equal("v2", await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/")));

        var bad = await shop.StartAsync(request with { Image = await shop.ImageAsync("bad", "CMD [\"false\"]"), Strategy = RolloutStrategy.Recreate });
        Assert.Equal(RolloutPhase.Undone, bad.Phase);
        Assert.Equal("v2", await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/")));

        Assert.Equal(1, (await shop.UndoAsync()).Revision);
        Assert.Equal("v1", await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/")));
    }

    [FactNeeds("docker", "haproxy")]
    public async Task Behind_a_router_the_published_port_is_no_obstacle()
    {
        await using var haproxy = await TestRouter.StartAsync();
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        var port = Ports.Free();
        await shop.RunAsync(shop.Name, await shop.ImageAsync("v1"), (config, host) =>
            PublishedPort.Apply(config, host, PublishedPort.Parse($"127.0.0.1:{port}:8080")));
        await using (var router = haproxy.Open()) await router.AddAsync(shop.Name, $"127.0.0.1:{port}", 100, CancellationToken.None);

        var behind = new DockerWorkload { Port = TestWorkload.Port, Router = "haproxy", RouterEndpoint = haproxy.Socket, Backend = "shop" };
        Assert.Contains($"port {port} will not lead to the new", Assert.Single(await shop.WarningsAsync(await shop.ImageAsync("v2"), behind)));
        Assert.Equal(RolloutPhase.Healthy, (await shop.StartAsync(await shop.ImageAsync("v2"), docker: behind)).Phase);
        Assert.Empty(await shop.WarningsAsync(await shop.ImageAsync("v3"), behind));
        using var http = new HttpClient();
        Assert.Equal("v2", await http.GetStringAsync(haproxy.Uri));

        Assert.Equal(RolloutPhase.Undone, (await shop.UndoAsync()).Phase);
        Assert.Equal("v1", await http.GetStringAsync(haproxy.Uri));
    }

    [FactNeeds("docker")]
    public async Task What_an_anonymous_volume_holds_stays_behind_and_is_told_of()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.RunAsync(shop.Name, await shop.ImageAsync("v1"), (config, host) =>
        {
            config["Volumes"] = new JsonObject { ["/data"] = new JsonObject() };
            host["Binds"] = new JsonArray($"{shop.Name}-named:/named");
        });

        var v2 = await shop.ImageAsync("v2");
        Assert.Contains("/data stays behind", Assert.Single(await shop.WarningsAsync(v2, new DockerWorkload())));
        Assert.Empty(await shop.WarningsAsync(v2, new DockerWorkload { Volumes = [$"{shop.Name}-data:/data"] }));
    }

    [FactNeeds("docker")]
    public async Task A_stranger_under_a_name_that_is_needed_is_an_error_and_nothing_changes()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        var v1 = await shop.ImageAsync("v1");
        await shop.RunAsync($"{shop.Name}-1-1", v1);

        var taken = await Assert.ThrowsAsync<RolloutException>(() => shop.StartAsync(v1));
        Assert.Equal("ContainerNameTaken", taken.Id);
        Assert.Contains($"{shop.Name}-1-1", taken.Message);
        Assert.Empty(await shop.RecordsAsync());
    }

    [FactNeeds("docker")]
    public async Task A_published_port_that_is_taken_is_an_error_and_nothing_changes()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        var port = Ports.Free();
        await shop.RunAsync($"{shop.Name}-other", await shop.ImageAsync("v1"), (config, host) =>
            PublishedPort.Apply(config, host, PublishedPort.Parse($"127.0.0.1:{port}:8080")));

        var v2 = await shop.ImageAsync("v2");
        var taken = await Assert.ThrowsAsync<RolloutException>(() => shop.StartAsync(v2, docker: new DockerWorkload { Publish = [$"127.0.0.1:{port}:8080"] }));
        Assert.Equal("PortTaken", taken.Id);
        Assert.Empty(await shop.RecordsAsync());
        Assert.Equal("other:running", await shop.ContainersAsync());
    }

    [FactNeeds("docker")]
    public async Task Where_nothing_ran_a_failure_is_told_as_that_and_nothing_is_said_to_run_again()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.RunAsync(shop.Name, await shop.ImageAsync("v1"));
        await engine.Client.Containers.StopAsync((await shop.InspectAsync("")).Id, null, CancellationToken.None);

        var status = await shop.StartAsync(await shop.ImageAsync("bad", "CMD [\"sh\", \"-c\", \"echo no such disk; exit 3\"]"));

        Assert.Equal((RolloutPhase.Failed, "ContainerExited", false), (status.Phase, status.Reason, status.Succeeded));
        Assert.Contains("no such disk", status.Message, StringComparison.Ordinal);
        Assert.Equal(":exited", await shop.ContainersAsync());
        Assert.DoesNotContain(await shop.Target.HistoryAsync(CancellationToken.None), revision => revision.Verdict == HealthVerdict.Healthy);

        Assert.Equal(RolloutPhase.Healthy, (await shop.StartAsync(await shop.ImageAsync("v2"))).Phase);
    }

    [FactNeeds("docker")]
    public async Task Where_what_ran_was_not_well_either_the_new_is_removed_all_the_same()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.RunAsync(shop.Name, await shop.ImageAsync("ill", "HEALTHCHECK --interval=1s --retries=1 CMD [\"false\"]\nCMD [\"sleep\", \"600\"]"));
        while (!(await shop.InspectAsync("")).State.Health!.Status.Equals("unhealthy", StringComparison.Ordinal)) await Task.Delay(100);

        var status = await shop.StartAsync(await shop.ImageAsync("bad", "CMD [\"false\"]"));

        Assert.Equal((RolloutPhase.Degraded, "ContainerUnhealthy"), (status.Phase, status.Reason));
        Assert.Contains("exited with code 1", status.Message, StringComparison.Ordinal);
        Assert.Equal(":running", await shop.ContainersAsync());
        Assert.DoesNotContain(await shop.Target.HistoryAsync(CancellationToken.None), revision => revision.Verdict == HealthVerdict.Healthy);
    }

    [FactNeeds("docker")]
    public async Task A_compose_service_keeps_its_labels_and_names_and_undo_makes_it_anew_from_what_was_kept()
    {
        var project = $"{engine.Prefix}p{Guid.NewGuid().ToString("N")[..6]}";
        var shop = new TestWorkload(engine.Client, engine.Prefix, $"{project}/web", kind: "compose");
        var v1 = await shop.ImageAsync("v1");
        for (var number = 1; number <= 2; number++) await shop.RunAsync($"{project}-web-{number}", v1, (config, _) => Compose(config, project, number));

        var status = await shop.StartAsync(await shop.ImageAsync("v2"));
        Assert.Equal((RolloutPhase.Healthy, 2, 2), (status.Phase, status.Revision, status.Available));
        var seen = await ComposeSeesAsync(project);
        Assert.Equal(2, seen.Count);
        Assert.All(seen, one => Assert.Equal(("running", "web", "abc"), (one.State, one.Labels["com.docker.compose.service"], one.Labels["com.docker.compose.config-hash"])));
        Assert.Equal([$"/{project}-web-3", $"/{project}-web-4"], seen.Select(one => one.Names[0]).Order());
        Assert.All(seen, one => Assert.Equal($"/{project}-web-{one.Labels["com.docker.compose.container-number"]}", one.Names[0]));

        var undone = await shop.UndoAsync();
        Assert.Equal((RolloutPhase.Undone, 1, "v1"), (undone.Phase, undone.Revision, undone.Image!.Tag));
        seen = await ComposeSeesAsync(project);
        Assert.Equal(["running", "running"], seen.Select(one => one.State));
        Assert.All(seen, one => Assert.Equal(undone.Image, ImageReference.Parse(one.Image)));

        // docker compose up puts containers of its own in place.
        foreach (var one in seen) await engine.Client.Containers.RemoveAsync(one.Id, CancellationToken.None);
        await shop.RunAsync($"{project}-web-1", v1, (config, _) => Compose(config, project, 1));
        var later = await shop.StartAsync(await shop.ImageAsync("v3"), replicas: 1);
        Assert.Equal((RolloutPhase.Healthy, "v3"), (later.Phase, later.Image!.Tag));
        Assert.Equal(later.Image, ImageReference.Parse(Assert.Single(await ComposeSeesAsync(project)).Image));
    }

    [FactNeeds("docker")]
    public async Task Without_a_router_the_new_answers_to_the_old_ones_name_on_the_users_network()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        using var network = await TestNetwork.CreateAsync($"{shop.Name}-net");
        var v1 = await shop.ImageAsync("v1");
        await shop.RunAsync(shop.Name, v1, (_, host) => host["NetworkMode"] = network.Name);
        await shop.RunAsync($"{shop.Name}-client", v1, (config, host) =>
        {
            config["Cmd"] = new JsonArray("sh", "-c", $"while true; do wget -q -O - http://{shop.Name}:8080/ && echo; sleep 0.2; done");
            host["NetworkMode"] = network.Name;
        });

        Assert.Equal(RolloutPhase.Healthy, (await shop.StartAsync(await shop.ImageAsync("v2"))).Phase);

        using var patience = new CancellationTokenSource(TestLimit.Time);
        var client = (await shop.InspectAsync("client")).Id;
        while (!(await engine.Client.Containers.LogTailAsync(client, 1, patience.Token)).Contains("v2")) await Task.Delay(100, patience.Token);
    }

    [FactNeeds("docker")]
    public async Task A_network_that_is_not_there_is_an_error_and_nothing_changes()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        var v1 = await shop.ImageAsync("v1");
        var error = await Assert.ThrowsAsync<RolloutException>(() => shop.StartAsync(v1, docker: new DockerWorkload { Networks = [$"{shop.Name}-none"] }));
        Assert.Equal("NetworkNotFound", error.Id);
        Assert.Equal("", await shop.ContainersAsync());
        Assert.Empty(await shop.RecordsAsync());
    }

    [FactNeeds("docker")]
    public async Task A_command_that_does_not_exist_fails_the_rollout_and_says_so()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(await shop.ImageAsync("v1"));
        var status = await shop.StartAsync(await shop.ImageAsync("bad", "CMD [\"/no/such/program\"]"));
        Assert.Equal((RolloutPhase.Undone, "ContainerStartFailed"), (status.Phase, status.Reason));
        Assert.Contains("/no/such/program", status.Message);
        Assert.Equal("1-1:running", await shop.ContainersAsync());
    }

    private static void Compose(JsonObject config, string project, int number) => config["Labels"] = new JsonObject
    {
        ["com.docker.compose.project"] = project,
        ["com.docker.compose.service"] = "web",
        ["com.docker.compose.oneoff"] = "False",
        ["com.docker.compose.config-hash"] = "abc",
        ["com.docker.compose.container-number"] = $"{number}",
    };

    private Task<IReadOnlyList<ContainerSummary>> ComposeSeesAsync(string project) =>
        engine.Client.Containers.ListAsync([$"com.docker.compose.project={project}"], all: true, CancellationToken.None);

    /// <summary>A network as the user makes it; Rollout itself makes none.</summary>
    private sealed class TestNetwork : IDisposable
    {
        private TestNetwork(string name) => Name = name;

        internal string Name { get; }

        internal static async Task<TestNetwork> CreateAsync(string name)
        {
            using var docker = Process.Start(new ProcessStartInfo("docker", ["network", "create", name]) { RedirectStandardOutput = true })!;
            await docker.WaitForExitAsync();
            Assert.Equal(0, docker.ExitCode);
            return new TestNetwork(name);
        }

        public void Dispose()
        {
            // What is attached has to go first.
            var script = $"docker rm -f $(docker ps -aq --filter network={Name}); docker network rm {Name}";
            using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            shell.WaitForExit();
        }
    }
}
