using Rollout.Engine.Docker;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;
using Xunit;

namespace Rollout.Engine.Tests.Docker;

public sealed class ReplicaHealthTests
{
    [Theory]
    [InlineData("running", null, 0, null, 0, "Starting", null)]
    [InlineData("running", null, 0, null, 2, "Ready", null)]
    [InlineData("running", null, 0, false, 60, "Starting", null)]
    [InlineData("running", null, 0, true, 0, "Ready", null)]
    [InlineData("running", "starting", 0, true, 60, "Starting", null)]
    [InlineData("running", "healthy", 0, false, 0, "Ready", null)]
    [InlineData("running", "unhealthy", 0, true, 0, "Failed", "ContainerUnhealthy")]
    [InlineData("running", "healthy", 1, true, 0, "Failed", "ContainerRestarting")]
    [InlineData("restarting", null, 1, null, 0, "Failed", "ContainerRestarting")]
    [InlineData("restarting", null, 0, null, 0, "Starting", null)]
    [InlineData("paused", "healthy", 0, true, 0, "Starting", null)]
    [InlineData("exited", null, 0, null, 0, "Failed", "ContainerExited")]
    [InlineData("dead", null, 0, null, 0, "Failed", "ContainerExited")]
    public void A_replica_is_judged_by_its_healthcheck_else_its_port_else_that_it_stays_up(
        string status, string? health, int restarts, bool? accepts, int upForSeconds, string phase, string? reason)
    {
        var container = Container(status, health, restarts);
        var judged = ReplicaHealth.Judge(container, accepts, TimeSpan.FromSeconds(upForSeconds), graceRestarts: 0);
        Assert.Equal((Enum.Parse<ReplicaPhase>(phase), reason), (judged.Phase, judged.Reason));
    }

    [Fact]
    public void Restarts_within_the_grace_are_forgiven()
    {
        Assert.Equal(ReplicaPhase.Ready, ReplicaHealth.Judge(Container("running", "healthy", 2), true, TimeSpan.Zero, 2).Phase);
        Assert.Equal(ReplicaPhase.Failed, ReplicaHealth.Judge(Container("running", "healthy", 3), true, TimeSpan.Zero, 2).Phase);
    }

    [Fact]
    public void Out_of_memory_is_told_as_that()
    {
        var container = Container("exited", null, 0);
        container = container with { State = container.State with { OomKilled = true, ExitCode = 137 } };
        Assert.Equal("OutOfMemory", ReplicaHealth.Judge(container, null, TimeSpan.Zero, 0).Reason);
    }

    private static ContainerInspect Container(string status, string? health, int restarts) => new()
    {
        RestartCount = restarts,
        State = new ContainerState
        {
            Status = status,
            Running = status is "running" or "paused" or "restarting",
            Health = health is null ? null : new ContainerHealth { Status = health },
        },
    };
}
