using System.Text.Json.Nodes;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Docker.Swarm;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Docker.Swarm;

/// <summary>What is told of a service, from what the engine and its labels say.</summary>
public sealed class ServiceStatusTests
{
    private static readonly DateTimeOffset Then = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // The engine's state; its message; which release the spec is, of 1 (old) and 2 (new); tasks that run of 2; what the record says; what is told.
    [Theory]
    [InlineData("", "", 0, 2, "", RolloutPhase.Healthy, null, true)]
    [InlineData("", "", 0, 1, "", RolloutPhase.Degraded, "ReplicasMissing", false)]
    [InlineData("updating", "update in progress", 2, 1, "begun", RolloutPhase.Progressing, null, false)]
    [InlineData("", "", 2, 1, "begun", RolloutPhase.Progressing, null, false)]
    [InlineData("", "", 2, 2, "begun", RolloutPhase.Healthy, null, true)]
    [InlineData("", "", 1, 2, "begun", RolloutPhase.Healthy, null, true)]
    [InlineData("completed", "update completed", 2, 2, "begun", RolloutPhase.Healthy, null, true)]
    [InlineData("completed", "update completed", 2, 1, "begun", RolloutPhase.Degraded, "ReplicasMissing", false)]
    [InlineData("completed", "update completed", 0, 2, "", RolloutPhase.Healthy, null, true)]
    [InlineData("completed", "update completed", 1, 2, "undo", RolloutPhase.Undone, null, true)]
    [InlineData("paused", "update paused due to failure of task x", 2, 1, "begun", RolloutPhase.Failed, "UpdatePaused", false)]
    [InlineData("rollback_started", "update rolled back due to failure of task x", 1, 1, "begun", RolloutPhase.Progressing, "RollingBack", false)]
    [InlineData("rollback_completed", "rollback completed", 1, 2, "begun", RolloutPhase.Undone, null, false)]
    [InlineData("rollback_completed", "rollback completed", 1, 1, "begun", RolloutPhase.Degraded, "ReplicasMissing", false)]
    [InlineData("rollback_paused", "rollback paused due to failure of task x", 1, 1, "begun", RolloutPhase.Failed, "RollbackPaused", false)]
    [InlineData("", "", 1, 2, "undone", RolloutPhase.Undone, "ContainerExited", false)]
    [InlineData("", "", 1, 1, "undone", RolloutPhase.Degraded, "ReplicasMissing", false)]
    [InlineData("", "", 2, 2, "failed", RolloutPhase.Failed, "HealthCheckFailed", false)]
    [InlineData("completed", "update completed", 2, 2, "failed", RolloutPhase.Healthy, null, true)]
    [InlineData("updating", "update in progress", 1, 0, "undone", RolloutPhase.Progressing, null, false)]
    public void A_service_is_told_of_by_what_the_engine_and_its_labels_say(string state, string says, int release, int running, string record, RolloutPhase phase, string? reason, bool succeeded)
    {
        var status = ServiceStatus.Of(new RolloutEndpoint { DockerHost = "unix:///x" }, Seen(state, says, release, running, RecordOf(record)));

        Assert.Equal((phase, reason, succeeded), (status.Phase, status.Reason, status.Succeeded));
        Assert.Equal((2, running, RolloutPlatform.Swarm), (status.Desired, status.Updated, status.Platform));
    }

    [Theory]
    [InlineData("", 2, "1:Inconclusive 2:Inconclusive")]
    [InlineData("completed", 2, "1:Inconclusive 2:Healthy")]
    [InlineData("rollback_started", 1, "1:Inconclusive 2:Unhealthy")]
    [InlineData("rollback_completed", 1, "1:Inconclusive 2:Unhealthy")]
    public void The_engines_own_end_of_an_update_is_a_verdict(string state, int release, string verdicts)
    {
        var seen = Seen(state, "update rolled back due to failure", release, 2, RecordOf("begun"));
        Assert.Equal(verdicts, string.Join(' ', seen.History.Select(one => $"{one.Number}:{one.Verdict}")));
    }

    // The engine's state; tasks that run of 2; whether one made since has failed; seconds they have been the same, of the 5 that are watched; what is done on failure; where it stands.
    [Theory]
    [InlineData("updating", 2, false, 9, FailureAction.Undo, "UnderWay")]
    [InlineData("completed", 2, true, 0, FailureAction.Undo, "Reached")]
    [InlineData("completed", 1, true, 9, FailureAction.Continue, "ReachedInPart")]
    [InlineData("paused", 2, true, 9, FailureAction.Undo, "Stuck")]
    [InlineData("", 2, false, 4.9, FailureAction.Undo, "UnderWay")]
    [InlineData("", 2, false, 5, FailureAction.Undo, "Reached")]
    [InlineData("", 1, false, 9, FailureAction.Undo, "UnderWay")]
    [InlineData("", 2, true, 9, FailureAction.Undo, "Failing")]
    [InlineData("", 1, true, 0, FailureAction.Freeze, "Failing")]
    [InlineData("", 1, true, 0, FailureAction.Continue, "ReachedInPart")]
    public void What_the_engine_does_not_watch_must_run_as_long_as_it_would_have_watched(string state, int running, bool failed, double steady, FailureAction onFailure, string progress)
    {
        var seen = Seen(state, "", 2, running, RecordOf("begun"), hasFailed: failed);
        Assert.Equal(progress, $"{ServiceProgress.Of(seen, seen.Record! with { OnFailure = onFailure }, TimeSpan.FromSeconds(steady))}");
    }

    [Fact]
    public void An_image_that_somebody_else_set_is_a_revision_of_its_own()
    {
        var seen = Seen("completed", "update completed", 2, 2, RecordOf("failed"), "shop:v9");
        Assert.Equal((3, "shop:v9"), (seen.Number, seen.History[^1].Image));
        Assert.Equal(RolloutPhase.Healthy, ServiceStatus.Of(new RolloutEndpoint(), seen).Phase);
    }

    [Theory]
    [InlineData(null, null, RolloutStrategy.Rolling, "start-first", 3, 2_000_000_000, 2_000_000_000)]
    [InlineData("50%", null, RolloutStrategy.Rolling, "start-first", 5, 2_000_000_000, 2_000_000_000)]
    [InlineData(null, "1", RolloutStrategy.Rolling, "stop-first", 1, 2_000_000_000, 2_000_000_000)]
    [InlineData("1", "1", RolloutStrategy.Rolling, "start-first", 1, 2_000_000_000, 2_000_000_000)]
    [InlineData(null, null, RolloutStrategy.Recreate, "stop-first", 0, 2_000_000_000, 0)]
    public void A_rollout_is_put_into_the_engines_words(string? maxSurge, string? maxUnavailable, RolloutStrategy strategy, string order, int parallelism, long monitor, long delay)
    {
        var spec = new ServiceSpec((JsonObject)JsonNode.Parse("""
            { "Mode": { "Replicated": { "Replicas": 10 } }, "UpdateConfig": { "Parallelism": 3, "Monitor": 2000000000, "Delay": 0, "Unknown": "kept" } }
            """)!);
        var request = new RolloutRequest { Image = ImageReference.Parse("shop:v2"), MaxSurge = maxSurge, MaxUnavailable = maxUnavailable, Strategy = strategy, OnFailure = FailureAction.Freeze, GraceRestarts = 2 };

        var config = UpdateSettings.Of(request, spec);

        Assert.Equal((order, (long)parallelism, monitor, delay), ((string?)config["Order"], Number("Parallelism"), Number("Monitor"), Number("Delay")));
        Assert.Equal(("pause", 0.2, "kept"), ((string?)config["FailureAction"], (double)config["MaxFailureRatio"]!, (string?)config["Unknown"]));

        long Number(string field) => long.Parse(config[field]!.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task An_engine_that_manages_no_swarm_has_no_services_and_says_so_of_one()
    {
        await using var engine = await FakeEngine.StartAsync(503, """{"message":"This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to swarm and try again."}""");
        var reader = new ServiceReader(engine.Client);

        Assert.Empty(await reader.ReadAllAsync(CancellationToken.None));
        Assert.Equal("SwarmManagerNeeded", (await Assert.ThrowsAsync<RolloutException>(() => reader.ReadAsync("shop", CancellationToken.None))).Id);
    }

    private static ServiceRecord? RecordOf(string what)
    {
        var begun = new ServiceRecord
        {
            From = 1, To = 2, StartedAt = Then, TimeoutSec = 60,
            History = [new ServiceRelease(1, "shop:v1", Then), new ServiceRelease(2, "shop:v2", Then)],
        };
        return what switch
        {
            "begun" => begun,
            "undo" => begun with { From = 2, To = 1, IsUndo = true, IsAsked = true },
            "undone" => begun with { From = 2, To = 1, IsUndo = true, Phase = RolloutPhase.Undone, Reason = "ContainerExited", CompletedAt = Then },
            "failed" => begun with { Phase = RolloutPhase.Failed, Reason = "HealthCheckFailed", CompletedAt = Then },
            _ => null,
        };
    }

    [Theory]
    [InlineData("shop:v2", RolloutPhase.Healthy)]
    [InlineData("shop:v1", RolloutPhase.Degraded)]
    public void A_second_task_that_the_engine_keeps_in_a_slot_is_none_too_many_where_it_is_no_old_one(string image, RolloutPhase phase)
    {
        var seen = Seen("completed", "update completed", release: 2, running: 2, record: null);
        var second = new ServiceTask { Id = "t3", Slot = 2, Spec = new JsonObject { ["ContainerSpec"] = new JsonObject { ["Image"] = image } }, DesiredState = "running", Status = new ServiceTaskStatus { State = "running" } };

        var status = ServiceStatus.Of(new RolloutEndpoint(), new ServiceSnapshot(seen.Service, [.. seen.Tasks, second]));

        Assert.Equal((phase, 2, 2), (status.Phase, status.Desired, status.Updated));
    }

    private static ServiceSnapshot Seen(string state, string says, int release, int running, ServiceRecord? record, string? image = null, bool hasFailed = false)
    {
        var spec = new ServiceSpec(new JsonObject
        {
            ["Name"] = "shop",
            ["TaskTemplate"] = new JsonObject { ["ContainerSpec"] = new JsonObject { ["Image"] = image ?? $"shop:v{release}" } },
            ["Mode"] = new JsonObject { ["Replicated"] = new JsonObject { ["Replicas"] = 2 } },
        });
        if (record is not null) spec = spec.WithRecord(record, release);
        var service = new ServiceInspect { Id = "s", Spec = spec.Json, UpdateStatus = state.Length == 0 ? null : new ServiceUpdateStatus { State = state, Message = says } };
        var tasks = Enumerable.Range(1, 2).Select(slot => new ServiceTask
        {
            Id = $"t{slot}",
            Slot = slot,
            Spec = new JsonObject { ["ContainerSpec"] = spec.Container.DeepClone() },
            DesiredState = "running",
            Status = new ServiceTaskStatus { State = slot <= running ? "running" : "starting" },
        });
        var ended = new ServiceTask { Id = "t0", CreatedAt = service.UpdatedAt.AddSeconds(1), Spec = new JsonObject { ["ContainerSpec"] = spec.Container.DeepClone() }, DesiredState = "shutdown", Status = new ServiceTaskStatus { State = "failed" } };
        return new ServiceSnapshot(service, hasFailed ? [.. tasks, ended] : [.. tasks]);
    }
}
