using Rollout.Engine.Kubernetes.Configuration;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes;

/// <summary>Real plugins: shell scripts that count their runs.</summary>
public sealed class ExecCredentialTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("v1")]
    [InlineData("v1beta1")]
    public async Task ThePluginIsRunOnceUntilWhatItGaveExpires(string version)
    {
        var source = Source(version, """echo "{\"apiVersion\":\"client.authentication.k8s.io/VERSION\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"t$runs\",\"expirationTimestamp\":\"2026-01-01T00:10:00Z\"}}" """);

        Assert.Equal("Bearer t1", await Authorization(source));
        _time.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal("Bearer t1", await Authorization(source));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("Bearer t2", await Authorization(source));
    }

    [Fact]
    public async Task AtTheSameTimeItIsRunOnce()
    {
        var source = Source("v1", """sleep 0.2; echo "{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"t$runs\"}}" """);

        var all = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Authorization(source)));

        Assert.Equal(["Bearer t1"], all.Distinct());
    }

    [Fact]
    public async Task ARefusedCredentialIsFetchedAnewOnce()
    {
        var source = Source("v1", """echo "{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"t$runs\"}}" """);
        var first = await source.GetAsync(CancellationToken.None);

        Assert.True(source.Refused(first));
        Assert.Equal("Bearer t2", await Authorization(source));
        Assert.True(source.Refused(first));
        Assert.Equal("Bearer t2", await Authorization(source));
    }

    [Fact]
    public async Task ThePluginIsToldTheVersionAndTheClusterAndGetsItsOwnEnvironment()
    {
        var source = Source("v1", """
            echo "$KUBERNETES_EXEC_INFO" > told; echo "$REGION $1" >> told
            echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}'
            """, ", provideClusterInfo: true, args: [get-token], env: [{name: REGION, value: north}]");
        await source.GetAsync(CancellationToken.None);

        var told = File.ReadAllText(Path.Combine(_folder.Path, "told"));
        Assert.Contains("\"apiVersion\":\"client.authentication.k8s.io/v1\"", told, StringComparison.Ordinal);
        Assert.Contains("\"interactive\":false", told, StringComparison.Ordinal);
        Assert.Contains("\"server\":\"https://cluster\"", told, StringComparison.Ordinal);
        Assert.Contains("north get-token", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AClientCertificateFromThePluginIsUsed()
    {
        var (certificate, key) = new Certificates().Client("plugin");
        _folder.Write("answer", System.Text.Json.JsonSerializer.Serialize(new
        {
            apiVersion = "client.authentication.k8s.io/v1",
            kind = "ExecCredential",
            status = new { clientCertificateData = certificate, clientKeyData = key },
        }));
        var source = Source("v1", "cat answer");

        var credential = await source.GetAsync(CancellationToken.None);

        Assert.Equal(("CN=plugin", null), (credential.Certificate!.Subject, credential.Authorization));
    }

    [Theory]
    [InlineData("echo 'please log in' >&2; exit 3", "exit code 3: please log in")]
    [InlineData("echo token: hunter2", "not an ExecCredential")]
    [InlineData("""echo '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"t"}}'""", "v1beta1")]
    [InlineData("""echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{}}'""", "neither a token nor a certificate")]
    [InlineData("""echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"clientKeyData":"x"}}'""", "without its")]
    [InlineData("yes", "no end")]
    public async Task APluginThatFailsIsNamedWithItsCause(string script, string cause)
    {
        var error = await Assert.ThrowsAsync<RolloutException>(() => Source("v1", script).GetAsync(CancellationToken.None).AsTask());

        Assert.Equal("KubernetesCredentialPluginFailed", error.Id);
        Assert.Contains(cause, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task APluginThatIsNotThereIsToldWithItsInstallHint()
    {
        var file = _folder.Write("config", Config("v1", "no-such-plugin", ", installHint: get it from example.org"));

        var error = await Assert.ThrowsAsync<RolloutException>(() => Connect(file).GetAsync(CancellationToken.None).AsTask());

        Assert.Equal(("KubernetesCredentialPluginFailed", "get it from example.org"), (error.Id, error.Mend));
        Assert.Contains("it cannot be started (No such file or directory)", error.Message, StringComparison.Ordinal);
    }

    private static async Task<string?> Authorization(ICredentialSource source) => (await source.GetAsync(CancellationToken.None)).Authorization;

    private ICredentialSource Source(string version, string script, string more = "")
    {
        var plugin = _folder.Write("plugin", $"#!/bin/bash\ncd '{_folder.Path}'\necho x >> runs; runs=$(wc -l < runs)\n{script.Replace("VERSION", version, StringComparison.Ordinal)}\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(plugin, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return Connect(_folder.Write("config", Config(version, "./plugin", more)));
    }

    private ICredentialSource Connect(string file) => Kubeconfig.Connection(file, null, _ => null, _time).Credentials;

    private static string Config(string version, string command, string more) => $$$"""
        current-context: x
        clusters: [{name: x, cluster: {server: "https://cluster"}}]
        users: [{name: x, user: {exec: {apiVersion: client.authentication.k8s.io/{{{version}}}, command: {{{command}}}, interactiveMode: Never{{{more}}} } } }]
        contexts: [{name: x, context: {cluster: x, user: x}}]
        """;
}
