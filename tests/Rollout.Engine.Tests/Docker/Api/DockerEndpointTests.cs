using System.Security.Cryptography;
using System.Text;
using Rollout.Engine.Docker.Api;
using Xunit;

namespace Rollout.Engine.Tests.Docker.Api;

/// <summary>Which engine is meant, from settings that exist in memory only.</summary>
public sealed class DockerEndpointTests
{
    private readonly Dictionary<string, string> _variables = [];
    private readonly Dictionary<string, string> _files = [];

    [Fact]
    public void Without_any_setting_it_is_the_platforms_default()
    {
        Assert.Equal("unix:///var/run/docker.sock", Resolve().ToString());
        Assert.Equal("npipe:////./pipe/docker_engine", DockerEndpoint.Resolve(null, null, Settings(isWindows: true)).ToString());
    }

    [Fact]
    public void The_most_explicit_setting_wins()
    {
        AddContext("current", "unix:///current");
        AddContext("named", "unix:///named");
        _files["/home/.docker/config.json"] = """{"currentContext":"current"}""";
        Assert.Equal(("unix:///current", "current"), Place(Resolve()));

        _variables["DOCKER_CONTEXT"] = "named";
        Assert.Equal(("unix:///named", "named"), Place(Resolve()));

        _variables["DOCKER_HOST"] = "unix:///host";
        Assert.Equal(("unix:///host", null), Place(Resolve()));

        Assert.Equal(("unix:///current", "current"), Place(Resolve(context: "current")));
        Assert.Equal(("unix:///host", null), Place(Resolve(context: "default")));
        Assert.Equal(("unix:///given", null), Place(Resolve("unix:///given", "current")));
    }

    [Fact]
    public void Empty_settings_count_as_absent()
    {
        _variables["DOCKER_HOST"] = "";
        _variables["DOCKER_CONTEXT"] = "";
        _variables["DOCKER_CONFIG"] = "";
        _variables["DOCKER_TLS_VERIFY"] = "";
        _files["/home/.docker/config.json"] = """{"currentContext":""}""";

        Assert.Equal(("unix:///var/run/docker.sock", null), Place(Resolve("", "")));
    }

    [Fact]
    public void DOCKER_CONFIG_says_where_contexts_are()
    {
        _variables["DOCKER_CONFIG"] = "/elsewhere";
        _files["/elsewhere/config.json"] = """{"currentContext":"x"}""";
        AddContext("x", "tcp://x:2375", "/elsewhere");

        Assert.Equal(("tcp://x:2375", "x"), Place(Resolve()));
    }

    [Fact]
    public void The_context_default_is_the_platforms_default()
    {
        _files["/home/.docker/config.json"] = """{"currentContext":"default"}""";

        Assert.Equal(("unix:///var/run/docker.sock", null), Place(Resolve()));
    }

    [Fact]
    public void A_contexts_certificates_are_its_own()
    {
        var directory = AddContext("far", "tcp://far:2376", skipVerify: false);
        foreach (var name in new[] { "ca.pem", "cert.pem", "key.pem" }) _files[$"{directory}/{name}"] = "pem";

        Assert.Equal(
            new DockerTls { CaFile = $"{directory}/ca.pem", CertificateFile = $"{directory}/cert.pem", KeyFile = $"{directory}/key.pem" },
            Resolve(context: "far").Tls);
    }

    [Fact]
    public void A_context_may_skip_verification_with_and_without_certificates()
    {
        AddContext("far", "tcp://far:2376", skipVerify: true);
        Assert.Equal(new DockerTls { SkipVerify = true }, Resolve(context: "far").Tls);

        var directory = AddContext("near", "tcp://near:2376", skipVerify: true);
        _files[$"{directory}/ca.pem"] = "pem";
        Assert.Equal(new DockerTls { SkipVerify = true, CaFile = $"{directory}/ca.pem" }, Resolve(context: "near").Tls);
    }

    [Fact]
    public void The_environments_certificates_go_with_hosts_of_the_environment()
    {
        _variables["DOCKER_HOST"] = "tcp://far:2376";
        Assert.Null(Resolve().Tls);

        _variables["DOCKER_TLS_VERIFY"] = "1";
        Assert.Equal(new DockerTls(), Resolve().Tls);

        _variables["DOCKER_CERT_PATH"] = "/certs";
        _files["/certs/ca.pem"] = "pem";
        Assert.Equal(new DockerTls { CaFile = "/certs/ca.pem" }, Resolve().Tls);

        _variables.Remove("DOCKER_TLS_VERIFY");
        _variables["DOCKER_TLS"] = "1";
        Assert.Equal(new DockerTls { CaFile = "/certs/ca.pem", SkipVerify = true }, Resolve().Tls);
    }

    [Fact]
    public void TLS_is_not_for_sockets()
    {
        _variables["DOCKER_TLS_VERIFY"] = "1";

        Assert.Null(Resolve().Tls);
    }

    [Theory]
    [InlineData("docker.sock", "InvalidDockerHost")]
    [InlineData("/var/run/docker.sock", "InvalidDockerHost")]
    [InlineData("localhost:2375", "InvalidDockerHost")]
    [InlineData("unix://", "InvalidDockerHost")]
    [InlineData("unix://docker.sock", "InvalidDockerHost")]
    [InlineData("npipe://", "InvalidDockerHost")]
    [InlineData("npipe:////./docker_engine", "InvalidDockerHost")]
    [InlineData("tcp://", "InvalidDockerHost")]
    [InlineData("tcp://host:port", "InvalidDockerHost")]
    [InlineData("tcp://host:99999", "InvalidDockerHost")]
    [InlineData("tcp://host:2375/path", "InvalidDockerHost")]
    [InlineData("http://host:2375", "InvalidDockerHost")]
    [InlineData("fd://", "InvalidDockerHost")]
    [InlineData("ssh://user@host", "DockerHostNotSupported")]
    public void A_host_that_cannot_be_used_is_named(string host, string id)
    {
        var failure = Failure(() => Resolve(host));

        Assert.Equal(id, failure.Id);
        Assert.Contains(host, failure.Message, StringComparison.Ordinal);
        Assert.NotEmpty(failure.Mend);
    }

    [Fact]
    public void A_password_in_a_host_is_not_told()
    {
        var failure = Failure(() => Resolve("tcp://joe:s3cret@host:2375"));

        Assert.Equal("InvalidDockerHost", failure.Id);
        Assert.DoesNotContain("s3cret", failure.Message + failure.Subject, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tcp://[::1]:2375")]
    [InlineData("tcp://host")]
    [InlineData("unix:///run/user/1000/docker.sock")]
    [InlineData("npipe:////./pipe/docker_engine")]
    public void A_host_is_kept_as_it_was_written(string host) => Assert.Equal(host, Resolve(host).ToString());

    [Fact]
    public void A_context_that_is_not_there_is_named()
    {
        _variables["DOCKER_CONTEXT"] = "gone";

        var failure = Failure(() => Resolve());

        Assert.Equal(("DockerContextNotFound", "gone"), (failure.Id, failure.Subject));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("""{"Name":"bad"}""")]
    [InlineData("""{"Endpoints":{"docker":{"Host":7}}}""")]
    [InlineData("""{"Endpoints":{"docker":{"Host":""}}}""")]
    public void A_context_that_cannot_be_used_is_named_by_its_file(string meta)
    {
        _files[MetaFile("bad", "/home/.docker")] = meta;

        var failure = Failure(() => Resolve(context: "bad"));

        Assert.Equal("DockerContextUnusable", failure.Id);
        Assert.Contains("meta.json", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_config_json_is_named() =>
        Assert.Equal("DockerContextUnusable", FailureWith("/home/.docker/config.json", "{").Id);

    [Fact]
    public void A_directory_without_certificates_is_named()
    {
        _variables["DOCKER_TLS_VERIFY"] = "1";
        _variables["DOCKER_CERT_PATH"] = "/certs";
        Assert.Equal(("DockerCertificateUnusable", "/certs"), Told(Failure(() => Resolve("tcp://far"))));

        _files["/certs/cert.pem"] = "pem";
        Assert.Equal(("DockerCertificateUnusable", "/certs"), Told(Failure(() => Resolve("tcp://far"))));
    }

    [Fact]
    public void A_later_cmdlet_finds_the_same_engine_and_refuses_another()
    {
        AddContext("prod", "tcp://prod:2375");
        var first = Resolve(context: "prod");
        Assert.Equal(first, DockerEndpoint.Resolve(first.ToRolloutEndpoint(), Settings()));

        AddContext("prod", "tcp://other:2375");
        var failure = Failure(() => DockerEndpoint.Resolve(first.ToRolloutEndpoint(), Settings()));
        Assert.Equal("DockerContextMoved", failure.Id);
        Assert.Contains("tcp://other:2375", failure.Message, StringComparison.Ordinal);

        _variables["DOCKER_HOST"] = "unix:///later";
        var given = Resolve("unix:///given").ToRolloutEndpoint();
        Assert.Equal("unix:///given", DockerEndpoint.Resolve(given, Settings()).ToString());
    }

    private static (string, string?) Place(DockerEndpoint endpoint) => (endpoint.ToString(), endpoint.Context);

    private static (string, object?) Told(RolloutException failure) => (failure.Id, failure.Subject);

    private static RolloutException Failure(Action act) => Assert.Throws<RolloutException>(act);

    private static string MetaFile(string context, string config) => $"{config}/contexts/meta/{Id(context)}/meta.json";

    private static string Id(string context) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(context)));

    private RolloutException FailureWith(string file, string text)
    {
        _files[file] = text;
        return Failure(() => Resolve());
    }

    private string AddContext(string name, string host, string config = "/home/.docker", bool skipVerify = false)
    {
        var skip = skipVerify ? "true" : "false";
        _files[MetaFile(name, config)] = $$"""{"Name":"{{name}}","Metadata":{},"Endpoints":{"docker":{"Host":"{{host}}","SkipTLSVerify":{{skip}} } } }""";
        return $"{config}/contexts/tls/{Id(name)}/docker";
    }

    private DockerSettings Settings(bool isWindows = false) => new(_variables.GetValueOrDefault, _files.GetValueOrDefault, "/home", isWindows);

    private DockerEndpoint Resolve(string? host = null, string? context = null) => DockerEndpoint.Resolve(host, context, Settings());
}
