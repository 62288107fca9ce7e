using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Docker;
using Xunit;

namespace Rollout.Engine.Tests.Docker;

public sealed class EnvironmentSecretsTests
{
    [Theory]
    [InlineData("TOKEN=hunter2-5c1f", "db refused hunter2-5c1f!", "db refused ***!")]
    [InlineData("SHORT=on", "it is on", "it is on")]
    [InlineData("A=secret-1;B=secret-1-and-more", "secret-1-and-more, secret-1", "***, ***")]
    [InlineData("KEY=-----BEGIN\nline-of-the-key\n-----END", "the tail: line-of-the-key", "the tail: ***")]
    [InlineData("KEY=one##vso[two]", "it is one##vso[two].", "it is ***.")]
    [InlineData("NOTHING=", "as it was", "as it was")]
    public void What_a_container_quotes_of_its_settings_is_hidden(string variables, string said, string shown) =>
        Assert.Equal(shown, EnvironmentSecrets.Of(variables.Split(';')).Hide(said));

    [Fact]
    public void No_value_is_left_whatever_stands_around_it() => Prop.ForAll<Guid, string>((value, around) =>
        !EnvironmentSecrets.Of([$"TOKEN={value}"]).Hide($"{around}{value}{around}").Contains($"{value}", StringComparison.Ordinal)).QuickCheckThrowOnFailure();
}
