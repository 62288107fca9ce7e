using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Docker;

[Trait("Needs", "docker")]
public sealed class RolloutsUnderLoadTests(DockerEngineFixture engine) : IClassFixture<DockerEngineFixture>
{
    [FactNeeds("docker", "haproxy", "busybox")]
    public async Task Rollouts_behind_HAProxy_lose_no_request()
    {
        var result = await RolloutsUnderLoad.RunAsync(engine, rollouts: 3);

        Assert.Empty(result.Load.Failures);
        Assert.Equal(["shop v0", "shop v1"], result.Answers.Keys.Order());
    }
}
