using Rollout.Engine.Literals;
using Xunit;

namespace Rollout.Engine.Tests.Literals;

public sealed class EndpointTextTests
{
    [Theory]
    [InlineData("https://127.0.0.1:6443", null, "https://127.0.0.1:6443")]
    [InlineData(" https://Host/clusters/a/ ", null, "https://host/clusters/a")]
    [InlineData("unix:///var/run/docker.sock", "unix:///var/run/docker.sock", null)]
    [InlineData("npipe:////./pipe/docker_engine", "npipe:////./pipe/docker_engine", null)]
    [InlineData("tcp://host:2376", "tcp://host:2376", null)]
    public void The_address_tells_the_platform(string text, string? engine, string? server) =>
        Assert.Equal(new RolloutEndpoint { DockerHost = engine, Server = server }, EndpointText.From(text));

    [Theory]
    [InlineData("")]
    [InlineData("two")]
    [InlineData("/var/run/docker.sock")]
    [InlineData("host:6443")]
    [InlineData("ssh://anna:s3cret@host")]
    [InlineData("tcp://anna:s3cret@host:2376")]
    [InlineData("https://anna:s3cret@host")]
    public void What_is_none_is_refused_without_the_login_in_it(string text)
    {
        var refused = Assert.Throws<RolloutException>(() => EndpointText.From(text));
        Assert.Equal("InvalidEndpoint", refused.Id);
        Assert.DoesNotContain("s3cret", $"{refused.Message} {refused.Mend} {refused.Subject}", StringComparison.Ordinal);
    }
}
