using Rollout.Engine.Health;
using Rollout.Engine.Literals;
using Xunit;

namespace Rollout.Engine.Tests.Literals;

public sealed class AddressTextTests
{
    [Theory]
    [InlineData("http://prometheus:9090", "http://prometheus:9090/")]
    [InlineData(" https://shop/healthz ", "https://shop/healthz")]
    [InlineData("", null)]
    public void Addresses_are_read(string text, string? address) => Assert.Equal(address, AddressText.From(text)?.ToString());

    [Theory]
    [InlineData("http://anna:s3cret@[bad")]
    [InlineData("http://anna:s3cret@host:port")]
    [InlineData("htp//anna:s3cret@host")]
    [InlineData("anna:s3cret@host")]
    [InlineData("http://anna:x12/s3cret@host")]
    [InlineData("ftp://host/?token=s3cret")]
    [InlineData("host/?token=s3cret")]
    public void What_is_none_is_refused_without_the_login_in_it(string text)
    {
        var refused = Assert.Throws<RolloutException>(() => AddressText.From(text));
        Assert.Equal("InvalidAddress", refused.Id);
        Assert.DoesNotContain("s3cret", $"{refused.Message} {refused.Mend} {refused.Subject}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("htp//anna:s3cret@host")]
    [InlineData("anna:s3cret@host")]
    public void Nor_does_a_check_that_was_made_elsewhere_tell_it(string text)
    {
        var check = new HttpHealthCheck { Name = "web", Uri = new Uri(text, UriKind.RelativeOrAbsolute) };
        var refused = Assert.Throws<RolloutException>(() => HealthCheckRules.Apply(check));
        Assert.Equal("InvalidHealthCheck", refused.Id);
        Assert.DoesNotContain("s3cret", refused.Message, StringComparison.Ordinal);
    }
}
