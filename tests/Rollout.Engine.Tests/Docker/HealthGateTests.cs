using NSubstitute;
using Rollout.Engine.Docker;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;
using Xunit;

namespace Rollout.Engine.Tests.Docker;

public sealed class HealthGateTests
{
    private const int Replicas = 1000;

    /// <summary>A run looks at all its replicas at once.</summary>
    [Fact]
    public async Task Many_replicas_are_looked_at_side_by_side()
    {
        var engine = Substitute.For<IDockerClient>();
        engine.Containers.InspectAsync(Arg.Any<string>(), Arg.Any<CancellationToken>()).Returns(call => Restarting(call.Arg<string>()));
        var change = new Change { From = 1, To = 2, FromReplicas = Replicas, Surge = Replicas, GraceSec = 3600 };
        var gate = Gate(engine, change);

        for (var round = 0; round < 20; round++)
        {
            gate.BeginRound();
            var names = Enumerable.Range(round * Replicas, Replicas).Select(number => $"shop-{number}").ToList();
            var looks = await Task.WhenAll(names.Select(name => Task.Run(() =>
            {
                gate.Starts(name);
                if (name.EndsWith('7')) gate.CouldNotServe(name, "full");
                return gate.LookAsync(new Replica { Id = name, Name = name, Release = 2, Index = 1 }, port: null, CancellationToken.None);
            })));

            Assert.Equal(Replicas / 10, looks.Count(look => look.Phase == ReplicaPhase.Failed));
            Assert.Equal(Replicas * 9 / 10, looks.Count(look => look.Phase == ReplicaPhase.Starting));
            Assert.All(names, name => Assert.Equal(name.EndsWith('7'), gate.IsGivenUp(name)));
            Assert.True(gate.IsProbing);
        }
    }

    /// <summary>Whoever resumes what failed and was left has mended the cause: what is counted begins anew.</summary>
    [Theory]
    [InlineData("running", 5, false)]
    [InlineData("running", 6, true)]
    [InlineData("restarting", 6, false)]
    [InlineData("restarting", 7, true)]
    public async Task Restarts_before_it_was_resumed_are_forgiven(string status, int later, bool fails)
    {
        var container = Container("shop-1", status, 5);
        var engine = Substitute.For<IDockerClient>();
        engine.Containers.InspectAsync(Arg.Any<string>(), Arg.Any<CancellationToken>()).Returns(_ => container);
        var change = new Change { From = 1, To = 2, FromReplicas = 1, Surge = 1 };
        var replica = new Replica { Id = "shop-1", Name = "shop-1", Release = 2, Index = 1, State = status };
        var gate = Gate(engine, change with { IsThawed = true });

        await gate.LookAsync(replica, null, CancellationToken.None);
        container = Container("shop-1", "running", later);
        Assert.Equal(fails, (await gate.LookAsync(replica, null, CancellationToken.None)).Phase == ReplicaPhase.Failed);
        Assert.Equal(ReplicaPhase.Failed, (await Gate(engine, change).LookAsync(replica, null, CancellationToken.None)).Phase);
    }

    private static HealthGate Gate(IDockerClient engine, Change change) => new(engine, TimeProvider.System, change, DateTimeOffset.UnixEpoch, portsReachable: false);

    private static async Task<ContainerInspect?> Restarting(string id)
    {
        await Task.Yield();
        return Container(id, "running", 1) with { State = new ContainerState { Status = "running", Running = true, StartedAt = DateTimeOffset.UtcNow } };
    }

    private static ContainerInspect Container(string id, string status, int restarts) => new()
    {
        Id = id,
        RestartCount = restarts,
        State = new ContainerState { Status = status, Running = true, StartedAt = DateTimeOffset.UtcNow, Health = new ContainerHealth { Status = "healthy" } },
    };
}
