using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Images;
using Xunit;

namespace Rollout.Engine.Tests.Images;

public sealed class VersionTagsTests
{
    [Theory]
    [InlineData("1.2.3", "1.2.3 1.2 1")]
    [InlineData("v1.2.3", "v1.2.3 v1.2 v1")]
    [InlineData("10.0.0", "10.0.0 10.0 10")]
    [InlineData("1.2.3-rc.1", "1.2.3-rc.1")]
    [InlineData("0.4.1", "0.4.1 0.4")]
    [InlineData("1.2.3+build.5", "1.2.3_build.5 1.2 1")]
    [InlineData("1.2.3-rc.1+build", "1.2.3-rc.1_build")]
    public void A_version_gives_its_tags(string version, string tags) => Assert.Equal(tags.Split(' '), VersionTags.Of(version));

    [Theory]
    [InlineData("1.2")]
    [InlineData("1.2.3.4")]
    [InlineData("V1.2.3")]
    [InlineData("latest")]
    [InlineData("1.2.x")]
    public void What_is_no_version_is_refused(string text) =>
        Assert.Equal("InvalidImageTag", Assert.Throws<RolloutException>(() => VersionTags.Of(text)).Id);

    [Fact]
    public void Every_tag_is_a_tag() => Prop.ForAll(
        Gen.Choose(0, 20).ListOf(3).ToArbitrary(),
        Gen.Elements("", "-rc.1", "-a-b", "+x.y", "-rc+1").ToArbitrary(),
        (numbers, suffix) => VersionTags.Of(string.Join('.', numbers) + suffix).All(ImageReference.IsTag)).QuickCheckThrowOnFailure();
}
