using System.Text;
using System.Text.Json;
using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Registries;

/// <summary>
/// Credentials as the docker CLI keeps them: <c>config.json</c> with <c>auths</c>, <c>credsStore</c> and <c>credHelpers</c>. Read at each
/// question, so that a login made meanwhile is seen.
/// </summary>
public sealed class DockerConfig : IRegistryCredentials
{
    /// <summary>The name Docker Hub goes by in config.json and towards credential helpers.</summary>
    internal const string DockerHubKey = "https://index.docker.io/v1/";

    // What a helper gives as user name where its secret is an identity token.
    private const string TokenUser = "<token>";

    private readonly string _directory;
    private readonly CredentialHelper _helper;

    /// <summary>Reads the config.json of a directory.</summary>
    /// <param name="directory">The directory; null for DOCKER_CONFIG, else <c>.docker</c> in the home directory.</param>
    /// <param name="helperTimeout">How long a credential helper may take; null for 30 seconds.</param>
    /// <param name="time">The clock of that timeout; null for the system's.</param>
    public DockerConfig(string? directory = null, TimeSpan? helperTimeout = null, TimeProvider? time = null)
    {
        _directory = directory ?? DefaultDirectory();
        _helper = new CredentialHelper(helperTimeout ?? TimeSpan.FromSeconds(30), time ?? TimeProvider.System);
    }

    /// <inheritdoc/>
    /// <exception cref="RolloutException">DockerConfigInvalid, CredentialHelperNotFound, CredentialHelperFailed.</exception>
    public async Task<RegistryAuth?> FindAsync(string registry, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(registry);
        if (await ReadAsync(cancellation) is not { } config) return null;

        var server = ServerOf(registry);
        var helper = Lookup(config.CredHelpers, server) ?? config.CredsStore;
        return string.IsNullOrEmpty(helper)
            ? Stored(Lookup(config.Auths, server), server)
            : Helped(await _helper.GetAsync(helper, server, cancellation), server);
    }

    /// <summary>What a registry is called in config.json and towards the engine: Docker Hub by its old address, others by their host.</summary>
    internal static string ServerOf(string registry) => registry == ImageReference.DefaultRegistry ? DockerHubKey : registry;

    private string Path => System.IO.Path.Combine(_directory, "config.json");

    private static string DefaultDirectory() =>
        Environment.GetEnvironmentVariable("DOCKER_CONFIG") is { Length: > 0 } given
            ? given
            : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker");

    private async Task<DockerConfigFile?> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            await using var file = File.OpenRead(Path);
            if (file.Length == 0) return null;
            return await JsonSerializer.DeserializeAsync(file, RegistriesJson.Default.DockerConfigFile, cancellation);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception unreadable) when (unreadable is JsonException or IOException or UnauthorizedAccessException)
        {
            throw RegistryErrors.DockerConfigInvalid(Path, unreadable);
        }
    }

    /// <summary>The entry of exactly that name, else the first whose host is the same: the CLI has written hosts, addresses and paths over time.</summary>
    private static T? Lookup<T>(IReadOnlyDictionary<string, T>? entries, string server)
        where T : class
    {
        if (entries is null) return null;
        if (entries.TryGetValue(server, out var exact)) return exact;

        var host = HostOf(server);
        return entries.FirstOrDefault(entry => HostOf(entry.Key) == host).Value;
    }

    private static string HostOf(string key)
    {
        var scheme = key.IndexOf("://", StringComparison.Ordinal);
        var rest = scheme < 0 ? key : key[(scheme + 3)..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var host = slash < 0 ? rest : rest[..slash];
        return host is "docker.io" or "registry-1.docker.io" ? "index.docker.io" : host;
    }

    private RegistryAuth? Stored(DockerConfigAuth? entry, string server)
    {
        if (entry is null) return null;

        var (name, password) = string.IsNullOrEmpty(entry.Auth) ? (entry.Username, entry.Password) : Decode(entry.Auth, server);
        return OrNone(new RegistryAuth
        {
            Username = NullIfEmpty(name),
            Password = NullIfEmpty(password),
            IdentityToken = NullIfEmpty(entry.IdentityToken),
            RegistryToken = NullIfEmpty(entry.RegistryToken),
            ServerAddress = server,
        });
    }

    private (string Name, string Password) Decode(string auth, string server)
    {
        var bytes = new byte[auth.Length];
        if (!Convert.TryFromBase64String(auth, bytes, out var length)) throw RegistryErrors.StoredCredentialInvalid(Path, server);

        var text = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0) throw RegistryErrors.StoredCredentialInvalid(Path, server);
        return (text[..colon], text[(colon + 1)..].Trim('\0'));
    }

    private static RegistryAuth? Helped(CredentialHelperAnswer? answer, string server)
    {
        if (answer is null) return null;
        return OrNone(answer.Username == TokenUser
            ? new RegistryAuth { IdentityToken = NullIfEmpty(answer.Secret), ServerAddress = server }
            : new RegistryAuth { Username = NullIfEmpty(answer.Username), Password = NullIfEmpty(answer.Secret), ServerAddress = server });
    }

    private static RegistryAuth? OrNone(RegistryAuth auth) =>
        auth.Username is null && auth.IdentityToken is null && auth.RegistryToken is null ? null : auth;

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
