using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Docker;

/// <summary>Rollouts on the real engine, without a router.</summary>
[Trait("Needs", "docker")]
public sealed class DockerTargetTests(DockerEngineFixture engine) : IClassFixture<DockerEngineFixture>
{
    [FactNeeds("docker")]
    public async Task A_first_rollout_starts_its_replicas_and_remembers()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        var v1 = await shop.ImageAsync("v1");
        var seen = new List<RolloutPhase>();

        var status = await shop.StartAsync(TestWorkload.Request(v1, 2), one => seen.Add(one.Phase));

        Assert.Equal((RolloutPhase.Healthy, 1, 2, 2), (status.Phase, status.Revision, status.Updated, status.Available));
        Assert.Equal(v1, status.Image);
        Assert.Equal("1-1:running 1-2:running", await shop.ContainersAsync());
        Assert.Equal("v1", await shop.AskAsync("1-2"));
        Assert.Contains(RolloutPhase.Progressing, seen);
        Assert.Single(await shop.RecordsAsync());
        Assert.Contains(await shop.Targets.ListAsync(CancellationToken.None), listed => listed.Target == $"docker/{shop.Name}" && listed.Phase == RolloutPhase.Healthy);
    }

    [FactNeeds("docker")]
    public async Task A_second_rollout_replaces_it_and_keeps_the_old_stopped_and_undo_brings_it_back()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(await shop.ImageAsync("v1"), 2);
        var v2 = await shop.ImageAsync("v2");

        var status = await shop.StartAsync(TestWorkload.Request(v2, docker: new DockerWorkload()));
        Assert.Equal((RolloutPhase.Healthy, 2, 2), (status.Phase, status.Revision, status.Available));
        Assert.Equal("1-1:exited 1-2:exited 2-1:running 2-2:running", await shop.ContainersAsync());
        Assert.Equal("no", (string?)(await shop.InspectAsync("1-1")).HostConfig["RestartPolicy"]!["Name"]);

        var undone = await shop.UndoAsync();
        Assert.Equal((RolloutPhase.Undone, 1, "v1"), (undone.Phase, undone.Revision, undone.Image!.Tag));
        Assert.Equal("v2", undone.PreviousImage!.Tag);
        Assert.Equal("1-1:running 1-2:running 2-1:exited 2-2:exited", await shop.ContainersAsync());
        Assert.Equal("unless-stopped", (string?)(await shop.InspectAsync("1-1")).HostConfig["RestartPolicy"]!["Name"]);
        Assert.Equal("v1", await shop.AskAsync("1-1"));
    }

    [FactNeeds("docker")]
    public async Task A_release_that_exits_is_removed_and_the_old_was_never_touched()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(await shop.ImageAsync("v1"), 2);
        var before = await shop.InspectAsync("1-1");
        var bad = await shop.ImageAsync("bad", "CMD [\"sh\", \"-c\", \"echo cannot find my database; exit 3\"]");

        var status = await shop.StartAsync(bad);

        Assert.Equal((RolloutPhase.Undone, 1), (status.Phase, status.Revision));
        Assert.Contains("cannot find my database", status.Message);
        Assert.Matches("-2-1 (was restarted 1 times|exited with code 3)", status.Message);
        Assert.Equal("1-1:running 1-2:running", await shop.ContainersAsync());
        Assert.Equal(before.State.StartedAt, (await shop.InspectAsync("1-1")).State.StartedAt);
    }

    [FactNeeds("docker")]
    public async Task A_first_release_that_fails_leaves_nothing_but_its_record()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        var status = await shop.StartAsync(await shop.ImageAsync("bad", "CMD [\"false\"]"));

        Assert.Equal(RolloutPhase.Failed, status.Phase);
        Assert.Equal("", await shop.ContainersAsync());
        Assert.Equal(RolloutPhase.Failed, (await shop.ReadAsync()).Phase);
        Assert.Equal("NothingToUndo", (await Assert.ThrowsAsync<RolloutException>(() => shop.UndoAsync())).Id);
    }

    [FactNeeds("docker")]
    public async Task The_same_image_again_changes_nothing()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        var v1 = await shop.ImageAsync("v1");
        await shop.StartAsync(v1);
        var again = await shop.StartAsync(v1, docker: new DockerWorkload());

        Assert.Equal((RolloutPhase.Healthy, 1), (again.Phase, again.Revision));
        Assert.Equal("1-1:running", await shop.ContainersAsync());
    }

    [FactNeeds("docker")]
    public async Task Other_settings_with_the_same_image_are_another_revision()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        var v1 = await shop.ImageAsync("v1");
        await shop.StartAsync(v1, docker: new DockerWorkload { Env = new Dictionary<string, string> { ["COLOUR"] = "red" } });
        var status = await shop.StartAsync(v1, docker: new DockerWorkload { Env = new Dictionary<string, string> { ["SIZE"] = "9" }, Memory = "64m" });

        Assert.Equal(2, status.Revision);
        var container = await shop.InspectAsync("2-1");
        var env = container.Config["Env"]!.AsArray().Select(entry => (string?)entry).ToList();
        Assert.Contains("COLOUR=red", env);
        Assert.Contains("SIZE=9", env);
        Assert.Equal(64 << 20, (int)container.HostConfig["Memory"]!);
    }
}
