using System.Diagnostics;
using Rollout.Engine.Docker;
using Xunit;

namespace Rollout.Engine.Tests.Docker;

public sealed class WorkloadStateTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_record_read_from_its_labels_is_what_was_written()
    {
        var state = new WorkloadState
        {
            Router = new RouterChoice("haproxy", "/run/haproxy.sock", "shop"),
            Sequence = 7,
            Checks = [new HttpHealthCheck { Name = "web", Uri = new Uri("http://127.0.0.1/") }, new ContainerHealthCheck { Name = "all" }],
        }
            .Add(Release(1))
            .Add(Release(2) with { Verdict = HealthVerdict.Healthy, ChangeCause = "why" })
            .Begin(Change(1, 2), Decision("Started"))
            .TurnBack("ContainerExited", "It exited.", Decision("Undoing", HealthVerdict.Unhealthy));

        var labels = state.ToLabels("shop", "me").ToDictionary();
        var read = WorkloadState.From(labels)!;

        Assert.Equal("7", labels[WorkloadLabels.Sequence]);
        Assert.Equal(state.ToLabels("shop", "me").ToDictionary()[WorkloadLabels.Record], (read with { Sequence = 7 }).ToLabels("shop", "me").ToDictionary()[WorkloadLabels.Record]);
        Assert.Equal([HealthVerdict.Inconclusive, HealthVerdict.Unhealthy], read.History.Select(release => release.Verdict));
        Assert.Equal(1, read.Wanted!.Number);
        Assert.IsType<HttpHealthCheck>(read.Checks[0]);
    }

    [Fact]
    public void A_record_of_a_version_that_knew_fewer_lists_is_read()
    {
        var record = """{"phase":"Progressing","sequence":3,"current":1,"change":{"from":1,"to":2,"fromReplicas":1,"surge":1}}""";

        var read = WorkloadState.From(new Dictionary<string, string> { [WorkloadLabels.Record] = record })!;

        Assert.Empty(read.History);
        Assert.Empty(read.Decisions);
        Assert.Empty(read.Adopted);
        Assert.Empty(read.Checks);
        Assert.Empty(read.Change!.SecretChecks);
        Assert.Empty(read.Change.Steps);
        Assert.Null(read.Change.Step);
        Assert.False(read.Change.WaitsToBeResumed);
    }

    [Fact]
    public void A_record_of_another_version_is_none() =>
        Assert.Null(WorkloadState.From(new Dictionary<string, string> { [WorkloadLabels.Record] = """{"phase":"Sideways"}""" }));

    [Fact]
    public void What_failed_a_check_of_its_steps_is_not_good_by_passing_those_at_the_end()
    {
        var begun = new WorkloadState { Current = 1 }.Add(Release(1)).Add(Release(2)).Begin(Change(1, 2) with { Steps = [new CheckStep([])] }, Decision("Started"));

        var verified = begun.PassAllTheSame("HealthCheckFailed", "Errors.", Decision("Checked", HealthVerdict.Unhealthy)).Verified(Decision("Checked", HealthVerdict.Healthy));

        Assert.Equal(HealthVerdict.Unhealthy, verified.Find(2)!.Verdict);
        Assert.True(verified.Change!.Verified);
        Assert.Equal(HealthVerdict.Healthy, begun.Pass(Decision("Passed")).Verified(Decision("Checked", HealthVerdict.Healthy)).Find(2)!.Verdict);
    }

    [Fact]
    public void Arriving_forward_and_back_leaves_the_right_release_and_verdict()
    {
        var begun = new WorkloadState { Current = 1 }.Add(Release(1)).Add(Release(2)).Begin(Change(1, 2), Decision("Started"));

        var there = begun.Verified(Decision("Checked", HealthVerdict.Healthy)).Arrive(RolloutPhase.Healthy, Decision("Completed"));
        Assert.Equal((2, 1, HealthVerdict.Healthy), (there.Current, there.Previous, there.Find(2)!.Verdict));
        Assert.Null(there.Change);

        var back = begun.TurnBack("X", "why", Decision("Undoing", HealthVerdict.Unhealthy)).Arrive(RolloutPhase.Undone, Decision("Undone", HealthVerdict.Healthy));
        Assert.Equal((1, 2, "X", "why"), (back.Current, back.Previous, back.Reason, back.Message));
        Assert.Equal((HealthVerdict.Healthy, HealthVerdict.Unhealthy), (back.Find(1)!.Verdict, back.Find(2)!.Verdict));
    }

    [Fact]
    public void What_nobody_judged_has_no_verdict_when_it_is_taken_back_or_could_not_be_done()
    {
        var begun = new WorkloadState { Current = 1 }.Add(Release(1)).Add(Release(2)).Begin(Change(1, 2), Decision("Started"));

        var taken = begun.TakeBack(Decision("Undoing")).Arrive(RolloutPhase.Undone, Decision("Undone"));
        Assert.Equal((1, HealthVerdict.Inconclusive, null, "because"), (taken.Current, taken.Find(2)!.Verdict, taken.Reason, taken.Message));
        Assert.Equal(HealthVerdict.Inconclusive, begun.TurnBack("PortTaken", "It is taken.", Decision("Undoing")).Find(2)!.Verdict);

        // What was found before it was taken back stays known.
        var judged = begun.Freeze("ContainerExited", "It exited.", Decision("Failed", HealthVerdict.Unhealthy)).TakeBack(Decision("Undoing"));
        Assert.Equal((HealthVerdict.Unhealthy, false), (judged.Find(2)!.Verdict, judged.Change!.Frozen));
    }

    [Fact]
    public void A_holder_is_alive_while_its_process_is_and_it_renews()
    {
        var here = Holder.Here(Now);
        Assert.True(here.IsAlive(TimeSpan.FromSeconds(14)));
        Assert.False(here.IsAlive(TimeSpan.FromSeconds(16)));

        // The pid is used again by another process: this one.
        Assert.False((here with { ProcessStart = here.ProcessStart.AddMinutes(-5) }).IsAlive(TimeSpan.Zero));

        var elsewhere = here with { Host = "elsewhere", Pid = int.MaxValue };
        Assert.True(elsewhere.IsAlive(TimeSpan.FromSeconds(14)));
        Assert.False(elsewhere.IsAlive(TimeSpan.FromSeconds(16)));
    }

    [Fact]
    public async Task A_holder_whose_process_ended_is_gone_at_once()
    {
        // Not one that ends by itself: it might have, before its start was asked for.
        using var process = Process.Start("sleep", "600");
        var holder = Holder.Here(Now) with { Pid = process.Id, ProcessStart = process.StartTime.ToUniversalTime() };
        process.Kill();
        await process.WaitForExitAsync();
        Assert.False(holder.IsAlive(TimeSpan.Zero));
    }

    private static Release Release(int number) => new() { Number = number, Image = $"docker.io/library/shop:v{number}", ImageId = $"sha256:{number}", Replicas = 2, Port = 80 };

    private static Change Change(int from, int to) => new() { From = from, To = to, FromReplicas = 2, Surge = 2 };

    private static RolloutDecision Decision(string action, HealthVerdict? verdict = null) => new(Now, action, "because", verdict);
}
