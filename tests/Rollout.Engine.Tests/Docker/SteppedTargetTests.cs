using System.Threading.Channels;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Engines;
using Rollout.Engine.Traffic;
using Xunit;

namespace Rollout.Engine.Tests.Docker;

/// <summary>Canary and blue-green on the real engine behind a real HAProxy, under load.</summary>
[Trait("Needs", "docker")]
public sealed class SteppedTargetTests(DockerEngineFixture engine) : IClassFixture<DockerEngineFixture>
{
    [FactNeeds("docker", "haproxy", "busybox")]
    public async Task A_canary_gets_its_share_of_the_requests_and_then_all()
    {
        const int Counted = 20_000;
        await using var haproxy = await TestRouter.StartAsync();
        var shop = await ServingAsync(haproxy, replicas: 2);

        await using var load = LoadGenerator.Start(haproxy.Uri, requestsPerSecond: 2500);
        var status = await shop.StartAsync(Canary(await shop.FastImageAsync("v2"), "20%,pause"));
        Assert.Equal((RolloutPhase.Paused, "2 of 2: pause", "WaitsForResume"), (status.Phase, status.Step, status.Reason));
        Assert.Equal((1, 3), (status.Updated, status.Available));
        Assert.Equal("1-1:256 1-2:256 2-1:128", await WeightsAsync(haproxy, shop));

        var (before, beforeNew) = Count(load);
        while (Count(load).All - before < Counted) await Task.Delay(50);
        var (after, afterNew) = Count(load);
        Assert.InRange(100.0 * (afterNew - beforeNew) / (after - before), 17, 23);

        status = await shop.CommandAsync(RolloutVerb.Resume);
        Assert.Equal((RolloutPhase.Healthy, null, 2), (status.Phase, status.Step, status.Available));
        Assert.Equal("2-1:100 2-2:100", await WeightsAsync(haproxy, shop));
        Assert.Empty((await load.StopAsync()).Failures);
    }

    [FactNeeds("docker", "haproxy", "busybox")]
    public async Task Blue_green_switches_once_and_back_and_no_request_fails()
    {
        await using var haproxy = await TestRouter.StartAsync();
        var shop = await ServingAsync(haproxy, replicas: 2);
        var request = TestWorkload.Request(await shop.FastImageAsync("v2"), docker: new DockerWorkload()) with { Strategy = RolloutStrategy.BlueGreen };

        await using var load = LoadGenerator.Start(haproxy.Uri, requestsPerSecond: 1000);
        var status = await shop.StartAsync(request);
        Assert.Equal((RolloutPhase.Paused, "2 of 3: pause", 4), (status.Phase, status.Step, status.Available));
        Assert.Equal("1-1:100 1-2:100 2-1:0 2-2:0", await WeightsAsync(haproxy, shop));
        Assert.Equal(["shop v1"], load.Answers.Keys);

        Assert.Equal(RolloutPhase.Healthy, (await shop.CommandAsync(RolloutVerb.Resume)).Phase);
        Assert.Equal("2-1:100 2-2:100", await WeightsAsync(haproxy, shop));
        Assert.Equal(RolloutPhase.Undone, (await shop.UndoAsync()).Phase);
        Assert.Equal("1-1:100 1-2:100", await WeightsAsync(haproxy, shop));
        Assert.Empty((await load.StopAsync()).Failures);
    }

    [FactNeeds("docker", "haproxy", "busybox")]
    public async Task While_the_old_set_still_runs_an_undo_from_another_shell_is_one_switch()
    {
        await using var haproxy = await TestRouter.StartAsync();
        var shop = await ServingAsync(haproxy, replicas: 2);
        var old = await shop.ContainersAsync();
        var request = TestWorkload.Request(await shop.FastImageAsync("v2"), docker: new DockerWorkload()) with
        {
            Strategy = RolloutStrategy.BlueGreen,
            AutoPromote = true,
            ScaleDownDelay = TimeSpan.FromMinutes(5),
        };

        await using var load = LoadGenerator.Start(haproxy.Uri, requestsPerSecond: 1000);
        var driving = new Shell(changed => shop.StartAsync(request, changed));
        Assert.Equal("3 of 3: pause 5m", (await driving.UntilAsync(status => status.Phase == RolloutPhase.Paused)).Step);
        Assert.Equal("1-1:0 1-2:0 2-1:100 2-2:100", await WeightsAsync(haproxy, shop));

        var another = new TestWorkload(engine.Client, engine.Prefix, shop.Name);
        var undone = await another.UndoAsync();
        Assert.Equal((RolloutPhase.Undone, true), (undone.Phase, undone.Succeeded));
        Assert.Equal(RolloutPhase.Undone, (await driving.End).Phase);
        Assert.Equal(old, await shop.ContainersAsync());
        Assert.Equal("1-1:100 1-2:100", await WeightsAsync(haproxy, shop));
        Assert.Empty((await load.StopAsync()).Failures);
    }

    [FactNeeds("docker", "haproxy", "busybox")]
    public async Task Broken_off_at_any_step_it_goes_back_and_no_request_fails()
    {
        await using var haproxy = await TestRouter.StartAsync();
        var shop = await ServingAsync(haproxy, replicas: 2);
        var v2 = await shop.FastImageAsync("v2");
        var old = await shop.ContainersAsync();

        await using var load = LoadGenerator.Start(haproxy.Uri, requestsPerSecond: 500);
        var bluegreen = TestWorkload.Request(v2, docker: new DockerWorkload()) with { Strategy = RolloutStrategy.BlueGreen };
        foreach (var request in new[] { "replicas 1,pause", "25%,pause", "10%,60%,pause", "100%,pause" }.Select(steps => Canary(v2, steps)).Append(bluegreen))
        {
            Assert.Equal(RolloutPhase.Paused, (await shop.StartAsync(request)).Phase);
            var status = await shop.CommandAsync(RolloutVerb.Stop);
            Assert.Equal((RolloutPhase.Undone, true, "v1", null), (status.Phase, status.Succeeded, status.Image!.Tag, status.Step));
            Assert.Equal(old, await shop.ContainersAsync());
            Assert.Equal("1-1:100 1-2:100", await WeightsAsync(haproxy, shop));
        }

        Assert.Empty((await load.StopAsync()).Failures);
        Assert.Equal("NothingToStop", (await Assert.ThrowsAsync<RolloutException>(() => shop.CommandAsync(RolloutVerb.Stop))).Id);
    }

    [FactNeeds("docker", "haproxy", "busybox")]
    public async Task Other_shells_hold_it_let_it_go_on_and_take_it_to_the_end()
    {
        await using var haproxy = await TestRouter.StartAsync();
        var shop = await ServingAsync(haproxy, replicas: 1);
        var another = new TestWorkload(engine.Client, engine.Prefix, shop.Name);
        var v2 = await shop.FastImageAsync("v2");
        var first = new Shell(changed => shop.StartAsync(Canary(v2, "25%,1h,50%,1h,75%,1h"), changed));
        await first.UntilAsync(status => status is { Phase: RolloutPhase.Paused, Step: "2 of 6: pause 1h" });

        var held = await another.CommandAsync(RolloutVerb.Suspend);
        Assert.Equal((RolloutPhase.Paused, "Suspended", "2 of 6: pause 1h"), (held.Phase, held.Reason, held.Step));
        Assert.Equal("Suspended", (await first.End).Reason);

        var second = new Shell(changed => another.CommandAsync(RolloutVerb.Resume, changed));
        await second.UntilAsync(status => status is { Phase: RolloutPhase.Paused, Step: "4 of 6: pause 1h" });
        Assert.Equal("1-1:256 2-1:256", await WeightsAsync(haproxy, shop));

        var third = new Shell(changed => shop.CommandAsync(RolloutVerb.Resume, changed));
        await second.UntilAsync(status => status is { Phase: RolloutPhase.Paused, Step: "6 of 6: pause 1h" });
        Assert.Equal(RolloutPhase.Healthy, (await another.CommandAsync(RolloutVerb.Promote)).Phase);
        Assert.Equal([RolloutPhase.Healthy, RolloutPhase.Healthy], new[] { (await second.End).Phase, (await third.End).Phase });
        Assert.Equal("2-1:100", await WeightsAsync(haproxy, shop));
    }

    [FactNeeds("docker", "haproxy", "busybox")]
    public async Task A_step_that_finds_it_unhealthy_turns_it_back_or_not_as_is_asked()
    {
        await using var haproxy = await TestRouter.StartAsync();
        var shop = await ServingAsync(haproxy, replicas: 1);
        var nobody = new HttpHealthCheck { Name = "nobody", Uri = new Uri($"http://127.0.0.1:{Ports.Free()}/"), FailureLimit = 1 };
        var request = Canary(await shop.FastImageAsync("v2"), "50%,check,pause");

        var status = await shop.StartAsync(request with { HealthChecks = [nobody] });
        Assert.Equal((RolloutPhase.Undone, "HealthCheckFailed", "v1"), (status.Phase, status.Reason, status.Image!.Tag));
        Assert.Equal("1-1:100", await WeightsAsync(haproxy, shop));

        status = await shop.StartAsync(request with { Steps = [new WeightStep(50), new CheckStep([nobody])], OnFailure = FailureAction.Freeze });
        Assert.Equal((RolloutPhase.Failed, "HealthCheckFailed", "2 of 2: check"), (status.Phase, status.Reason, status.Step));
        Assert.Equal("1-1:256 3-1:256", await WeightsAsync(haproxy, shop));
        Assert.Equal((RolloutPhase.Undone, "v1"), await shop.CommandAsync(RolloutVerb.Stop) is var stopped ? (stopped.Phase, stopped.Image!.Tag) : default);

        // Without checks of its own or the rollout's a step looks at the new replicas: at those that there are by then.
        status = await shop.StartAsync(request);
        Assert.Equal((RolloutPhase.Paused, "3 of 3: pause"), (status.Phase, status.Step));
    }

    [FactNeeds("docker", "busybox")]
    public async Task What_is_held_at_a_step_is_not_swept_away_by_another_image_unless_forced()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(TestWorkload.Request(await shop.ImageAsync("v1"), 2));
        var held = await shop.StartAsync(Canary(await shop.ImageAsync("v2"), "50%,pause"));
        var before = await shop.ContainersAsync();

        foreach (var other in new[] { Canary(await shop.ImageAsync("v3"), "50%"), TestWorkload.Request(await shop.ImageAsync("v3")), TestWorkload.Request(await shop.ImageAsync("v2"), 3) })
        {
            var refused = await Assert.ThrowsAsync<RolloutException>(() => shop.Target.PlanAsync(other, SilentReporter.Instance, CancellationToken.None));
            Assert.Equal(("SteppedRolloutUnderWay", ErrorKind.Busy), (refused.Id, refused.Kind));
            Assert.Contains("2 of 2: pause", refused.Message);
        }

        // The same again finds it where it is.
        Assert.Equal((RolloutPhase.Paused, held.Step), await shop.StartAsync(Canary(await shop.ImageAsync("v2"), "50%,pause")) is var same ? (same.Phase, same.Step) : default);
        Assert.Equal(before, await shop.ContainersAsync());
        var forced = await shop.StartAsync(TestWorkload.Request(await shop.ImageAsync("v3")) with { Force = true });
        Assert.Equal((RolloutPhase.Healthy, "v3"), (forced.Phase, forced.Image!.Tag));
    }

    [FactNeeds("docker", "busybox")]
    public async Task A_new_replica_that_goes_while_it_is_held_is_told_of_and_put_back_where_it_stands()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(TestWorkload.Request(await shop.FastImageAsync("v1"), 2));
        await shop.StartAsync(Canary(await shop.FastImageAsync("v2"), "50%,pause"));
        await engine.Client.Containers.RemoveAsync((await shop.InspectAsync("2-1")).Id, CancellationToken.None);

        var told = await shop.ReadAsync();
        Assert.Equal((RolloutPhase.Paused, "ReplicasMissing"), (told.Phase, told.Reason));
        Assert.Contains("0 of 1 new replicas run", told.Message);
        var held = await shop.CommandAsync(RolloutVerb.Suspend);
        Assert.Equal((RolloutPhase.Paused, "Suspended", "2 of 2: pause", 1), (held.Phase, held.Reason, held.Step, held.Updated));
    }

    [FactNeeds("docker", "haproxy", "busybox")]
    public async Task Who_is_not_resumed_in_time_goes_back_or_is_left_for_somebody_to_resume_late()
    {
        await using var haproxy = await TestRouter.StartAsync();
        var shop = await ServingAsync(haproxy, replicas: 1);
        var request = Canary(await shop.FastImageAsync("v2"), "50%,pause within 100ms");

        var status = await shop.StartAsync(request);
        Assert.Equal((RolloutPhase.Undone, "ApprovalExpired"), (status.Phase, status.Reason));

        status = await shop.StartAsync(request with { OnFailure = FailureAction.Freeze });
        Assert.Equal((RolloutPhase.Failed, "ApprovalExpired"), (status.Phase, status.Reason));
        status = await shop.CommandAsync(RolloutVerb.Resume);
        Assert.Equal((RolloutPhase.Healthy, null, "v2"), (status.Phase, status.Reason, status.Image!.Tag));
    }

    [FactNeeds("docker", "busybox")]
    public async Task What_failed_and_was_left_goes_on_once_its_cause_is_gone()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(TestWorkload.Request(await shop.ImageAsync("v1")));
        var dies = await shop.ImageAsync("v2", "CMD [\"sh\", \"-c\", \"[ -e /seen ] || { echo > /seen; exit 3; }; exec httpd -f -p 8080 -h /www\"]");

        var request = Canary(dies, "50%") with { OnFailure = FailureAction.Freeze, Docker = new DockerWorkload { Port = TestWorkload.Port } };
        var frozen = await shop.StartAsync(request);
        Assert.Equal(RolloutPhase.Failed, frozen.Phase);
        var resumed = await shop.CommandAsync(RolloutVerb.Resume);
        Assert.Equal((RolloutPhase.Healthy, null), (resumed.Phase, resumed.Message));
    }

    [FactNeeds("docker", "busybox")]
    public async Task Who_starts_the_same_image_again_without_its_steps_goes_on_with_them()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(TestWorkload.Request(await shop.FastImageAsync("v1"), 2));
        var watched = new ContainerHealthCheck { Name = "watched", For = TimeSpan.FromMinutes(5) };
        var request = Canary(await shop.FastImageAsync("v2"), "50%") with { Steps = [new WeightStep(50), new CheckStep([watched])], HealthChecks = [new ContainerHealthCheck { Name = "kept" }] };
        using (var dies = new CancellationTokenSource())
        {
            var plan = await shop.Target.PlanAsync(request, SilentReporter.Instance, CancellationToken.None);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => shop.Target.ApplyAsync(plan, status =>
            {
                if (status.Step == "2 of 2: check") dies.Cancel();
            }, SilentReporter.Instance, dies.Token));
        }

        var again = TestWorkload.Request(await shop.FastImageAsync("v2"), docker: new DockerWorkload());
        Assert.StartsWith("Carry on the rollout", (await shop.Target.PlanAsync(again, SilentReporter.Instance, CancellationToken.None)).Description);
        var driving = new Shell(changed => shop.StartAsync(again, changed));
        await driving.UntilAsync(status => status.Step == "2 of 2: check" && status.Reason != "Abandoned");
        var another = new TestWorkload(engine.Client, engine.Prefix, shop.Name);
        Assert.Equal(RolloutPhase.Healthy, (await another.CommandAsync(RolloutVerb.Promote)).Phase);
        Assert.Contains((await driving.End).Decisions, decision => decision.Message.Contains("kept", StringComparison.Ordinal));
    }

    [FactNeeds("docker", "busybox")]
    public async Task Who_was_at_work_is_told_that_another_shell_took_it_back()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(TestWorkload.Request(await shop.ImageAsync("v1"), 2));
        var request = Canary(await shop.ImageAsync("v2"), "50%,1h");
        var plan = await shop.Target.PlanAsync(request, SilentReporter.Instance, CancellationToken.None);
        Assert.EndsWith(", Canary by the steps weight 50%, pause 1h", plan.Description);

        var driving = new Shell(changed => shop.StartAsync(request, changed));
        await driving.UntilAsync(status => status.Phase == RolloutPhase.Paused);
        await new TestWorkload(engine.Client, engine.Prefix, shop.Name).CommandAsync(RolloutVerb.Stop);
        Assert.Contains("as another shell asked", (await driving.End).Message);
    }

    [FactNeeds("docker", "haproxy", "busybox")]
    public async Task A_reload_of_the_router_in_a_pause_is_made_good_with_the_same_shares()
    {
        await using var haproxy = await TestRouter.StartAsync();
        var shop = await ServingAsync(haproxy, replicas: 2);
        Assert.Equal("2 of 2: pause", (await shop.StartAsync(Canary(await shop.FastImageAsync("v2"), "20%,pause"))).Step);
        await haproxy.ReloadAsync();

        // Held, nobody is at work: it is told, and whoever holds it again puts things right where it stands.
        var told = await shop.ReadAsync();
        Assert.Equal((RolloutPhase.Paused, "RouterOutOfSync", "2 of 2: pause"), (told.Phase, told.Reason, told.Step));
        Assert.Contains("Suspend-Rollout puts right", told.Message);
        var held = await shop.CommandAsync(RolloutVerb.Suspend);
        Assert.Equal((RolloutPhase.Paused, "Suspended", "2 of 2: pause"), (held.Phase, held.Reason, held.Step));
        Assert.Equal("1-1:256 1-2:256 2-1:128", await WeightsAsync(haproxy, shop));

        await haproxy.ReloadAsync();
        await engine.Client.Containers.RemoveAsync((await shop.InspectAsync("2-1")).Id, CancellationToken.None);
        Assert.Equal("RouterOutOfSync", (await shop.ReadAsync()).Reason);
        Assert.Equal("Suspended", (await shop.CommandAsync(RolloutVerb.Suspend)).Reason);
        Assert.Equal("1-1:256 1-2:256 2-1:128", await WeightsAsync(haproxy, shop));

        // And whoever resumes it, on the way.
        await haproxy.ReloadAsync();
        Assert.Equal(RolloutPhase.Healthy, (await shop.CommandAsync(RolloutVerb.Resume)).Phase);
        Assert.Equal("2-1:100 2-2:100", await WeightsAsync(haproxy, shop));
    }

    [FactNeeds("docker", "haproxy", "busybox")]
    public async Task A_router_that_stays_away_leaves_it_at_its_step_and_who_followed_it_is_told_so_before_the_error()
    {
        await using var haproxy = await TestRouter.StartAsync();
        var shop = await ServingAsync(haproxy, replicas: 2);
        var time = new LeapingTime();
        var impatient = new TestWorkload(engine.Client, engine.Prefix, shop.Name, time: time);
        RolloutStatus? last = null;

        var failure = await Assert.ThrowsAsync<RolloutException>(async () => await impatient.StartAsync(Canary(await shop.FastImageAsync("v2"), "20%,60%"), status =>
        {
            last = status;
            if (status.Step == "2 of 2: weight 60%") haproxy.StopAsync().GetAwaiter().GetResult();
        }, time));
        Assert.Equal(("RouterNotReachable", ErrorKind.Connection), (failure.Id, failure.Kind));
        Assert.Contains($"'{shop.Target.Name.Name}' is left half done at step 2 of 2: weight 60%", failure.Message);
        Assert.Contains("Resume-Rollout", failure.Mend);
        Assert.Equal((RolloutPhase.Progressing, "Abandoned", "2 of 2: weight 60%", 1), (last!.Phase, last.Reason, last.Step, last.Updated));
        Assert.Equal((last.Phase, last.Reason, last.Step, last.Message), await shop.ReadAsync() is var read ? (read.Phase, read.Reason, read.Step, read.Message) : default);

        await haproxy.StartAgainAsync();
        Assert.Equal((RolloutPhase.Healthy, "v2"), await shop.CommandAsync(RolloutVerb.Resume) is var resumed ? (resumed.Phase, resumed.Image!.Tag) : default);
        Assert.Equal("2-1:100 2-2:100", await WeightsAsync(haproxy, shop));
    }

    [FactNeeds("docker", "haproxy", "busybox")]
    public async Task A_router_that_does_not_keep_its_weights_is_found_out_and_all_is_put_back()
    {
        await using var haproxy = await TestRouter.StartAsync();
        var name = (await ServingAsync(haproxy, replicas: 1)).Name;
        var shop = new TestWorkload(engine.Client, engine.Prefix, name, (_, _) => new ForgetfulRouter(haproxy.Open()));

        var request = Canary(await shop.FastImageAsync("v2"), "50%,pause");
        Assert.Equal("RouterSharesNotKept", (await Assert.ThrowsAsync<RolloutException>(() => shop.StartAsync(request))).Id);
        Assert.Equal("1-1:100", await WeightsAsync(haproxy, shop));
        Assert.Equal((RolloutPhase.Healthy, "v1"), await shop.ReadAsync() is var status ? (status.Phase, status.Image!.Tag) : default);
    }

    [FactNeeds("docker", "busybox")]
    public async Task Without_a_router_the_replicas_are_the_share()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(TestWorkload.Request(await shop.FastImageAsync("v1"), 4));
        var status = await shop.StartAsync(Canary(await shop.FastImageAsync("v2"), "25%,50%,pause"));
        Assert.Equal((RolloutPhase.Paused, 2, 4), (status.Phase, status.Updated, status.Available));
        Assert.Equal("1-1:running 1-2:running 1-3:exited 1-4:exited 2-1:running 2-2:running", await shop.ContainersAsync());

        Assert.Equal(RolloutPhase.Undone, (await shop.CommandAsync(RolloutVerb.Stop)).Phase);
        Assert.Equal("1-1:running 1-2:running 1-3:running 1-4:running", await shop.ContainersAsync());
    }

    [FactNeeds("docker", "haproxy", "busybox")]
    public async Task What_cannot_be_is_refused_before_anything_is_made()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        var request = Canary(await shop.FastImageAsync("v1"), "");
        var header = new HeaderStep(new Dictionary<string, string> { ["X-Canary"] = "1" });
        Assert.Equal("StepNotSupported", (await Assert.ThrowsAsync<RolloutException>(() => shop.StartAsync(request with { Steps = [header] }))).Id);
        Assert.Equal("BaselineNotSupported", (await Assert.ThrowsAsync<RolloutException>(() => shop.StartAsync(request with { Baseline = true }))).Id);
        Assert.Null(await shop.Target.ReadAsync(CancellationToken.None));

        // Nothing to share the traffic with: the first release has no steps.
        var status = await shop.StartAsync(request with { Docker = new DockerWorkload { Port = ShopImages.Port } });
        Assert.Equal((RolloutPhase.Healthy, RolloutStrategy.Canary, null), (status.Phase, status.Strategy, status.Step));
    }

    private async Task<TestWorkload> ServingAsync(TestRouter haproxy, int replicas)
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        var behind = new DockerWorkload { Port = ShopImages.Port, Router = "haproxy", RouterEndpoint = haproxy.Socket, Backend = "shop" };
        await shop.StartAsync(TestWorkload.Request(await shop.FastImageAsync("v1"), replicas, behind));
        return shop;
    }

    private static RolloutRequest Canary(ImageReference image, string steps) =>
        TestWorkload.Request(image, docker: new DockerWorkload()) with { Strategy = RolloutStrategy.Canary, Steps = StepText.Parse(steps) };

    private static (int All, int New) Count(LoadGenerator load)
    {
        var answers = load.Answers.ToDictionary();
        return (answers.Values.Sum(), answers.GetValueOrDefault("shop v2"));
    }

    private static async Task<string> WeightsAsync(TestRouter haproxy, TestWorkload shop)
    {
        await using var router = haproxy.Open();
        var servers = await router.ServersAsync(CancellationToken.None);
        return string.Join(' ', servers.Select(server => $"{server.Name[(shop.Name.Length + 1)..]}:{server.Weight}").Order(StringComparer.Ordinal));
    }

    /// <summary>Takes weights, and has forgotten them when it is asked.</summary>
    private sealed class ForgetfulRouter(ITrafficRouter inner) : ITrafficRouter
    {
        public Task CheckAsync(CancellationToken cancellation) => inner.CheckAsync(cancellation);

        public Task<IReadOnlyList<RouterServer>> ServersAsync(CancellationToken cancellation) => inner.ServersAsync(cancellation);

        public Task AddAsync(string name, string address, int weight, CancellationToken cancellation) => inner.AddAsync(name, address, weight, cancellation);

        public Task SetWeightsAsync(IReadOnlyDictionary<string, int> weights, CancellationToken cancellation) => Task.CompletedTask;

        public Task<IReadOnlyList<ServerCounters>> CountersAsync(CancellationToken cancellation) => inner.CountersAsync(cancellation);

        public Task DrainAsync(string name, CancellationToken cancellation) => inner.DrainAsync(name, cancellation);

        public Task<int> RemoveAsync(string name, TimeSpan patience, CancellationToken cancellation) => inner.RemoveAsync(name, patience, cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    /// <summary>One piece of work under way, and what it tells.</summary>
    private sealed class Shell
    {
        private readonly Channel<RolloutStatus> told = Channel.CreateUnbounded<RolloutStatus>();

        internal Shell(Func<Action<RolloutStatus>, Task<RolloutStatus>> work) => End = work(status => told.Writer.TryWrite(status));

        internal Task<RolloutStatus> End { get; }

        internal async Task<RolloutStatus> UntilAsync(Func<RolloutStatus, bool> holds)
        {
            using var patience = new CancellationTokenSource(TestLimit.Time);
            await foreach (var status in told.Reader.ReadAllAsync(patience.Token))
            {
                if (holds(status)) return status;
            }

            throw new InvalidOperationException("it told nothing more");
        }
    }
}
