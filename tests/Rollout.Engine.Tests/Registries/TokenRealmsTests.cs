using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Registries;
using Xunit;

namespace Rollout.Engine.Tests.Registries;

public sealed class TokenRealmsTests
{
    [Theory]
    [InlineData("docker.io", "https://auth.docker.io/token")]
    [InlineData("registry.gitlab.com", "https://gitlab.com/jwt/auth")]
    [InlineData("ghcr.io", "https://ghcr.io/token")]
    [InlineData("quay.io", "https://quay.io/v2/auth")]
    [InlineData("gitlab.example.com:5050", "https://gitlab.example.com/jwt/auth")]
    [InlineData("Registry.Example.com", "https://registry.example.com/token")]
    [InlineData("127.0.0.1:5000", "http://127.0.0.1:5001/token")]
    [InlineData("[::1]:5000", "http://[::1]:5001/token")]
    public void The_registrys_own_host_and_the_known_pairs_are_trusted(string registry, string realm) =>
        Assert.True(IsTrusted(registry, realm));

    [Theory]
    [InlineData("registry.example.com", "https://auth.example.com/token")]
    [InlineData("registry.example.com", "https://registry.example.com.evil.example/token")]
    [InlineData("registry.example.com", "https://registry.example.com@evil.example/token")]
    [InlineData("registry.example.com", "https://evil.example/?registry.example.com")]
    [InlineData("registry.example.com", "http://registry.example.com/token")]
    [InlineData("registry.example.com", "ftp://registry.example.com/token")]
    [InlineData("docker.io", "http://auth.docker.io/token")]
    [InlineData("docker.io", "https://auth.docker.io.evil.example/token")]
    [InlineData("evil.example", "https://auth.docker.io/token")]
    [InlineData("127.0.0.1:5000", "http://localhost:5000/token")]
    [InlineData("127.0.0.1:5000", "http://127.0.0.2:5000/token")]
    public void Any_other_host_and_any_clear_text_is_not(string registry, string realm) =>
        Assert.False(IsTrusted(registry, realm));

    [Theory]
    [InlineData("auth.example.com", "https://auth.example.com/token", true)]
    [InlineData("auth.example.com", "https://auth.example.com:8443/token", true)]
    [InlineData("auth.example.com:8443", "https://auth.example.com:8443/token", true)]
    [InlineData("auth.example.com:8443", "https://auth.example.com/token", false)]
    [InlineData("auth.example.com", "http://auth.example.com/token", false)]
    [InlineData("example.com", "https://auth.example.com/token", false)]
    [InlineData("", "https://auth.example.com/token", false)]
    public void What_the_user_allows_is_trusted_over_TLS(string allowed, string realm, bool isTrusted) =>
        Assert.Equal(isTrusted, IsTrusted("registry.example.com", realm, allowed));

    [Fact]
    public void An_insecure_registry_may_have_its_token_server_without_TLS_on_its_own_host_alone()
    {
        var registry = new RegistryAddress("registry.lan:5000");

        Assert.True(TokenRealms.IsTrusted(registry, isInsecure: true, new Uri("http://registry.lan:5001/token"), []));
        Assert.False(TokenRealms.IsTrusted(registry, isInsecure: true, new Uri("http://auth.lan/token"), ["auth.lan"]));
    }

    [Theory]
    [InlineData(null, new string[0])]
    [InlineData("", new string[0])]
    [InlineData("auth.example.com", new[] { "auth.example.com" })]
    [InlineData(" a.test , b.test:8443,, ", new[] { "a.test", "b.test:8443" })]
    public void The_environment_names_hosts_separated_by_commas(string? value, string[] hosts) =>
        Assert.Equal(hosts, TokenRealms.Parse(value));

    [Fact]
    public void No_realm_of_another_host_is_ever_trusted_unasked() =>
        Prop.ForAll(Hosts.ToArbitrary(), Hosts.ToArbitrary(), (registry, realm) =>
            Assert.Equal(registry == realm, IsTrusted(registry, $"https://{realm}/token"))).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    private static readonly Gen<string> Hosts =
        from labels in Gen.Elements("a", "b", "registry", "auth", "evil", "example", "com").NonEmptyListOf()
        select string.Join('.', labels.Take(4).Append("test"));

    private static bool IsTrusted(string registry, string realm, params string[] allowed) =>
        TokenRealms.IsTrusted(new RegistryAddress(registry), new RegistryAddress(registry).IsLoopback, new Uri(realm), allowed);
}
