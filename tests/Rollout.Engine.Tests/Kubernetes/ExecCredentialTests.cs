using System.Text.Json.Nodes;
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
    public async Task ThePluginIsToldWhatTheClusterHasForIt()
    {
        const string extensions = "extensions: [{name: other, extension: {no: 1}}, {name: client.authentication.k8s.io/exec, extension: {audience: foo, n: 5, on: true, text: '5', none: ~, list: [a, {b: c}]}}]";
        var source = Source("v1", "echo \"$KUBERNETES_EXEC_INFO\" > told; echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"t\"}}'", ", provideClusterInfo: true", extensions);
        await source.GetAsync(CancellationToken.None);

        var told = JsonNode.Parse(File.ReadAllText(Path.Combine(_folder.Path, "told")))!;
        Assert.Equal("""{"audience":"foo","n":5,"on":true,"text":"5","none":null,"list":["a",{"b":"c"}]}""", told["spec"]!["cluster"]!["config"]!.ToJsonString());
    }

    [Fact]
    public void WhatHasNoEndIsNotPassedOn()
    {
        var error = Assert.Throws<RolloutException>(() => Source("v1", "", ", provideClusterInfo: true", "extensions: [{name: client.authentication.k8s.io/exec, extension: &a [*a]}]"));

        Assert.Equal("KubeconfigInvalid", error.Id);
    }

    [Theory]
    [InlineData("v1", "Never", null)]
    [InlineData("v1", "IfAvailable", null)]
    [InlineData("v1beta1", "", null)]
    [InlineData("v1", "", "is missing")]
    [InlineData("v1", "Sometimes", "'Sometimes'")]
    [InlineData("v1beta1", "Sometimes", "'Sometimes'")]
    [InlineData("v1", "Always", "gets none here")]
    public void AModeThatIsNotKnownOrWantsATerminalIsRefused(string version, string mode, string? cause)
    {
        var file = _folder.Write("config", Config(version, "./plugin", "", mode: mode));

        var error = Record.Exception(() => Connect(file)) as RolloutException;

        Assert.Equal(cause is null ? null : "KubeconfigInvalid", error?.Id);
        Assert.Contains(cause ?? "", error?.Message ?? "", StringComparison.Ordinal);
        if (mode == "Always") Assert.Contains("Log in with the plugin's own command first", error!.Mend, StringComparison.Ordinal);
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

    private ICredentialSource Source(string version, string script, string more = "", string cluster = "")
    {
        var plugin = _folder.Write("plugin", $"#!/bin/bash\ncd '{_folder.Path}'\necho x >> runs; runs=$(wc -l < runs)\n{script.Replace("VERSION", version, StringComparison.Ordinal)}\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(plugin, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return Connect(_folder.Write("config", Config(version, "./plugin", more, cluster)));
    }

    private ICredentialSource Connect(string file) => Kubeconfig.Connection(file, null, _ => null, _time).Credentials;

    private static string Config(string version, string command, string more, string cluster = "", string mode = "Never") => $$$"""
        current-context: x
        clusters: [{name: x, cluster: {server: "https://cluster"{{{(cluster.Length > 0 ? ", " : "")}}}{{{cluster}}}} }]
        users: [{name: x, user: {exec: {apiVersion: client.authentication.k8s.io/{{{version}}}, command: {{{command}}}, interactiveMode: {{{mode}}}{{{more}}} } } }]
        contexts: [{name: x, context: {cluster: x, user: x}}]
        """;
}
