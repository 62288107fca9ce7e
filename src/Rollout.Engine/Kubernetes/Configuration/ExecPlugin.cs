using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Rollout.Engine.Kubernetes.Configuration;

/// <summary>The <c>exec</c> part of a kubeconfig user: a command that prints a credential (client.authentication.k8s.io v1 and v1beta1).</summary>
internal sealed record ExecPlugin
{
    private const string Group = "client.authentication.k8s.io/";

    public required string ApiVersion { get; init; }

    public required string Command { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    public IReadOnlyList<(string Name, string Value)> Environment { get; init; } = [];

    public string? InstallHint { get; init; }

    /// <summary>The cluster, where the plugin is to be told of it.</summary>
    public ExecClusterInfo? Cluster { get; init; }

    public static ExecPlugin Read(KubeconfigEntry exec, KubeconfigEntry cluster)
    {
        var version = exec.Text("apiVersion") ?? throw exec.Wrong("exec.apiVersion", "is missing");
        if (version is not (Group + "v1" or Group + "v1beta1")) throw exec.Wrong("exec.apiVersion", $"is '{version}', but only v1 and v1beta1 are known");
        RefuseTerminal(exec, exec.Text("interactiveMode") ?? (version == Group + "v1beta1" ? "IfAvailable" : null));

        return new ExecPlugin
        {
            ApiVersion = version,
            Command = Located(exec.Text("command") ?? throw exec.Wrong("exec.command", "is missing"), exec),
            Arguments = exec.TextList("args"),
            Environment = [.. exec.InnerList("env").Select(entry => (entry.Text("name") ?? "", entry.Text("value") ?? ""))],
            InstallHint = exec.Text("installHint"),
            Cluster = exec.Flag("provideClusterInfo") ? ClusterInfo(cluster) : null,
        };
    }

    // The default would print the environment, which may hold secrets.
    public override string ToString() => Command;

    /// <summary>A command with a slash is a path from the kubeconfig's directory; one without is looked for on PATH.</summary>
    private static string Located(string command, KubeconfigEntry exec) =>
        command.Contains('/', StringComparison.Ordinal) || command.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal) ? exec.FromDirectory(command) : command;

    /// <summary>A plugin that must ask is refused. v1 has no default, and kubectl takes no file without a mode either.</summary>
    private static void RefuseTerminal(KubeconfigEntry exec, string? mode)
    {
        const string key = "exec.interactiveMode";
        if (mode is "Never" or "IfAvailable") return;
        if (mode is null) throw exec.Wrong(key, "is missing", "Set it to IfAvailable or Never: v1 has no default.");
        if (mode != "Always") throw exec.Wrong(key, $"is '{mode}', but only Never, IfAvailable and Always are known");
        throw exec.Wrong(key, "is Always: the plugin wants to ask on a terminal, and gets none here", "Log in with the plugin's own command first, and set interactiveMode to IfAvailable or Never.");
    }

    private static ExecClusterInfo ClusterInfo(KubeconfigEntry cluster) => new(
        cluster.Text("server") ?? "",
        cluster.Text("tls-server-name"),
        cluster.Flag("insecure-skip-tls-verify") ? true : null,
        cluster.Bytes("certificate-authority"),
        cluster.Text("proxy-url"),
        cluster.InnerList("extensions").FirstOrDefault(extension => extension.Text("name") == Group + "exec")?.Json("extension"));
}

/// <summary>What a plugin is told of the cluster.</summary>
internal sealed record ExecClusterInfo(
    string Server,
    [property: JsonPropertyName("tls-server-name")] string? TlsServerName,
    [property: JsonPropertyName("insecure-skip-tls-verify")] bool? InsecureSkipTlsVerify,
    [property: JsonPropertyName("certificate-authority-data")] byte[]? CertificateAuthorityData,
    [property: JsonPropertyName("proxy-url")] string? ProxyUrl,
    JsonNode? Config);

/// <summary>What goes to a plugin in KUBERNETES_EXEC_INFO, and comes back from it.</summary>
internal sealed record ExecCredentialDocument(string? ApiVersion, string? Kind, ExecCredentialSpec? Spec, ExecCredentialStatus? Status);

/// <summary>What a plugin is told: it never gets a terminal to ask on.</summary>
internal sealed record ExecCredentialSpec(bool Interactive, ExecClusterInfo? Cluster);

/// <summary>What a plugin gives.</summary>
internal sealed record ExecCredentialStatus(string? Token, string? ClientCertificateData, string? ClientKeyData, DateTimeOffset? ExpirationTimestamp)
{
    public override string ToString() => "a credential";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ExecCredentialDocument))]
internal sealed partial class ExecCredentialJson : JsonSerializerContext;
