using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Registries;
using Xunit;

namespace Rollout.Engine.Tests.Registries;

public sealed class AuthChallengeTests
{
    [Fact]
    public void A_bearer_challenge_gives_realm_service_and_scope()
    {
        var challenge = AuthChallenge.Parse("""Bearer realm="https://auth.example.com/token",service="registry.example.com",scope="repository:a/b:pull,push" """);

        Assert.True(challenge.IsBearer);
        Assert.Equal(("https://auth.example.com/token", "registry.example.com", "repository:a/b:pull,push"), (challenge.Realm, challenge.Service, challenge.Scope));
    }

    [Theory]
    [InlineData("BASIC realm=\"x\"", "x")]
    [InlineData("basic Realm = x", "x")]
    [InlineData("Basic", null)]
    [InlineData("Basic realm=\"a \\\"quoted\\\" one\"", "a \"quoted\" one")]
    [InlineData("Basic realm=\"first\", realm=\"last\"", "last")]
    public void Names_are_of_any_case_and_values_quoted_or_not(string header, string? realm)
    {
        var challenge = AuthChallenge.Parse(header);

        Assert.True(challenge.IsBasic);
        Assert.Equal(realm, challenge.Realm);
    }

    [Fact]
    public void Any_realm_written_down_is_read_back() =>
        Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), text =>
        {
            var realm = text.Get.Replace("\n", "", StringComparison.Ordinal).Replace("\r", "", StringComparison.Ordinal);
            var quoted = realm.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
            Assert.Equal(realm, AuthChallenge.Parse($"Bearer service=\"s\",realm=\"{quoted}\",scope=x").Realm);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
}
