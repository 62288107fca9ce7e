using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes;

public sealed class PodStatesTests
{
    private static readonly DateTimeOffset Begun = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(-60, 0, false)]
    [InlineData(0, 4, true)]
    [InlineData(60, 4, true)]
    [InlineData(null, 4, true)]
    public void Restarts_and_memory_count_since_the_rollout(int? secondsAfter, int restarts, bool outOfMemory)
    {
        var end = new ContainerTerminated { Reason = "OOMKilled", ExitCode = 137, FinishedAt = secondsAfter is { } seconds ? Begun.AddSeconds(seconds) : null };
        var pod = new Pod
        {
            Metadata = new ObjectMeta { Name = "shop-1" },
            Status = new PodStatus { Phase = "Running", ContainerStatuses = [new ContainerStatus { RestartCount = 4, LastState = new ContainerState { Terminated = end } }] },
        };
        var state = PodStates.State(pod, Begun);
        Assert.Equal((restarts, outOfMemory), (state.Restarts, state.OutOfMemory));
    }

    [Fact]
    public void The_memory_of_a_second_container_counts_too()
    {
        var first = new ContainerStatus { LastState = new ContainerState { Terminated = new ContainerTerminated { Reason = "Completed" } } };
        var second = new ContainerStatus { RestartCount = 1, LastState = new ContainerState { Terminated = new ContainerTerminated { Reason = "OOMKilled" } } };
        Assert.True(PodStates.State(new Pod { Metadata = new ObjectMeta { Name = "shop-1" }, Status = new PodStatus { ContainerStatuses = [first, second] } }, null).OutOfMemory);
    }
}
