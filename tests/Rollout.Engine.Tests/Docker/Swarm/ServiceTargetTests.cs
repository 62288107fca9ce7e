using System.Text.Json.Nodes;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Docker.Swarm;

/// <summary>Rollouts of services on a real swarm of one node.</summary>
[Trait("Needs", "docker")]
public sealed class ServiceTargetTests(SwarmFixture swarm) : IClassFixture<SwarmFixture>
{
    [FactNeeds("dockerd", "containerd", "ip", "root", "busybox")]
    public async Task An_update_is_followed_to_its_end_and_undone_by_the_engines_own_rollback_and_gone_back_to_by_another()
    {
        var shop = await TestService.RunAsync(swarm, swarm.V1);
        var seen = new List<RolloutStatus>();

        var status = await shop.StartAsync(TestService.Request(swarm.V2) with { ChangeCause = "prices" }, seen.Add);

        Assert.Equal((RolloutPhase.Healthy, 2, 2, 2), (status.Phase, status.Revision, status.Updated, status.Desired));
        Assert.Equal((swarm.V2, swarm.V1), (status.Image, status.PreviousImage));
        Assert.Contains(seen, one => one.Phase == RolloutPhase.Progressing);
        Assert.All(seen, one => Assert.True(one.Ready >= 2, $"{one.Ready} ready"));
        Assert.Equal("2:v2:Healthy* 1:v1:Inconclusive", await shop.HistoryAsync());
        Assert.Equal("prices", (await shop.Shell().HistoryAsync(CancellationToken.None))[0].ChangeCause);
        var spec = (await shop.SeenAsync()).Spec.Json;
        Assert.Equal(("web", "kept", "start-first"), ((string?)spec["Labels"]!["team"], (string?)spec["TaskTemplate"]!["ContainerSpec"]!["Hostname"], (string?)spec["UpdateConfig"]!["Order"]));

        var undone = await shop.UndoAsync(new UndoRequest { Verdict = HealthVerdict.Unhealthy });
        Assert.Equal((RolloutPhase.Undone, 1, true, swarm.V1), (undone.Phase, undone.Revision, undone.Succeeded, undone.Image));
        Assert.Equal("2:v2:Unhealthy 1:v1:Inconclusive*", await shop.HistoryAsync());
        var read = await shop.ReadAsync();
        Assert.Equal((RolloutPhase.Undone, true, swarm.V2), (read.Phase, read.Succeeded, read.PreviousImage));

        var forward = await shop.UndoAsync(new UndoRequest { ToImage = swarm.V2 });
        Assert.Equal((RolloutPhase.Undone, 2, 2), (forward.Phase, forward.Revision, forward.Updated));
        Assert.Equal(RolloutPhase.Undone, (await shop.ReadAsync()).Phase);
        Assert.Null(forward.Message);
    }

    /// <summary>The engine stops it, it ends as it was told to, and the engine says no more than that it ended.</summary>
    [FactNeeds("dockerd", "containerd", "ip", "root", "busybox")]
    public async Task A_task_whose_health_check_never_passes_is_told_as_the_cause()
    {
        var shop = await TestService.RunAsync(swarm, swarm.V1, monitorMs: TestService.WhereOneFails);
        var ill = SwarmFixture.Image("ill");
        await swarm.BuildAsync(ill, """
            STOPSIGNAL SIGTERM
            HEALTHCHECK --interval=200ms --retries=1 CMD ["sh", "-c", "echo no database; exit 1"]
            CMD ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"]
            """);

        var status = await shop.StartAsync(ill);

        Assert.Equal((RolloutPhase.Undone, 1, "ContainerUnhealthy"), (status.Phase, status.Revision, status.Reason));
        Assert.Contains("unhealthy by its HEALTHCHECK: no database", status.Message);
    }

    [FactNeeds("dockerd", "containerd", "ip", "root", "busybox")]
    public async Task A_restart_of_the_engine_is_waited_for()
    {
        var shop = await TestService.RunAsync(swarm, swarm.V1);
        var restarted = 0;
        var status = await shop.StartAsync(TestService.Request(swarm.V2), one =>
        {
            if (one.Phase != RolloutPhase.Progressing || Interlocked.Exchange(ref restarted, 1) == 1) return;
            swarm.Engine.KillAsync().GetAwaiter().GetResult();
            _ = swarm.Engine.StartAgainAsync();
        });

        Assert.Equal((RolloutPhase.Healthy, 2, 1), (status.Phase, status.Updated, restarted));
    }

    [FactNeeds("dockerd", "containerd", "ip", "root", "busybox")]
    public async Task A_failed_update_is_rolled_back_and_says_why()
    {
        var shop = await TestService.RunAsync(swarm, swarm.V1, monitorMs: TestService.WhereOneFails);

        var status = await shop.StartAsync(swarm.Bad);

        Assert.Equal((RolloutPhase.Undone, 1, false, "ContainerExited"), (status.Phase, status.Revision, status.Succeeded, status.Reason));
        Assert.Equal((swarm.V1, swarm.Bad, 2), (status.Image, status.PreviousImage, status.Updated));
        Assert.Contains("non-zero exit (3)", status.Message);
        Assert.Contains("no database for ***", status.Message);
        Assert.DoesNotContain("swordfish", status.Message);
        var read = await shop.ReadAsync();
        Assert.Equal((status.Phase, status.Reason, status.Message), (read.Phase, read.Reason, read.Message));
        Assert.Equal("2:bad:Unhealthy 1:v1:Inconclusive*", await shop.HistoryAsync());
        Assert.Equal("NothingToUndo", (await Assert.ThrowsAsync<RolloutException>(() => shop.UndoAsync())).Id);
    }

    [FactNeeds("dockerd", "containerd", "ip", "root", "busybox")]
    public async Task A_frozen_update_is_left_and_its_fix_starts_from_what_ran_before_and_its_stop_goes_back()
    {
        var shop = await TestService.RunAsync(swarm, swarm.V1, monitorMs: TestService.WhereOneFails);
        var frozen = await shop.StartAsync(swarm.Bad, FailureAction.Freeze);
        Assert.Equal((RolloutPhase.Failed, "ContainerExited", swarm.Bad), (frozen.Phase, frozen.Reason, frozen.Image));
        var read = await shop.ReadAsync();
        Assert.Equal((RolloutPhase.Failed, "UpdatePaused"), (read.Phase, read.Reason));
        Assert.Contains("non-zero exit (3)", read.Message);

        var stopped = await shop.CommandAsync(RolloutVerb.Stop);
        Assert.Equal((RolloutPhase.Undone, 1, 2), (stopped.Phase, stopped.Revision, stopped.Updated));
        Assert.Equal("NothingToStop", (await Assert.ThrowsAsync<RolloutException>(() => shop.CommandAsync(RolloutVerb.Stop))).Id);
        Assert.Equal("RolloutCommandNotSupported", (await Assert.ThrowsAsync<RolloutException>(() => shop.CommandAsync(RolloutVerb.Suspend))).Id);

        await shop.StartAsync(swarm.Bad, FailureAction.Freeze);
        var repaired = await shop.StartAsync(swarm.V2);
        Assert.Equal((RolloutPhase.Healthy, 4, swarm.V1), (repaired.Phase, repaired.Revision, repaired.PreviousImage));
        Assert.Equal(swarm.V1.ToString(), (await shop.SeenAsync()).Previous!.Image);
    }

    [FactNeeds("dockerd", "containerd", "ip", "root", "busybox")]
    public async Task A_frozen_update_without_a_task_left_to_replace_that_is_resumed_and_fails_again_says_so_and_its_stop_goes_back()
    {
        var shop = await TestService.RunAsync(swarm, swarm.V1, monitorMs: TestService.WhereOneFails);
        // All at once: resumed, the engine has nothing to do, and watches nothing.
        await shop.StartAsync(TestService.Request(swarm.Bad, FailureAction.Freeze) with { Strategy = RolloutStrategy.Recreate });

        var resumed = await shop.CommandAsync(RolloutVerb.Resume);

        Assert.Equal((RolloutPhase.Failed, "ContainerExited", swarm.Bad), (resumed.Phase, resumed.Reason, resumed.Image));
        Assert.Equal((RolloutPhase.Failed, "ContainerExited"), ((await shop.ReadAsync()).Phase, (await shop.ReadAsync()).Reason));
        Assert.Equal("2:bad:Unhealthy* 1:v1:Inconclusive", await shop.HistoryAsync());
        var stopped = await shop.CommandAsync(RolloutVerb.Stop);
        Assert.Equal((RolloutPhase.Undone, 1, 2), (stopped.Phase, stopped.Revision, stopped.Updated));
    }

    [FactNeeds("dockerd", "containerd", "ip", "root", "busybox")]
    public async Task A_rollout_whose_checks_fail_is_rolled_back()
    {
        var shop = await TestService.RunAsync(swarm, swarm.V1, replicas: 1);
        var nobody = new TcpHealthCheck { Name = "port", HostName = "127.0.0.1", Port = Ports.Free(), FailureLimit = 1 };

        var status = await shop.StartAsync(TestService.Request(swarm.V2) with { HealthChecks = [nobody] });

        Assert.Equal((RolloutPhase.Undone, 1, "HealthCheckFailed", false), (status.Phase, status.Revision, status.Reason, status.Succeeded));
        Assert.Equal("2:v2:Unhealthy 1:v1:Inconclusive*", await shop.HistoryAsync());
    }

    [FactNeeds("dockerd", "containerd", "ip", "root", "busybox")]
    public async Task A_restart_replaces_every_task_by_one_of_the_same_image()
    {
        var shop = await TestService.RunAsync(swarm, swarm.V1);
        var before = (await shop.SeenAsync()).Present.Select(task => task.Id).ToHashSet();

        var status = await shop.CommandAsync(RolloutVerb.Restart);

        Assert.Equal((RolloutPhase.Healthy, 1, swarm.V1, 2), (status.Phase, status.Revision, status.Image, status.Updated));
        Assert.DoesNotContain((await shop.SeenAsync()).Present, task => before.Contains(task.Id));
    }

    [FactNeeds("dockerd", "containerd", "ip", "root", "busybox")]
    public async Task A_second_shell_does_not_interfere_and_carries_on_where_the_first_died()
    {
        var shop = await TestService.RunAsync(swarm, swarm.V1, monitorMs: TestService.WhereOneFails);
        using var death = new CancellationTokenSource();
        var begun = new TaskCompletionSource();
        var rollout = shop.StartAsync(TestService.Request(swarm.Bad), status => begun.TrySetResult(), death.Token);
        await begun.Task;

        var other = shop.Shell();
        var refused = await Assert.ThrowsAsync<RolloutException>(() => other.PlanAsync(TestService.Request(swarm.V2), SilentReporter.Instance, CancellationToken.None));
        Assert.Equal("RolloutInProgress", refused.Id);
        await death.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rollout);

        var status = await other.CarryOnAsync(null, SilentReporter.Instance, CancellationToken.None);
        Assert.Equal((RolloutPhase.Undone, 1, "ContainerExited", false), (status.Phase, status.Revision, status.Reason, status.Succeeded));
        Assert.Equal("2:bad:Unhealthy 1:v1:Inconclusive*", await shop.HistoryAsync());
    }

    [FactNeeds("dockerd", "containerd", "ip", "root", "busybox")]
    public async Task What_somebody_changed_after_the_plan_is_left_alone()
    {
        var shop = await TestService.RunAsync(swarm, swarm.V1, replicas: 1);
        var plan = await shop.Target.PlanAsync(TestService.Request(swarm.V2), SilentReporter.Instance, CancellationToken.None);
        await shop.UpdateAsync(spec => spec["Labels"]!["team"] = "shop");

        var refused = await Assert.ThrowsAsync<RolloutException>(() => shop.Target.ApplyAsync(plan, null, SilentReporter.Instance, CancellationToken.None));

        Assert.Equal("ServiceChangedMeanwhile", refused.Id);
        Assert.Equal((swarm.V1.ToString(), "shop"), ((await shop.SeenAsync()).Spec.Image, (string?)(await shop.SeenAsync()).Spec.Json["Labels"]!["team"]));
    }

    [FactNeeds("dockerd", "containerd", "ip", "root", "busybox")]
    public async Task Replicas_and_settings_change_with_the_image_or_without_and_the_same_again_changes_nothing()
    {
        var shop = await TestService.RunAsync(swarm, swarm.V1, replicas: 1);
        var request = TestService.Request(swarm.V1) with { Docker = new DockerWorkload { Replicas = 3, Env = new Dictionary<string, string> { ["LEVEL"] = "debug" } } };

        var status = await shop.StartAsync(request);

        Assert.Equal((RolloutPhase.Healthy, 3, 3), (status.Phase, status.Desired, status.Updated));
        var env = (JsonArray)(await shop.SeenAsync()).Spec.Container["Env"]!;
        Assert.Equal(["PASSWORD=swordfish", "LEVEL=debug"], env.Select(one => (string)one!));
        var version = (await shop.SeenAsync()).Service.Version;
        Assert.Contains("nothing was done", (await shop.StartAsync(request)).Message);
        Assert.Equal(version, (await shop.SeenAsync()).Service.Version);
        Assert.Contains(await shop.Targets().ListAsync(TargetFilter.None, CancellationToken.None), listed => listed.Target == $"service/{shop.Name}" && listed.Platform == RolloutPlatform.Swarm);
        Assert.Equal("ServiceSettingNotSupported", (await Assert.ThrowsAsync<RolloutException>(() => shop.StartAsync(request with { Docker = new DockerWorkload { Port = 80 } }))).Id);
    }

    [FactNeeds("dockerd", "containerd", "ip", "root", "busybox")]
    public async Task A_rollback_that_the_engine_stopped_is_taken_to_its_end()
    {
        var later = SwarmFixture.Image("later");
        var shop = await TestService.CreateAsync(swarm, later, replicas: 1, monitorMs: TestService.WhereOneFails);
        await shop.UpdateAsync(spec =>
        {
            spec["TaskTemplate"]!["ContainerSpec"]!["Image"] = swarm.Bad.ToString();
            spec["UpdateConfig"]!["FailureAction"] = "rollback";
        });
        var stuck = await shop.UntilAsync(status => status.Reason == "RollbackPaused");
        Assert.Equal((RolloutPhase.Failed, later), (stuck.Phase, stuck.Image));
        await swarm.BuildAsync(later);

        var undone = await shop.UndoAsync();

        Assert.Equal((RolloutPhase.Undone, later, 1), (undone.Phase, undone.Image, undone.Updated));
    }
}
