using System.Globalization;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Docker;

/// <summary>Two real processes at work on one workload, one of which is killed.</summary>
[Trait("Needs", "docker")]
public sealed class ShellProcessTests(DockerEngineFixture engine) : IClassFixture<DockerEngineFixture>
{
    [FactNeeds("docker")]
    public async Task A_second_shell_is_told_who_is_at_work_and_goes_on_at_once_when_that_one_is_killed()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        var images = new[] { await shop.ImageAsync("v1"), await shop.ImageAsync("v2") };
        await shop.StartAsync(images[0]);

        var at = 0;
        for (var changes = 1; ; changes += 4)
        {
            var wanted = images[(at + 1) % 2];
            await using var other = ShellProcess.Start(shop.Name, wanted);
            if (!await other.MakeAsync(changes) || (await shop.ReadAsync()).Phase != RolloutPhase.Progressing) break;

            var told = await Assert.ThrowsAsync<RolloutException>(() => shop.StartAsync(wanted));
            Assert.Equal(("RolloutInProgress", ErrorKind.Busy), (told.Id, told.Kind));
            Assert.Contains($"process {other.Id.ToString(CultureInfo.InvariantCulture)}", told.Message);
            await other.KillAsync();

            var abandoned = await shop.ReadAsync();
            Assert.Equal((RolloutPhase.Progressing, "Abandoned"), (abandoned.Phase, abandoned.Reason));
            var status = await shop.StartAsync(wanted);
            Assert.Equal((RolloutPhase.Healthy, wanted.Tag), (status.Phase, status.Image!.Tag));
            Assert.Equal(status.Revision, (await shop.ReadAsync()).Revision);
            at++;
        }

        Assert.True(at >= 2, "it was killed hardly ever");
    }

    [TheoryNeeds("docker", "haproxy")]
    [InlineData(RolloutStrategy.Canary, "50%,1ms,check", "1 of 3: weight 50%|2 of 3: pause 1ms|3 of 3: check|3 of 3: completing")]
    [InlineData(RolloutStrategy.BlueGreen, "check", "1 of 4: replicas 2|2 of 4: check|3 of 4: weight 100%|4 of 4: pause 1ms|4 of 4: completing")]
    public async Task Killed_at_every_step_it_is_carried_on_from_there_by_the_next_shell_and_no_request_fails(RolloutStrategy strategy, string steps, string everyStep)
    {
        await using var haproxy = await TestRouter.StartAsync();
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(TestWorkload.Request(await shop.ImageAsync("v1"), 2, new DockerWorkload { Port = TestWorkload.Port, Router = "haproxy", RouterEndpoint = haproxy.Socket, Backend = "shop" }));
        var v2 = await shop.ImageAsync("v2");

        await using var load = LoadGenerator.Start(haproxy.Uri, requestsPerSecond: 40, connections: 2);
        var killedAt = new List<string>();
        while (true)
        {
            await using var shell = killedAt.Count == 0 ? ShellProcess.Start(shop.Name, v2, strategy, steps) : ShellProcess.Resume(shop.Name);
            if (await shell.ComeToAsync(killedAt) is not { } step) break;
            killedAt.Add(step);
            await shell.KillAsync();
            var left = await shop.ReadAsync();
            Assert.Equal((step, "v2"), (left.Step, left.Image!.Tag));
        }

        Assert.Equal(everyStep.Split('|'), killedAt);
        var status = await shop.ReadAsync();
        Assert.Equal((RolloutPhase.Healthy, "v2", 2), (status.Phase, status.Image!.Tag, status.Available));
        Assert.Empty((await load.StopAsync()).Failures);
    }
}
