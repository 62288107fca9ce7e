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
        var gate = new HealthGate(engine, TimeProvider.System, change, DateTimeOffset.UnixEpoch, portsReachable: false);

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

    private static async Task<ContainerInspect?> Restarting(string id)
    {
        await Task.Yield();
        return new ContainerInspect { Id = id, RestartCount = 1, State = new ContainerState { Status = "running", Running = true, StartedAt = DateTimeOffset.UtcNow } };
    }
}
