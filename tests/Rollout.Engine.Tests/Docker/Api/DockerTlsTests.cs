using Rollout.Engine.Docker.Api;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Docker.Api;

/// <summary>A real engine that wants TLS and a client's certificate.</summary>
[Trait("Needs", "docker")]
public sealed class DockerTlsTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly string _directory = Directory.CreateTempSubdirectory("rollout-tls-").FullName;
    private readonly int _port = Ports.Free();
    private PrivateEngine? _engine;

    public async Task InitializeAsync()
    {
        using var authority = new TestAuthority();
        using var stranger = new TestAuthority();
        authority.Write(Path.Combine(_directory, "server"), "127.0.0.1");
        authority.Write(Path.Combine(_directory, "client"));
        stranger.Write(Path.Combine(_directory, "stranger"));
        Directory.CreateDirectory(Path.Combine(_directory, "ca-only"));
        File.WriteAllText(Path.Combine(_directory, "ca-only", "ca.pem"), authority.Pem);

        var server = Path.Combine(_directory, "server");
        _engine = await PrivateEngine.StartAsync(
            "--host", $"tcp://127.0.0.1:{_port}", "--tlsverify",
            "--tlscacert", $"{server}/ca.pem", "--tlscert", $"{server}/cert.pem", "--tlskey", $"{server}/key.pem");
    }

    public async Task DisposeAsync()
    {
        if (_engine is not null) await _engine.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [FactNeeds("dockerd", "containerd", "ip", "root")]
    public async Task Only_who_shows_and_trusts_the_right_certificates_is_served()
    {
        Assert.Equal("linux", (await VersionAsync("127.0.0.1", "client")).Os);
        Assert.Equal("linux", (await VersionAsync("127.0.0.1", "client", verify: false)).Os);

        Assert.Equal("DockerTlsFailed", (await FailureAsync("127.0.0.1", "stranger")).Id);
        Assert.Equal("DockerTlsFailed", (await FailureAsync("127.0.0.1", "ca-only")).Id);
        Assert.Equal("DockerTlsFailed", (await FailureAsync("localhost", "client")).Id);
        var plain = await FailureAsync("127.0.0.1", null);
        Assert.Equal("DockerTlsFailed", plain.Id);
        Assert.Contains("DOCKER_TLS_VERIFY", plain.Mend, StringComparison.Ordinal);
    }

    private async Task<SystemVersion> VersionAsync(string host, string? certificates, bool verify = true)
    {
        var variables = new Dictionary<string, string>();
        if (certificates is not null) variables["DOCKER_CERT_PATH"] = Path.Combine(_directory, certificates);
        if (certificates is not null) variables[verify ? "DOCKER_TLS_VERIFY" : "DOCKER_TLS"] = "1";
        var settings = new DockerSettings(variables.GetValueOrDefault, path => File.Exists(path) ? File.ReadAllText(path) : null, "/nobody", isWindows: false);
        using var client = new DockerClient(DockerEndpoint.Resolve($"tcp://{host}:{_port}", null, settings));
        return await client.System.VersionAsync(None);
    }

    private Task<RolloutException> FailureAsync(string host, string? certificates) =>
        Assert.ThrowsAsync<RolloutException>(() => VersionAsync(host, certificates));
}
