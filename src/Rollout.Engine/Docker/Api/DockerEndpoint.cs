using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rollout.Engine.Docker.Api;

/// <summary>Where a Docker engine listens, and how it is spoken to there.</summary>
public sealed record DockerEndpoint
{
    private const string DefaultContext = "default";

    private DockerEndpoint(Uri host, DockerTls? tls, string? context)
    {
        Host = host;
        Tls = tls;
        Context = context;
    }

    /// <summary>The address: <c>unix:///path</c>, <c>npipe:////./pipe/name</c> or <c>tcp://host:port</c>.</summary>
    public Uri Host { get; }

    /// <summary>How TLS is done; null for none.</summary>
    public DockerTls? Tls { get; }

    /// <summary>The docker context it was chosen by; null where none was.</summary>
    public string? Context { get; }

    /// <summary>
    /// Finds the engine as the docker CLI does: the host given, the context given, DOCKER_HOST, DOCKER_CONTEXT, the current context of
    /// <c>config.json</c>, the platform's default. Empty strings count as absent.
    /// </summary>
    /// <exception cref="RolloutException">InvalidDockerHost, DockerHostNotSupported, DockerContextNotFound, DockerContextUnusable, DockerCertificateUnusable.</exception>
    public static DockerEndpoint Resolve(string? host, string? context, DockerSettings settings)
    {
        if (!string.IsNullOrEmpty(host)) return FromHost(host, settings);
        if (string.IsNullOrEmpty(context)) context = ContextOf(settings);
        return context == DefaultContext ? Default(settings) : FromContext(context, settings);
    }

    /// <summary>Finds the engine that an object came from, and refuses where its context names another by now.</summary>
    /// <exception cref="RolloutException">As <see cref="Resolve(string?, string?, DockerSettings)"/>, and DockerContextMoved.</exception>
    public static DockerEndpoint Resolve(RolloutEndpoint from, DockerSettings settings)
    {
        if (string.IsNullOrEmpty(from.Context)) return Resolve(from.DockerHost, null, settings);
        var endpoint = Resolve(null, from.Context, settings);
        if (from.DockerHost is not null && endpoint.ToString() != from.DockerHost) throw DockerErrors.ContextMoved(from, endpoint);
        return endpoint;
    }

    /// <summary>This place as objects carry it.</summary>
    public RolloutEndpoint ToRolloutEndpoint() => new() { DockerHost = ToString(), Context = Context };

    /// <summary>The address as the docker CLI takes it.</summary>
    public override string ToString() => Host.OriginalString;

    private static string ContextOf(DockerSettings settings)
    {
        if (settings.Variable("DOCKER_HOST") is not null) return DefaultContext;
        if (settings.Variable("DOCKER_CONTEXT") is { } named) return named;

        var configFile = Path.Combine(settings.ConfigDirectory, "config.json");
        var current = ReadJson(configFile, settings)?["currentContext"] as JsonValue;
        return current is not null && current.TryGetValue<string>(out var name) && name.Length > 0 ? name : DefaultContext;
    }

    private static DockerEndpoint Default(DockerSettings settings) => FromHost(
        settings.Variable("DOCKER_HOST") ?? (settings.IsWindows ? "npipe:////./pipe/docker_engine" : "unix:///var/run/docker.sock"),
        settings);

    private static DockerEndpoint FromHost(string host, DockerSettings settings) => Create(host, TlsOfEnvironment(settings), null);

    /// <summary>A context's files are in directories named by the SHA-256 of its name.</summary>
    private static DockerEndpoint FromContext(string name, DockerSettings settings)
    {
        var contexts = Path.Combine(settings.ConfigDirectory, "contexts");
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
        var metaFile = Path.Combine(contexts, "meta", id, "meta.json");
        var meta = ReadJson(metaFile, settings) ?? throw DockerErrors.ContextNotFound(name, contexts);

        var docker = (meta["Endpoints"] as JsonObject)?["docker"] as JsonObject;
        if (docker?[nameof(Host)] is not JsonValue hostValue || !hostValue.TryGetValue<string>(out var host) || host.Length == 0)
        {
            throw DockerErrors.ContextUnusable(metaFile, "it names no Docker host");
        }

        var skipVerify = docker["SkipTLSVerify"] is JsonValue skip && skip.TryGetValue<bool>(out var isSkip) && isSkip;
        var tls = TlsOfDirectory(Path.Combine(contexts, "tls", id, "docker"), settings) is { } found ? found with { SkipVerify = skipVerify }
            : skipVerify ? new DockerTls { SkipVerify = true }
            : null;
        return Create(host, tls, name);
    }

    private static DockerTls? TlsOfEnvironment(DockerSettings settings)
    {
        var verify = settings.Variable("DOCKER_TLS_VERIFY") is not null;
        if (!verify && settings.Variable("DOCKER_TLS") is null) return null;

        var directory = settings.Variable("DOCKER_CERT_PATH");
        var tls = TlsOfDirectory(directory ?? settings.ConfigDirectory, settings);
        if (tls is null && directory is not null) throw DockerErrors.CertificatesMissing(directory);
        return (tls ?? new DockerTls()) with { SkipVerify = !verify };
    }

    private static DockerTls? TlsOfDirectory(string directory, DockerSettings settings)
    {
        var ca = Existing("ca.pem");
        var certificate = Existing("cert.pem");
        var key = Existing("key.pem");
        if (certificate is null != key is null) throw DockerErrors.HalfACertificate(directory);
        return ca is null && certificate is null ? null : new DockerTls { CaFile = ca, CertificateFile = certificate, KeyFile = key };

        string? Existing(string name)
        {
            var path = Path.Combine(directory, name);
            return settings.ReadFile(path) is null ? null : path;
        }
    }

    private static DockerEndpoint Create(string host, DockerTls? tls, string? context)
    {
        if (!host.Contains("://", StringComparison.Ordinal)) throw DockerErrors.InvalidHost(host, "it has no scheme");
        if (!Uri.TryCreate(host, UriKind.Absolute, out var uri)) throw DockerErrors.InvalidHost(host, "it is not an address");
        return uri.Scheme switch
        {
            "unix" when uri.Host.Length > 0 || uri.AbsolutePath is "" or "/" => throw DockerErrors.InvalidHost(host, "a unix socket needs an absolute path"),
            "npipe" when !uri.LocalPath.Contains("pipe/", StringComparison.Ordinal) => throw DockerErrors.InvalidHost(host, "a named pipe is at //./pipe/name"),
            "tcp" when uri.Host.Length == 0 => throw DockerErrors.InvalidHost(host, "it names no host"),
            "tcp" when uri.UserInfo.Length > 0 || uri.AbsolutePath is not ("" or "/") || uri.Query.Length > 0 => throw DockerErrors.InvalidHost(host, "only a host and a port may stand after tcp://"),
            "unix" or "npipe" => new DockerEndpoint(uri, null, context),
            "tcp" => new DockerEndpoint(uri, tls, context),
            "ssh" => throw DockerErrors.SshNotSupported(host),
            _ => throw DockerErrors.InvalidHost(host, $"'{uri.Scheme}' is not one of unix, npipe and tcp"),
        };
    }

    private static JsonObject? ReadJson(string file, DockerSettings settings)
    {
        try
        {
            return settings.ReadFile(file) is { } text ? JsonNode.Parse(text) as JsonObject : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw DockerErrors.ContextUnusable(file, e.Message);
        }
    }
}
