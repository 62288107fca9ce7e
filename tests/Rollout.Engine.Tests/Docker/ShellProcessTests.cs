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

    [FactNeeds("docker")]
    public async Task A_canary_whose_shell_is_killed_at_a_step_is_carried_on_from_that_step()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        var images = new[] { await shop.ImageAsync("v1"), await shop.ImageAsync("v2") };
        await shop.StartAsync(images[0], 2);

        var killedAt = new SortedSet<string>();
        var at = 0;
        for (var changes = 3; ; changes += 6)
        {
            var wanted = images[(at + 1) % 2];
            await using var other = ShellProcess.Start(shop.Name, wanted, "50%,1ms,check");
            if (!await other.MakeAsync(changes)) break;
            await other.KillAsync();

            var abandoned = await shop.ReadAsync();
            if (abandoned.Phase == RolloutPhase.Healthy) break;
            Assert.Equal((RolloutPhase.Progressing, "Abandoned"), (abandoned.Phase, abandoned.Reason));
            killedAt.Add(abandoned.Step!);

            var steps = new List<string?>();
            var status = await shop.CommandAsync(RolloutVerb.Resume, seen => steps.Add(seen.Step));
            Assert.Equal((RolloutPhase.Healthy, wanted.Tag, 2), (status.Phase, status.Image!.Tag, status.Available));
            Assert.Equal(abandoned.Step, steps[0]);
            at++;
        }

        Assert.Superset(new HashSet<string> { "1 of 3: weight 50%", "3 of 3: completing" }, killedAt);
    }
}
