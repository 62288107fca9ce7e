using NSubstitute;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes;

/// <summary>A fleet asks once what may be done: an answer is kept, and what says nothing of the rights is none.</summary>
public sealed class GrantedRightsTests
{
    private static readonly ResourceAttributes Patching = new("patch", "apps", "deployments", "finance");

    [Theory]
    [InlineData(ErrorKind.Connection)]
    [InlineData(ErrorKind.Unavailable)]
    [InlineData(ErrorKind.LimitExceeded)]
    [InlineData(ErrorKind.Timeout)]
    public async Task AServerThatIsAwayWhileItIsAskedFailsWhoAskedAndIsAskedAgainByTheNext(ErrorKind passing)
    {
        var client = Granting();
        client.MayAsync(Patching, Arg.Any<CancellationToken>()).Returns(_ => throw new RolloutException("Away", passing, "It is away.", "Wait."), _ => Task.FromResult(true));
        var rights = new GrantedRights(client);

        var error = await Assert.ThrowsAsync<RolloutException>(() => rights.CheckAsync("deployment", "finance", CancellationToken.None));
        await rights.CheckAsync("deployment", "finance", CancellationToken.None);
        await rights.CheckAsync("deployment", "finance", CancellationToken.None);

        Assert.Equal("Away", error.Id);
        await client.Received(2).MayAsync(Patching, Arg.Any<CancellationToken>());
    }

    [Fact]
    public async Task ARightThatIsMissingIsNotAskedForAgain()
    {
        var client = Granting();
        client.MayAsync(Patching, Arg.Any<CancellationToken>()).Returns(false, true);
        var rights = new GrantedRights(client);

        for (var times = 0; times < 2; times++) Assert.Equal("KubernetesForbidden", (await Assert.ThrowsAsync<RolloutException>(() => rights.CheckAsync("deployment", "finance", CancellationToken.None))).Id);

        await client.Received(1).MayAsync(Patching, Arg.Any<CancellationToken>());
    }

    private static IKubernetesClient Granting()
    {
        var client = Substitute.For<IKubernetesClient>();
        client.MayAsync(Arg.Any<ResourceAttributes>(), Arg.Any<CancellationToken>()).Returns(true);
        return client;
    }
}
