using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Rollout.Engine.Docker;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Engines;
using Rollout.Engine.Tests.Registries;
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
        Assert.Contains(await shop.Targets.ListAsync(TargetFilter.None, CancellationToken.None), listed => listed.Target == $"docker/{shop.Name}" && listed.Phase == RolloutPhase.Healthy);
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

        var asked = await shop.StartAsync(await shop.ImageAsync("v1"), docker: new DockerWorkload());
        Assert.Equal((RolloutPhase.Healthy, 1), (asked.Phase, asked.Revision));
        Assert.Equal("1-1:running 1-2:running 2-1:exited 2-2:exited", await shop.ContainersAsync());
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
        Assert.Matches("-2-1 (was restarted once|exited with code 3)", status.Message);
        Assert.Equal("1-1:running 1-2:running", await shop.ContainersAsync());
        Assert.Equal(before.State.StartedAt, (await shop.InspectAsync("1-1")).State.StartedAt);
    }

    [FactNeeds("docker")]
    public async Task A_first_release_that_fails_leaves_nothing_but_its_record()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        var status = await shop.StartAsync(await shop.ImageAsync("bad", "CMD [\"false\"]"));

        Assert.Equal((RolloutPhase.Failed, 1, "bad"), (status.Phase, status.Revision, status.Image!.Tag));
        Assert.Null(status.PreviousImage);
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

    [FactNeeds("docker")]
    public async Task A_check_that_fails_undoes_it_or_freezes_it_or_lets_it_go_on()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(await shop.ImageAsync("v1"));
        var check = new HttpHealthCheck { Name = "front", Uri = new Uri($"http://127.0.0.1:{Ports.Free()}/"), FailureLimit = 1 };
        var request = TestWorkload.Request(await shop.ImageAsync("v2")) with { HealthChecks = [check] };

        var undone = await shop.StartAsync(request);
        Assert.Equal((RolloutPhase.Undone, "HealthCheckFailed", 1), (undone.Phase, undone.Reason, undone.Revision));
        Assert.Equal("1-1:running", await shop.ContainersAsync());
        Assert.Equal(HealthVerdict.Unhealthy, (await shop.Target.HistoryAsync(CancellationToken.None))[0].Verdict);

        var frozen = await shop.StartAsync(request with { OnFailure = FailureAction.Freeze });
        Assert.Equal((RolloutPhase.Failed, "HealthCheckFailed", 3), (frozen.Phase, frozen.Reason, frozen.Revision));
        Assert.Equal("1-1:running 3-1:running", await shop.ContainersAsync());

        var cleared = await shop.UndoAsync();
        Assert.Equal((RolloutPhase.Undone, 1), (cleared.Phase, cleared.Revision));
        Assert.Equal("1-1:running", await shop.ContainersAsync());

        var gone = await shop.StartAsync(request with { OnFailure = FailureAction.Continue });
        Assert.Equal((RolloutPhase.Degraded, "HealthCheckFailed"), (gone.Phase, gone.Reason));
        Assert.Equal("1-1:exited 4-1:running", await shop.ContainersAsync());
    }

    [FactNeeds("docker")]
    public async Task Two_releases_are_kept_and_one_that_is_not_is_made_again_from_its_image()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        foreach (var tag in new[] { "v1", "v2", "v3", "v4" }) await shop.StartAsync(await shop.ImageAsync(tag));
        Assert.Equal("2-1:exited 3-1:exited 4-1:running", await shop.ContainersAsync());
        Assert.Equal([4, 3, 2, 1], (await shop.Target.HistoryAsync(CancellationToken.None)).Select(revision => revision.Revision));

        var undone = await shop.UndoAsync(new UndoRequest { ToRevision = 1 });
        Assert.Equal((RolloutPhase.Undone, 1, "v1"), (undone.Phase, undone.Revision, undone.Image!.Tag));
        Assert.Equal("v1", await shop.AskAsync("1-1"));

        var image = await shop.ImageAsync("v2");
        Assert.Equal(2, (await shop.UndoAsync(new UndoRequest { ToImage = image })).Revision);
        Assert.Equal("RevisionNotFound", (await Assert.ThrowsAsync<RolloutException>(() => shop.UndoAsync(new UndoRequest { ToRevision = 9 }))).Id);
    }

    [FactNeeds("docker")]
    public async Task A_cancelled_rollout_stops_at_once_and_is_carried_on()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(await shop.ImageAsync("v1"));
        var slow = await shop.ImageAsync("v2", "CMD [\"sh\", \"-c\", \"sleep 2; exec httpd -f -p 8080 -h /www\"]");
        await shop.AbandonAsync(TestWorkload.Request(slow));
        var abandoned = await shop.ReadAsync();
        Assert.Equal((RolloutPhase.Progressing, "Abandoned", 2), (abandoned.Phase, abandoned.Reason, abandoned.Revision));

        var status = await shop.CarryOnAsync();
        Assert.Equal((RolloutPhase.Healthy, 2), (status.Phase, status.Revision));
    }

    [FactNeeds("docker")]
    public async Task An_abandoned_first_rollout_is_undone_and_nobody_calls_it_unhealthy()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.AbandonAsync(TestWorkload.Request(await shop.ImageAsync("v1", "CMD [\"sleep\", \"60\"]")));

        var undone = await shop.UndoAsync();
        Assert.Equal((RolloutPhase.Undone, null, "What was half done was taken back. Nothing ran before, so nothing runs now."), (undone.Phase, undone.Reason, undone.Message));
        Assert.Equal(undone.Message, (await shop.ReadAsync()).Message);
        Assert.Equal("", await shop.ContainersAsync());
        Assert.Equal(HealthVerdict.Inconclusive, Assert.Single(await shop.Target.HistoryAsync(CancellationToken.None)).Verdict);
        Assert.Equal("NothingToUndo", (await Assert.ThrowsAsync<RolloutException>(() => shop.UndoAsync())).Id);

        Assert.Equal((RolloutPhase.Healthy, 2), await PhaseAsync(shop.StartAsync(await shop.ImageAsync("v1"))));

        static async Task<(RolloutPhase, int)> PhaseAsync(Task<RolloutStatus> rollout) => ((await rollout).Phase, (await rollout).Revision);
    }

    [FactNeeds("docker")]
    public async Task A_check_with_a_secret_that_nobody_can_make_any_more_leaves_the_revision_unverified_and_is_told_of()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        var check = new HttpHealthCheck { Name = "front", Uri = new Uri("http://127.0.0.1/"), Headers = new Dictionary<string, string> { ["Authorization"] = "s3cr3t" } };
        var slow = await shop.ImageAsync("v2", "CMD [\"sh\", \"-c\", \"sleep 2; exec httpd -f -p 8080 -h /www\"]");
        await shop.AbandonAsync(TestWorkload.Request(slow) with { HealthChecks = [check] });

        var reporter = new RecordingReporter();
        var status = await shop.CarryOnAsync(reporter);

        Assert.Equal(RolloutPhase.Healthy, status.Phase);
        Assert.Contains("front", Assert.Single(reporter.Warnings));
        Assert.Contains(status.Decisions, decision => decision is { Action: "Checked", Verdict: HealthVerdict.Inconclusive } && decision.Message.Contains("front", StringComparison.Ordinal));
        Assert.Equal(HealthVerdict.Inconclusive, Assert.Single(await shop.Target.HistoryAsync(CancellationToken.None)).Verdict);
    }

    [FactNeeds("docker")]
    public async Task What_was_pruned_is_worked_out_again_and_what_was_stopped_by_hand_is_told_of_and_mended()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(await shop.ImageAsync("v1"), 2);
        foreach (var record in await shop.RecordsAsync()) await engine.Client.Containers.RemoveAsync(record.Id, CancellationToken.None);
        Assert.Equal((RolloutPhase.Healthy, 1, 2), ((await shop.ReadAsync()).Phase, (await shop.ReadAsync()).Revision, (await shop.ReadAsync()).Desired));

        await engine.Client.Containers.StopAsync((await shop.InspectAsync("1-2")).Id, TimeSpan.Zero, CancellationToken.None);
        var degraded = await shop.ReadAsync();
        Assert.Equal((RolloutPhase.Degraded, "ReplicasMissing"), (degraded.Phase, degraded.Reason));
        Assert.Equal(RolloutPhase.Healthy, (await shop.CarryOnAsync()).Phase);
        Assert.Equal("1-1:running 1-2:running", await shop.ContainersAsync());
    }

    [FactNeeds("docker")]
    public async Task A_kept_container_whose_port_was_taken_gets_another_on_undo()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(await shop.ImageAsync("v1"));
        await shop.StartAsync(await shop.ImageAsync("v2"));
        var port = int.Parse((string)(await shop.InspectAsync("1-1")).Config["Labels"]![WorkloadLabels.HostPort]!, CultureInfo.InvariantCulture);
        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();

        Assert.Equal(RolloutPhase.Undone, (await shop.UndoAsync()).Phase);
        Assert.NotEqual($"{port}", (string?)(await shop.InspectAsync("1-1")).Config["Labels"]![WorkloadLabels.HostPort]);
        Assert.Equal("v1", await shop.AskAsync("1-1"));
    }

    [FactNeeds("docker")]
    public async Task An_image_that_is_nowhere_is_an_error_and_nothing_changes()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        var nowhere = ImageReference.Parse($"127.0.0.1:{Ports.Free()}/nothing:1");
        await Assert.ThrowsAsync<RolloutException>(() => shop.StartAsync(nowhere));
        Assert.Empty(await shop.RecordsAsync());
        Assert.Null(await shop.Target.ReadAsync(CancellationToken.None));
    }

    [FactNeeds("docker")]
    public async Task Only_one_of_many_shells_gets_to_work()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        var v1 = await shop.ImageAsync("v1");
        var shells = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => TryAsync()));

        Assert.Contains(shells, outcome => outcome == "Healthy");
        Assert.All(shells, outcome => Assert.True(outcome is "Healthy" or "RolloutInProgress", outcome));
        Assert.Equal("1-1:running", await shop.ContainersAsync());
        Assert.Equal(1, (await shop.ReadAsync()).Revision);

        async Task<string> TryAsync()
        {
            try
            {
                return (await shop.StartAsync(v1)).Phase.ToString();
            }
            catch (RolloutException told)
            {
                return told.Id;
            }
        }
    }

    [FactNeeds("docker")]
    public async Task Who_was_taken_for_dead_can_write_no_more()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(await shop.ImageAsync("v1"));
        var names = new WorkloadNames(shop.Target.Name);
        var store = new StateStore(engine.Client, names);
        var record = Assert.Single(await shop.RecordsAsync());
        var state = WorkloadState.From(record.Labels)! with { Sequence = WorkloadLabels.Number(record.Labels, WorkloadLabels.Sequence)!.Value };
        var change = new Change { From = 1, To = 1, FromReplicas = 1, Surge = 1 };
        var begun = state.Begin(change, new RolloutDecision(DateTimeOffset.UtcNow, "Mending", "why"));

        await using var slow = await Lease.TakeAsync(store, names, TimeProvider.System, begun, ContainerTemplate.Default, record.ImageId, CancellationToken.None);

        // Another takes over twice, so that the name the slow one would write under is free again.
        await using var other = await Lease.TakeAsync(store, names, TimeProvider.System, slow.State, ContainerTemplate.Default, record.ImageId, CancellationToken.None);
        await other.SaveAsync(other.State, CancellationToken.None);

        Assert.Equal("RolloutInProgress", (await Assert.ThrowsAsync<RolloutException>(() => slow.SaveAsync(slow.State, CancellationToken.None))).Id);
        Assert.Equal("RolloutInProgress", (await Assert.ThrowsAsync<RolloutException>(() => slow.ConfirmAsync(CancellationToken.None))).Id);
        await store.Tidied;
        var left = Assert.Single(await shop.RecordsAsync());
        Assert.Equal(other.State.Sequence, WorkloadLabels.Number(left.Labels, WorkloadLabels.Sequence));
    }
}
