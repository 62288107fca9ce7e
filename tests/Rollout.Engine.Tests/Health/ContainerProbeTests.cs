using Rollout.Engine.Health;
using Xunit;

namespace Rollout.Engine.Tests.Health;

public sealed class ContainerProbeTests
{
    private static readonly ReplicaState Good = new() { Name = "shop-1", Running = true, Status = "running", Health = "healthy" };

    [Fact]
    public void Running_and_healthy_is_good() =>
        Assert.Equal(new HealthTry(HealthVerdict.Healthy, "2 of 2 healthy", "2 of 2 healthy"), ContainerProbe.Judge([Good, Good with { Health = null }], 2));

    public static TheoryData<ReplicaState, string> Faults => new()
    {
        { Good with { Running = false, Status = "exited", ExitCode = 3 }, "shop-1 is exited (exit code 3)" },
        { Good with { Running = false, Status = "created" }, "shop-1 is created" },
        { Good with { Health = "unhealthy", HealthOutput = "no database\n" }, "shop-1 is unhealthy by its own check: no database" },
        { Good with { Health = "unhealthy" }, "shop-1 is unhealthy by its own check" },
        { Good with { Restarts = 2 }, "shop-1 was restarted 2 times" },
        { Good with { OutOfMemory = true, Running = false, Status = "exited", ExitCode = 137 }, "shop-1 ran out of memory" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void One_bad_replica_is_bad_and_named(ReplicaState bad, string message) =>
        Assert.Equal(new HealthTry(HealthVerdict.Unhealthy, "1 of 2 healthy", message), ContainerProbe.Judge([Good, bad], 2));

    [Fact]
    public void A_missing_replica_is_bad() =>
        Assert.Equal(HealthVerdict.Unhealthy, ContainerProbe.Judge([Good], 2).Verdict);

    [Fact]
    public void A_replica_that_is_starting_says_nothing_yet() =>
        Assert.Equal(HealthVerdict.Inconclusive, ContainerProbe.Judge([Good, Good with { Health = "starting" }], 2).Verdict);
}
