using System.Globalization;
using Microsoft.AspNetCore.Http;
using Rollout.Engine.Tests.Engines;
using Rollout.Engine.Traffic;
using Xunit;

namespace Rollout.Engine.Tests.Traffic;

[Trait("Needs", "haproxy")]
public sealed class HAProxyRouterTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [FactNeeds("haproxy")]
    public async Task Ten_replacements_under_load_lose_no_request()
    {
        await using var haproxy = await TestRouter.StartAsync();
        await using var router = haproxy.Open();
        var upstream = await Upstream.StartAsync("shop-0");
        await router.AddAsync("shop-0", upstream.Address, 100, None);

        await using var load = LoadGenerator.Start(haproxy.Uri);
        for (var i = 1; i <= 10; i++)
        {
            var next = await Upstream.StartAsync($"shop-{i}");
            await router.AddAsync($"shop-{i}", next.Address, 100, None);
            Assert.Equal(0, await router.RemoveAsync($"shop-{i - 1}", Patience, None));
            await upstream.DisposeAsync();
            upstream = next;
        }

        var result = await load.StopAsync();
        await upstream.DisposeAsync();

        Assert.Empty(result.Failures);
        Assert.All(Enumerable.Range(0, 11), i => Assert.Contains($"shop-{i}", load.Answers));
        Assert.Equal(["shop-10"], (await router.ServersAsync(None)).Select(server => server.Name));
    }

    [FactNeeds("haproxy")]
    public async Task Weights_share_the_traffic()
    {
        await using var haproxy = await TestRouter.StartAsync();
        await using var router = haproxy.Open();
        await using var stable = await Upstream.StartAsync("stable");
        await using var canary = await Upstream.StartAsync("canary");
        await router.AddAsync("stable", stable.Address, 50, None);
        await router.AddAsync("canary", canary.Address, 0, None);
        Assert.Equal(0, await AnswersOfCanaryAsync());

        await router.SetWeightsAsync(new Dictionary<string, int> { ["stable"] = 80, ["canary"] = 20 }, None);
        Assert.Equal(80, await AnswersOfCanaryAsync());

        async Task<int> AnswersOfCanaryAsync()
        {
            using var client = new HttpClient();
            var canaries = 0;
            for (var i = 0; i < 400; i++) canaries += await client.GetStringAsync(haproxy.Uri) == "canary" ? 1 : 0;
            return canaries;
        }
    }

    [FactNeeds("haproxy")]
    public async Task A_check_changes_nothing()
    {
        await using var haproxy = await TestRouter.StartAsync();
        await using var router = haproxy.Open();
        await router.CheckAsync(None);
        Assert.Empty(await router.ServersAsync(None));
    }

    [FactNeeds("haproxy")]
    public async Task Adding_what_is_in_service_changes_nothing()
    {
        await using var haproxy = await TestRouter.StartAsync();
        await using var router = haproxy.Open();
        await using var upstream = await Upstream.StartAsync("shop");
        await router.AddAsync("shop-1", upstream.Address, 100, None);
        var before = await router.ServersAsync(None);
        await router.AddAsync("shop-1", upstream.Address, 100, None);
        Assert.Equal(before, await router.ServersAsync(None));
        Assert.Equal([new RouterServer("shop-1", upstream.Address, 100, RouterServerState.Ready, 0, true)], before);
    }

    [FactNeeds("haproxy")]
    public async Task A_drained_server_is_put_back_by_adding_it()
    {
        await using var haproxy = await TestRouter.StartAsync();
        await using var router = haproxy.Open();
        await using var upstream = await Upstream.StartAsync("shop");
        await router.AddAsync("shop-1", upstream.Address, 100, None);
        await router.DrainAsync("shop-1", None);
        Assert.Equal(RouterServerState.Draining, (await OnlyServerAsync(router)).State);
        await router.AddAsync("shop-1", upstream.Address, 40, None);
        Assert.Equal((RouterServerState.Ready, 40), ((await OnlyServerAsync(router)).State, (await OnlyServerAsync(router)).Weight));
    }

    [FactNeeds("haproxy")]
    public async Task What_a_killed_shell_only_began_to_add_is_finished()
    {
        await using var haproxy = await TestRouter.StartAsync();
        await using var router = haproxy.Open();
        await using var upstream = await Upstream.StartAsync("shop");
        await haproxy.CommandAsync($"add server shop/shop-1 {upstream.Address} id 1600000000 check inter 500ms rise 1 fall 2 weight 100");
        Assert.Equal(RouterServerState.Maintenance, (await OnlyServerAsync(router)).State);
        await router.AddAsync("shop-1", upstream.Address, 100, None);
        Assert.Equal(RouterServerState.Ready, (await OnlyServerAsync(router)).State);

        // It has checks: HAProxy sees its end by itself.
        await upstream.DisposeAsync();
        await UntilAsync(async () => (await OnlyServerAsync(router)).State == RouterServerState.Down);
    }

    [FactNeeds("haproxy")]
    public async Task A_stale_server_at_another_address_is_replaced()
    {
        await using var haproxy = await TestRouter.StartAsync();
        await using var router = haproxy.Open();
        await using var old = await Upstream.StartAsync("old");
        await using var fresh = await Upstream.StartAsync("fresh");
        await router.AddAsync("shop-1", old.Address, 100, None);
        await router.AddAsync("shop-1", fresh.Address, 100, None);
        using var client = new HttpClient();
        Assert.Equal("fresh", await client.GetStringAsync(haproxy.Uri));
        Assert.Equal(fresh.Address, (await OnlyServerAsync(router)).Address);
    }

    [FactNeeds("haproxy")]
    public async Task A_server_that_HAProxy_cannot_reach_gets_no_request_and_is_taken_out_again()
    {
        await using var haproxy = await TestRouter.StartAsync();
        await using var router = haproxy.Open();
        await using var good = await Upstream.StartAsync("good");
        await router.AddAsync("good", good.Address, 100, None);
        var gone = await Upstream.StartAsync("gone");
        var address = gone.Address;
        await gone.DisposeAsync();

        await using var load = LoadGenerator.Start(haproxy.Uri);
        var error = await Assert.ThrowsAsync<RolloutException>(() => router.AddAsync("gone", address, 100, None));
        var result = await load.StopAsync();

        Assert.Equal("RouterServerDown", error.Id);
        Assert.Contains("Connection refused", error.Message, StringComparison.Ordinal);
        Assert.Empty(result.Failures);
        Assert.Equal(["good"], (await router.ServersAsync(None)).Select(server => server.Name));
    }

    [FactNeeds("haproxy")]
    public async Task Removing_waits_for_the_requests_in_hand()
    {
        var entered = new TaskCompletionSource();
        var finish = new TaskCompletionSource();
        await using var haproxy = await TestRouter.StartAsync();
        await using var router = haproxy.Open();
        await using var upstream = await Upstream.StartAsync(async context =>
        {
            entered.TrySetResult();
            await finish.Task;
            await context.Response.WriteAsync("late");
        });
        await router.AddAsync("shop-1", upstream.Address, 100, None);
        using var client = new HttpClient();
        var answer = client.GetStringAsync(haproxy.Uri);
        await entered.Task;

        var removal = router.RemoveAsync("shop-1", Patience, None);
        await UntilAsync(async () => (await OnlyServerAsync(router)) is { State: RouterServerState.Draining, Sessions: 1 });
        finish.SetResult();

        Assert.Equal("late", await answer);
        Assert.Equal(0, await removal);
        Assert.Empty(await router.ServersAsync(None));
    }

    [FactNeeds("haproxy")]
    public async Task Removing_tells_what_it_cut_when_patience_is_over()
    {
        var entered = new TaskCompletionSource();
        var never = new TaskCompletionSource();
        await using var haproxy = await TestRouter.StartAsync();
        await using var router = haproxy.Open();
        await using var upstream = await Upstream.StartAsync(async context =>
        {
            entered.TrySetResult();
            await never.Task.WaitAsync(context.RequestAborted);
        });
        await router.AddAsync("shop-1", upstream.Address, 100, None);
        using var client = new HttpClient();
        var answer = client.GetStringAsync(haproxy.Uri);
        await entered.Task;

        Assert.Equal(1, await router.RemoveAsync("shop-1", TimeSpan.Zero, None));
        Assert.Empty(await router.ServersAsync(None));
        await Assert.ThrowsAsync<HttpRequestException>(() => answer);
    }

    [FactNeeds("haproxy")]
    public async Task A_reload_takes_the_added_servers_away_and_they_can_be_added_again()
    {
        await using var haproxy = await TestRouter.StartAsync();
        await using var router = haproxy.Open();
        await using var upstream = await Upstream.StartAsync("shop");
        await router.AddAsync("shop-1", upstream.Address, 100, None);
        await haproxy.ReloadAsync();

        Assert.Empty(await router.ServersAsync(None));
        Assert.Equal(0, await router.RemoveAsync("shop-1", Patience, None));
        await router.DrainAsync("shop-1", None);
        Assert.Equal("RouterServerNotFound", (await Assert.ThrowsAsync<RolloutException>(() => router.SetWeightsAsync(new Dictionary<string, int> { ["shop-1"] = 1 }, None))).Id);

        await router.AddAsync("shop-1", upstream.Address, 100, None);
        using var client = new HttpClient();
        Assert.Equal("shop", await client.GetStringAsync(haproxy.Uri));
    }

    [FactNeeds("haproxy")]
    public async Task Reloads_in_the_midst_of_adding_and_removing_are_survived()
    {
        await using var haproxy = await TestRouter.StartAsync();
        await using var router = haproxy.Open();
        await using var upstream = await Upstream.StartAsync("shop");
        var added = 0;
        using var stop = new CancellationTokenSource();
        var work = Task.Run(async () =>
        {
            for (; !stop.IsCancellationRequested; Interlocked.Increment(ref added))
            {
                await router.AddAsync($"shop-{added}", upstream.Address, 100, None);
                await router.RemoveAsync($"shop-{added}", Patience, None);
            }
        });
        for (var reload = 0; reload < 8; reload++)
        {
            var before = Volatile.Read(ref added);
            await haproxy.ReloadAsync();
            await UntilAsync(() => Task.FromResult(Volatile.Read(ref added) > before || work.IsCompleted));
        }

        await stop.CancelAsync();
        await work;
    }

    [FactNeeds("haproxy")]
    public async Task A_restart_is_waited_for()
    {
        await using var haproxy = await TestRouter.StartAsync();
        await using var router = haproxy.Open();
        await haproxy.StopAsync();
        Assert.True(File.Exists(haproxy.Socket));
        var servers = router.ServersAsync(None);
        await haproxy.StartAgainAsync();
        Assert.Empty(await servers);
    }

    [FactNeeds("haproxy")]
    public async Task Nobody_at_the_socket_is_a_clear_error()
    {
        await using var haproxy = await TestRouter.StartAsync();
        await using var router = haproxy.Open();
        await haproxy.StopAsync();
        var refused = await Assert.ThrowsAsync<RolloutException>(() => router.ServersAsync(None));
        File.Delete(haproxy.Socket);
        var missing = await Assert.ThrowsAsync<RolloutException>(() => router.ServersAsync(None));
        Assert.All([refused, missing], error => Assert.Equal(("RouterNotReachable", ErrorKind.Connection), (error.Id, error.Kind)));
        Assert.All([refused, missing], error => Assert.Contains(haproxy.Socket, error.Message, StringComparison.Ordinal));
        Assert.Contains("there is no such socket", missing.Message, StringComparison.Ordinal);
    }

    [FactNeeds("haproxy")]
    public async Task Servers_of_the_configuration_are_drained_and_put_back_but_never_deleted()
    {
        await using var upstream = await Upstream.StartAsync("adopted");
        await using var haproxy = await TestRouter.StartAsync($"backend shop\n    balance roundrobin\n    server adopted {upstream.Address}\n");
        await using var router = haproxy.Open();
        Assert.Equal(new RouterServer("adopted", upstream.Address, 1, RouterServerState.Ready, 0, false), await OnlyServerAsync(router));

        await router.DrainAsync("adopted", None);
        Assert.Equal(RouterServerState.Draining, (await OnlyServerAsync(router)).State);
        Assert.Equal(0, await router.RemoveAsync("adopted", Patience, None));
        Assert.Equal(RouterServerState.Maintenance, (await OnlyServerAsync(router)).State);
        await router.AddAsync("adopted", upstream.Address, 1, None);
        Assert.Equal(RouterServerState.Ready, (await OnlyServerAsync(router)).State);

        var error = await Assert.ThrowsAsync<RolloutException>(() => router.AddAsync("adopted", "127.0.0.1:9", 1, None));
        Assert.Equal(("RouterServerNameTaken", ErrorKind.Conflict), (error.Id, error.Kind));
    }

    [FactNeeds("haproxy")]
    public async Task A_missing_backend_is_told_with_those_that_exist()
    {
        await using var haproxy = await TestRouter.StartAsync("backend shop\nbackend mail\n");
        await using var router = haproxy.Open(backend: "nope");
        foreach (var attempt in new Func<Task>[] { () => router.CheckAsync(None), () => router.ServersAsync(None), () => router.AddAsync("a", "127.0.0.1:9", 1, None), () => router.DrainAsync("a", None) })
        {
            var error = await Assert.ThrowsAsync<RolloutException>(attempt);
            Assert.Equal(("RouterBackendNotFound", ErrorKind.NotFound), (error.Id, error.Kind));
            Assert.Contains("shop, mail", error.Message, StringComparison.Ordinal);
        }
    }

    [FactNeeds("haproxy")]
    public async Task A_socket_without_the_level_admin_is_told()
    {
        await using var haproxy = await TestRouter.StartAsync();
        await using var router = TrafficRouters.Open("HAProxy", haproxy.OperatorSocket, "shop", "/", TimeProvider.System, SilentReporter.Instance);
        Assert.Empty(await router.ServersAsync(None));
        await Assert.ThrowsAsync<RolloutException>(() => router.CheckAsync(None));
        var error = await Assert.ThrowsAsync<RolloutException>(() => router.AddAsync("shop-1", "127.0.0.1:9", 1, None));
        Assert.Equal(("RouterPermissionDenied", ErrorKind.PermissionDenied), (error.Id, error.Kind));
        Assert.Contains("level admin", error.Mend, StringComparison.Ordinal);
    }

    [FactNeeds("haproxy")]
    public async Task What_HAProxy_refuses_is_told_in_its_own_words()
    {
        await using var haproxy = await TestRouter.StartAsync("backend shop\n    balance source\n");
        await using var router = haproxy.Open();
        foreach (var attempt in new Func<Task>[] { () => router.CheckAsync(None), () => router.AddAsync("shop-1", "127.0.0.1:9", 1, None) })
        {
            var error = await Assert.ThrowsAsync<RolloutException>(attempt);
            Assert.Equal("RouterRefused", error.Id);
            Assert.Contains("Backend must use a dynamic load balancing", error.Message, StringComparison.Ordinal);
        }
    }

    [FactNeeds("haproxy")]
    public async Task A_balance_that_ignores_weights_is_warned_of_once()
    {
        var reporter = new Warnings();
        await using var haproxy = await TestRouter.StartAsync("backend shop\n    balance leastconn\n");
        await using var router = haproxy.Open(reporter);
        await using var upstream = await Upstream.StartAsync("shop");
        await router.AddAsync("shop-1", upstream.Address, 100, None);
        await router.AddAsync("shop-2", upstream.Address, 100, None);
        Assert.Empty(reporter.Texts);
        await router.SetWeightsAsync(new Dictionary<string, int> { ["shop-2"] = 10 }, None);
        await router.SetWeightsAsync(new Dictionary<string, int> { ["shop-2"] = 20 }, None);
        Assert.Contains("leastconn", Assert.Single(reporter.Texts), StringComparison.Ordinal);
    }

    [FactNeeds("haproxy")]
    public async Task A_backend_that_passes_connections_on_and_not_requests_is_warned_of_once()
    {
        var reporter = new Warnings();
        await using var haproxy = await TestRouter.StartAsync("backend shop\n    balance roundrobin\nbackend raw\n    mode tcp\n    balance roundrobin\n");
        await using var router = haproxy.Open(reporter, "raw");
        await using var upstream = await Upstream.StartAsync("shop");
        await router.AddAsync("shop-1", upstream.Address, 100, None);
        await router.AddAsync("shop-2", upstream.Address, 100, None);
        Assert.Contains("mode tcp", Assert.Single(reporter.Texts), StringComparison.Ordinal);
    }

    [FactNeeds("haproxy")]
    public async Task Over_TCP_and_IPv6_servers()
    {
        await using var haproxy = await TestRouter.StartAsync();
        await using var router = TrafficRouters.Open("haproxy", $"127.0.0.1:{haproxy.RuntimePort}", "shop", "/", TimeProvider.System, SilentReporter.Instance);
        await haproxy.CommandAsync("add server shop/six [::1]:9 id 1600000000");
        Assert.Equal("[::1]:9", (await OnlyServerAsync(router)).Address);
        Assert.Equal(0, await router.RemoveAsync("six", Patience, None));
        Assert.Empty(await router.ServersAsync(None));
    }

    [FactNeeds("haproxy")]
    public async Task Two_shells_that_add_at_once_both_succeed()
    {
        await using var haproxy = await TestRouter.StartAsync();
        await using var upstream = await Upstream.StartAsync("shop");
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async i =>
        {
            await using var router = haproxy.Open();
            await router.AddAsync(string.Create(CultureInfo.InvariantCulture, $"shop-{i}"), upstream.Address, 100, None);
        }));
        await using var reader = haproxy.Open();
        Assert.All(await reader.ServersAsync(None), server => Assert.Equal((RouterServerState.Ready, true), (server.State, server.Dynamic)));
        Assert.Equal(4, (await reader.ServersAsync(None)).Count);
    }

    private static async Task<RouterServer> OnlyServerAsync(ITrafficRouter router) => Assert.Single(await router.ServersAsync(None));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TestLimit.Time);
        while (!await condition()) await Task.Delay(10, limit.Token);
    }

    private sealed class Warnings : IReporter
    {
        internal List<string> Texts { get; } = [];

        public void Progress(ProgressReport report) { }

        public void Warning(string message) => Texts.Add(message);

        public void Verbose(string message) { }
    }
}
