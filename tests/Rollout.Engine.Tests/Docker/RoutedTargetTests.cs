using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Docker;

/// <summary>Rollouts on the real engine behind a real HAProxy.</summary>
[Trait("Needs", "docker")]
public sealed class RoutedTargetTests(DockerEngineFixture engine) : IClassFixture<DockerEngineFixture>
{
    [FactNeeds("docker", "haproxy")]
    public async Task No_request_fails_while_one_release_replaces_another_and_is_undone()
    {
        await using var haproxy = await TestRouter.StartAsync();
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(TestWorkload.Request(await shop.FastImageAsync("v1"), 2, Behind(haproxy)));
        Assert.Equal(["1-1", "1-2"], await ServersAsync(haproxy, shop));
        var v2 = await shop.FastImageAsync("v2");

        await using var load = LoadGenerator.Start(haproxy.Uri, requestsPerSecond: 1000);
        var status = await shop.StartAsync(TestWorkload.Request(v2, docker: new DockerWorkload()));
        Assert.Equal((RolloutPhase.Healthy, 2), (status.Phase, status.Available));
        Assert.Equal(["2-1", "2-2"], await ServersAsync(haproxy, shop));

        await shop.UndoAsync();
        Assert.Equal(["1-1", "1-2"], await ServersAsync(haproxy, shop));
        Assert.Empty((await load.StopAsync()).Failures);
        Assert.Equal(["shop v1", "shop v2"], load.Answers.Keys.Order());
    }

    [FactNeeds("docker", "haproxy")]
    public async Task Servers_that_a_reload_lost_are_told_of_and_put_back()
    {
        await using var haproxy = await TestRouter.StartAsync();
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(TestWorkload.Request(await shop.ImageAsync("v1"), 2, Behind(haproxy)));
        await haproxy.ReloadAsync();

        var status = await shop.ReadAsync();
        Assert.Equal((RolloutPhase.Degraded, "RouterOutOfSync"), (status.Phase, status.Reason));

        Assert.Equal(RolloutPhase.Healthy, (await shop.CarryOnAsync()).Phase);
        Assert.Equal(["1-1", "1-2"], await ServersAsync(haproxy, shop));
    }

    [FactNeeds("docker", "haproxy")]
    public async Task A_router_that_is_away_is_told_of_when_reading_and_refused_when_starting()
    {
        var haproxy = await TestRouter.StartAsync();
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(TestWorkload.Request(await shop.ImageAsync("v1"), 1, Behind(haproxy)));
        await haproxy.DisposeAsync();

        var status = await shop.ReadAsync();
        Assert.Equal((RolloutPhase.Degraded, "RouterNotReachable"), (status.Phase, status.Reason));
        var v2 = await shop.ImageAsync("v2");
        Assert.Equal("RouterNotReachable", (await Assert.ThrowsAsync<RolloutException>(() => shop.StartAsync(v2))).Id);
        Assert.Equal("1-1:running", await shop.ContainersAsync());
    }

    [FactNeeds("docker", "haproxy")]
    public async Task A_router_that_may_not_be_changed_is_refused_before_anything_is_made()
    {
        await using var haproxy = await TestRouter.StartAsync();
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        var request = TestWorkload.Request(await shop.ImageAsync("v1"), 1, Behind(haproxy) with { RouterEndpoint = haproxy.OperatorSocket });

        Assert.Equal("RouterPermissionDenied", (await Assert.ThrowsAsync<RolloutException>(() => shop.StartAsync(request))).Id);
        Assert.Equal("", await shop.ContainersAsync());
        Assert.Null(await shop.Target.ReadAsync(CancellationToken.None));
    }

    [FactNeeds("docker", "haproxy")]
    public async Task A_release_that_never_gets_healthy_gets_no_traffic()
    {
        await using var haproxy = await TestRouter.StartAsync();
        var time = new LeapingTime();
        var shop = new TestWorkload(engine.Client, engine.Prefix, time: time);
        await shop.StartAsync(TestWorkload.Request(await shop.ImageAsync("v1"), 2, Behind(haproxy)));
        var deaf = await shop.ImageAsync("deaf", "CMD [\"sleep\", \"1000\"]");

        await using var load = LoadGenerator.Start(haproxy.Uri, requestsPerSecond: 50, connections: 2);
        var status = await shop.StartAsync(TestWorkload.Request(deaf), seen =>
        {
            // Its time is over once the first is up, however long that took.
            if (seen is { Updated: > 0, Image.Tag: "deaf" }) time.Leap();
        });
        var result = await load.StopAsync();

        Assert.Equal((RolloutPhase.Undone, "ContainerNotReady", 1), (status.Phase, status.Reason, status.Revision));
        Assert.Empty(result.Failures);
        Assert.Equal(["v1"], load.Answers.Keys);
        Assert.Equal("1-1:running 1-2:running", await shop.ContainersAsync());
    }

    [FactNeeds("docker", "haproxy")]
    public async Task With_a_smaller_surge_batches_are_replaced_and_a_failure_brings_the_stopped_back()
    {
        await using var haproxy = await TestRouter.StartAsync();
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(TestWorkload.Request(await shop.ImageAsync("v1"), 3, Behind(haproxy)));

        // Only the first replica comes up: the directory is shared, and the second finds it taken.
        var volume = $"{shop.Name}-data";
        var picky = await shop.ImageAsync("picky", "CMD [\"sh\", \"-c\", \"mkdir /data/only || exit 7; exec httpd -f -p 8080 -h /www\"]");
        var most = 0;
        await using var load = LoadGenerator.Start(haproxy.Uri, requestsPerSecond: 50, connections: 2);
        var status = await shop.StartAsync(
            TestWorkload.Request(picky, docker: new DockerWorkload { Volumes = [$"{volume}:/data"] }) with { MaxSurge = "1" },
            one => most = Math.Max(most, one.Ready));
        var result = await load.StopAsync();

        Assert.Equal(RolloutPhase.Undone, status.Phase);
        Assert.InRange(most, 3, 4);
        Assert.Empty(result.Failures);
        Assert.Contains("picky", load.Answers.Keys);
        Assert.Equal("1-1:running 1-2:running 1-3:running", await shop.ContainersAsync());
        Assert.Equal(["1-1", "1-2", "1-3"], await ServersAsync(haproxy, shop));
    }

    [FactNeeds("docker", "haproxy")]
    public async Task A_reload_in_the_middle_of_a_rollout_is_made_good_by_it()
    {
        await using var haproxy = await TestRouter.StartAsync();
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(TestWorkload.Request(await shop.ImageAsync("v1"), 2, Behind(haproxy)));
        var reload = new Lazy<Task>(haproxy.ReloadAsync);

        var status = await shop.StartAsync(TestWorkload.Request(await shop.ImageAsync("v2")), one => _ = one.Updated == 2 ? reload.Value : null);
        await reload.Value;

        // A reload behind the back of the last look is told of, and mended.
        Assert.Equal("v2", status.Image!.Tag);
        Assert.Equal(RolloutPhase.Healthy, (await shop.CarryOnAsync()).Phase);
        Assert.Equal(["2-1", "2-2"], await ServersAsync(haproxy, shop));
    }

    [FactNeeds("docker", "haproxy")]
    public async Task Moved_to_another_backend_the_old_leave_the_one_they_were_in_before_they_stop()
    {
        await using var haproxy = await TestRouter.StartAsync("backend shop\n    balance roundrobin\nbackend next\n    balance roundrobin\n");
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(TestWorkload.Request(await shop.ImageAsync("v1"), 2, Behind(haproxy)));
        var v2 = await shop.ImageAsync("v2");
        var next = Behind(haproxy) with { Backend = "next" };

        Assert.Contains(await shop.WarningsAsync(v2, next), warning => warning.StartsWith("Backend 'shop'", StringComparison.Ordinal));
        await shop.StartAsync(TestWorkload.Request(v2, docker: next));
        Assert.Empty(await ServersAsync(haproxy, shop));
        Assert.Equal(["2-1", "2-2"], await ServersAsync(haproxy, shop, "next"));

        await shop.UndoAsync();
        Assert.Empty(await ServersAsync(haproxy, shop));
        Assert.Equal(["1-1", "1-2"], await ServersAsync(haproxy, shop, "next"));
    }

    private static DockerWorkload Behind(TestRouter haproxy) =>
        new() { Port = TestWorkload.Port, Router = "haproxy", RouterEndpoint = haproxy.Socket, Backend = "shop" };

    private static async Task<IEnumerable<string>> ServersAsync(TestRouter haproxy, TestWorkload shop, string backend = "shop")
    {
        await using var router = haproxy.Open(backend: backend);
        return (await router.ServersAsync(CancellationToken.None)).Select(server => server.Name[(shop.Name.Length + 1)..]).Order().ToList();
    }
}
