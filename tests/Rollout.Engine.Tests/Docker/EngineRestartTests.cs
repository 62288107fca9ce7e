using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Docker;

/// <summary>Rollouts on an engine of the test's own that is stopped, killed and started again.</summary>
[Trait("Needs", "docker")]
public sealed class EngineRestartTests
{
    [FactNeeds("dockerd", "containerd", "ip", "root")]
    public async Task After_a_restart_only_the_present_release_comes_back()
    {
        await using var engine = await PrivateEngine.StartAsync();
        var shop = new TestWorkload(engine.Client, "own-");
        await shop.StartAsync(await shop.ImageAsync("v1"), 2);
        await shop.StartAsync(await shop.ImageAsync("v2"), 2);

        await engine.StopAsync();
        await engine.StartAgainAsync();

        Assert.Equal("1-1:exited 1-2:exited 2-1:running 2-2:running", await shop.ContainersAsync());
        Assert.Equal("created", Assert.Single(await shop.RecordsAsync()).State);
        Assert.Equal(RolloutPhase.Healthy, (await shop.ReadAsync()).Phase);
        Assert.Equal(1, (await shop.UndoAsync()).Revision);
    }

    [FactNeeds("dockerd", "containerd", "ip", "root")]
    public async Task A_rollout_goes_on_when_the_engine_comes_back()
    {
        await using var engine = await PrivateEngine.StartAsync();
        var shop = new TestWorkload(engine.Client, "own-");
        await shop.StartAsync(await shop.ImageAsync("v1"), 2);
        var slow = await shop.ImageAsync("v2", "CMD [\"sh\", \"-c\", \"sleep 2; exec httpd -f -p 8080 -h /www\"]");

        var half = new TaskCompletionSource();
        var rollout = shop.StartAsync(TestWorkload.Request(slow), status =>
        {
            if (status.Updated > 0) half.TrySetResult();
        });
        await half.Task;
        await engine.KillAsync();
        await engine.StartAgainAsync();

        var status = await rollout;
        Assert.True(status.Phase == RolloutPhase.Healthy, status.Message);
        Assert.Equal("1-1:exited 1-2:exited 2-1:running 2-2:running", await shop.ContainersAsync());
    }

    [FactNeeds("dockerd", "containerd", "ip", "root")]
    public async Task An_engine_that_stays_away_leaves_it_half_done_and_who_followed_it_is_told_so_before_the_error()
    {
        await using var engine = await PrivateEngine.StartAsync();
        var time = new LeapingTime();
        var shop = new TestWorkload(engine.Client, "own-", time: time);
        await shop.StartAsync(await shop.ImageAsync("v1"), 2);
        var kill = new Lazy<Task>(engine.KillAsync);
        RolloutStatus? last = null;

        var failure = await Assert.ThrowsAsync<RolloutException>(async () => await shop.StartAsync(TestWorkload.Request(await shop.ImageAsync("v2")), status =>
        {
            last = status;
            if (status.Updated > 0) kill.Value.GetAwaiter().GetResult();
        }, time));
        Assert.Equal("DockerEngineNotReachable", failure.Id);
        Assert.Contains("is left half done", failure.Message);
        Assert.Contains("Resume-Rollout", failure.Mend);
        Assert.Equal((RolloutPhase.Progressing, "Abandoned", "v2"), (last!.Phase, last.Reason, last.Image!.Tag));

        await engine.StartAgainAsync();
        Assert.Equal((RolloutPhase.Healthy, "v2"), await shop.CommandAsync(RolloutVerb.Resume) is var resumed ? (resumed.Phase, resumed.Image!.Tag) : default);
        Assert.Equal("1-1:exited 1-2:exited 2-1:running 2-2:running", await shop.ContainersAsync());
    }
}
