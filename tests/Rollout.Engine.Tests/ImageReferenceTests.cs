using Xunit;

namespace Rollout.Engine.Tests;

public sealed class ImageReferenceTests
{
    [Theory]
    [InlineData("nginx", "docker.io/library/nginx")]
    [InlineData("team/shop:v1", "docker.io/team/shop:v1")]
    [InlineData("localhost/shop", "localhost/shop")]
    [InlineData("[::1]:5000/demo/shop:v1.2.0", "[::1]:5000/demo/shop:v1.2.0")]
    public void Parse_gives_the_canonical_name(string text, string canonical) =>
        Assert.Equal(canonical, ImageReference.Parse(text).ToString());
}
