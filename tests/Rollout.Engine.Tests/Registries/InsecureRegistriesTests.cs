using NSubstitute;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Registries;
using Xunit;

namespace Rollout.Engine.Tests.Registries;

public sealed class InsecureRegistriesTests
{
    [Theory]
    [InlineData("127.0.0.1:5000", true)]
    [InlineData("127.9.9.9", true)]
    [InlineData("localhost:5000", true)] // by what it resolves to
    [InlineData("10.1.2.3:5000", true)]
    [InlineData("10.2.2.3:5000", false)]
    [InlineData("[fd00::1]:5000", true)]
    [InlineData("registry.lan:5000", true)]
    [InlineData("registry.lan", false)]
    [InlineData("docker.io", false)]
    [InlineData("no-such-host.invalid", false)]
    public async Task They_are_those_the_engine_says(string registry, bool isInsecure)
    {
        var engine = Substitute.For<IDockerClient>();
        engine.System.InfoAsync(Arg.Any<CancellationToken>()).Returns(new SystemInfo
        {
            RegistryConfig = new()
            {
                InsecureRegistryCidrs = ["127.0.0.0/8", "10.1.0.0/16", "fd00::/8", "not a network"],
                IndexConfigs = new Dictionary<string, RegistryIndexConfig> { ["docker.io"] = new(true), ["registry.lan:5000"] = new(false) },
            },
        });

        Assert.Equal(isInsecure, await InsecureRegistries.ContainAsync(engine, registry, CancellationToken.None));
    }

    [Fact]
    public async Task The_engines_answer_is_read()
    {
        var info = System.Text.Json.JsonSerializer.Deserialize(
            """{"RegistryConfig": {"InsecureRegistryCIDRs": ["127.0.0.0/8"], "IndexConfigs": {"docker.io": {"Secure": true}, "r.lan": {"Secure": false} } } }""",
            DockerJson.Default.SystemInfo)!;
        var engine = Substitute.For<IDockerClient>();
        engine.System.InfoAsync(Arg.Any<CancellationToken>()).Returns(info);

        Assert.True(await InsecureRegistries.ContainAsync(engine, "r.lan", CancellationToken.None));
        Assert.True(await InsecureRegistries.ContainAsync(engine, "127.0.0.1:1", CancellationToken.None));
        Assert.False(await InsecureRegistries.ContainAsync(engine, "docker.io", CancellationToken.None));
    }
}
