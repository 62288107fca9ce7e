using System.Net;
using Polly;
using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Registries;

/// <summary>How a registry is spoken to.</summary>
public sealed record RegistryOptions
{
    /// <summary>The registry, as <see cref="ImageReference.Registry"/> has it.</summary>
    public required string Registry { get; init; }

    /// <summary>Where credentials for it come from.</summary>
    public required IRegistryCredentials Credentials { get; init; }

    /// <summary>Hosts, each with or without a port, that may have its credentials besides those known and those of ROLLOUT_TOKEN_REALMS.</summary>
    public IReadOnlyCollection<string> AllowedTokenRealms { get; init; } = [];

    /// <summary>
    /// Whether any certificate and plain HTTP will do, as the engine holds it of loopback addresses and of its insecure-registries.
    /// </summary>
    public bool IsInsecure { get; init; }

    /// <summary>Where certificates are kept in <c>HOST:PORT</c> directories; null for the engine's own place.</summary>
    public string? CertificatesDirectory { get; init; }

    /// <summary>How long one request may take.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How a question that failed is asked again; not at all where nothing is set.</summary>
    internal ResiliencePipeline Retry { get; init; } = ResiliencePipeline.Empty;
}

/// <summary>A registry's word about a manifest, without the manifest.</summary>
/// <param name="Digest">Docker-Content-Digest; null where the registry does not send it.</param>
/// <param name="MediaType">Content-Type.</param>
public sealed record ManifestHead(string? Digest, string? MediaType);

/// <summary>A manifest as it came.</summary>
/// <param name="MediaType">Content-Type.</param>
/// <param name="Bytes">The bytes that its digest is of.</param>
public sealed record ManifestBody(string? MediaType, ReadOnlyMemory<byte> Bytes);

/// <summary>A registry's word about a blob, without the blob.</summary>
/// <param name="Digest">Docker-Content-Digest; null where the registry does not send it.</param>
/// <param name="Size">Content-Length; null where the registry does not send it.</param>
public sealed record BlobHead(string? Digest, long? Size);

/// <summary>
/// One registry over the distribution protocol (OCI distribution specification 1.1), as far as Rollout reads from it. TLS by default;
/// where the registry is insecure, TLS with any certificate is tried first and plain HTTP after it, as the engine does.
/// Every failure is a <see cref="RolloutException"/>; see <see cref="RegistryErrors"/>.
/// </summary>
public sealed class RegistryClient : IDisposable
{
    private readonly RegistryAddress _registry;
    private readonly RegistryOptions _options;
    private readonly RegistryTransport _transport;
    private readonly RegistryAuthorization _authorization;
    private Entry? _entry;

    /// <summary>Creates a client. Nothing is sent before the first question.</summary>
    /// <exception cref="RolloutException">RegistryCertificateUnreadable.</exception>
    public RegistryClient(RegistryOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _registry = new RegistryAddress(options.Registry);
        _options = options with
        {
            IsInsecure = options.IsInsecure || _registry.IsLoopback,
            AllowedTokenRealms = [.. options.AllowedTokenRealms, .. TokenRealms.Parse(Environment.GetEnvironmentVariable(TokenRealms.Variable))],
        };
        var trust = new RegistryTrust(_registry, _options.IsInsecure, options.CertificatesDirectory ?? RegistryTrust.DefaultDirectory);
        _transport = new RegistryTransport(_registry, trust, options.RequestTimeout, options.Time);
        _authorization = new RegistryAuthorization(_registry, _transport, _options);
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _transport.Dispose();

    /// <summary>
    /// The credentials that the engine may be handed now for a repository, or with null for any: asks the registry, each time anew, what it wants (GET /v2/),
    /// refuses where it would have them sent to a token server that is not trusted, and sees that they are accepted (an engine would try
    /// wrong ones for most of a minute). Null where it wants none, or there are none. Not tried again: who hands them to the engine
    /// tries both again.
    /// </summary>
    /// <exception cref="RolloutException">TokenRealmNotTrusted, RegistryUnauthorized, and what keeps the registry from answering.</exception>
    public async Task<RegistryAuth?> CredentialsForEngineAsync(string? repository, CancellationToken cancellation)
    {
        var entry = _entry = await DiscoverAsync(cancellation);
        if (await _authorization.CredentialsAsync(entry.Challenges, cancellation) is not { } credentials) return null;

        var header = await _authorization.HeaderAsync(entry.Challenges, repository is null ? null : PullOf(repository), isFresh: true, cancellation);
        if (header?.Scheme == "Basic") await VerifyAsync(new RegistryRequest(HttpMethod.Get, new Uri(entry.Root, "v2/")) { Authorization = header }, cancellation);
        return credentials;
    }

    /// <summary>Finds out whether the registry answers, and remembers how.</summary>
    /// <exception cref="RolloutException">What keeps it from answering.</exception>
    public async Task ReachAsync(CancellationToken cancellation) => _entry ??= await DiscoverAsync(cancellation);

    /// <summary>Asks for a manifest's digest; null where there is none of that tag or digest.</summary>
    public async Task<ManifestHead?> HeadManifestAsync(string repository, string tagOrDigest, CancellationToken cancellation)
    {
        var response = await AskAsync(HttpMethod.Head, repository, $"manifests/{tagOrDigest}", MediaTypes.Manifests, cancellation);
        return response is null ? null : new(DigestOf(response), response.ContentType);
    }

    /// <summary>Reads a manifest; null where there is none of that tag or digest.</summary>
    public async Task<ManifestBody?> GetManifestAsync(string repository, string tagOrDigest, CancellationToken cancellation)
    {
        var response = await AskAsync(HttpMethod.Get, repository, $"manifests/{tagOrDigest}", MediaTypes.Manifests, cancellation);
        return response is null ? null : new(response.ContentType, response.Body);
    }

    /// <summary>Asks for a blob's size; null where there is none of that digest.</summary>
    public async Task<BlobHead?> HeadBlobAsync(string repository, string digest, CancellationToken cancellation)
    {
        var response = await AskAsync(HttpMethod.Head, repository, $"blobs/{digest}", [], cancellation);
        return response is null ? null : new(DigestOf(response), response.ContentLength);
    }

    private static string? DigestOf(RegistryResponse response) =>
        response.Headers.TryGetValues("Docker-Content-Digest", out var values) ? values.FirstOrDefault() : null;

    private static string PullOf(string repository) => $"repository:{repository}:pull";

    private async Task VerifyAsync(RegistryRequest request, CancellationToken cancellation)
    {
        var response = await _transport.SendAsync(request, cancellation);
        if (!response.IsSuccess) throw RegistryErrors.Refused(_registry, request, response, _options.Time);
    }

    private Task<T> RetryAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellation) =>
        _options.Retry.ExecuteAsync(static async (ask, token) => await ask(token), ask, cancellation).AsTask();

    private Task<RegistryResponse?> AskAsync(HttpMethod method, string repository, string path, IReadOnlyList<string> accept, CancellationToken cancellation) =>
        RetryAsync(token => AskOnceAsync(method, repository, path, accept, token), cancellation);

    /// <summary>Asks a question about a repository, and once more where the authorization was not enough; null for a 404.</summary>
    private async Task<RegistryResponse?> AskOnceAsync(HttpMethod method, string repository, string path, IReadOnlyList<string> accept, CancellationToken cancellation)
    {
        var entry = _entry ??= await DiscoverAsync(cancellation);
        var scope = PullOf(repository);
        var request = new RegistryRequest(method, new Uri(entry.Root, $"v2/{repository}/{path}"))
        {
            Accept = accept,
            Authorization = await _authorization.HeaderAsync(entry.Challenges, scope, isFresh: false, cancellation),
        };

        var response = await _transport.SendAsync(request, cancellation);
        if (response.Status == HttpStatusCode.Unauthorized && AuthChallenge.Of(response.Headers) is { Count: > 0 } challenges)
        {
            request = request with { Authorization = await _authorization.HeaderAsync(challenges, scope, isFresh: true, cancellation) };
            response = await _transport.SendAsync(request, cancellation);
        }

        if (response.Status == HttpStatusCode.NotFound) return null;
        return response.IsSuccess ? response : throw RegistryErrors.Refused(_registry, request, response, _options.Time);
    }

    /// <summary>Finds out where the registry answers, and what it asks for.</summary>
    private async Task<Entry> DiscoverAsync(CancellationToken cancellation)
    {
        try
        {
            return await EnterAsync(_registry.Https, cancellation);
        }
        catch (RolloutException failed) when (_options.IsInsecure && RegistryErrors.IsOfTransport(failed))
        {
            return await EnterAsync(_registry.Http, cancellation);
        }
    }

    private async Task<Entry> EnterAsync(Uri root, CancellationToken cancellation)
    {
        var request = new RegistryRequest(HttpMethod.Get, new Uri(root, "v2/"));
        var response = await _transport.SendAsync(request, cancellation);
        if (response.IsSuccess) return new(root, []);
        if (response.Status == HttpStatusCode.Unauthorized) return new(root, AuthChallenge.Of(response.Headers));
        throw response.Status == HttpStatusCode.NotFound
            ? RegistryErrors.NotARegistry(request)
            : RegistryErrors.Refused(_registry, request, response, _options.Time);
    }

    private sealed record Entry(Uri Root, IReadOnlyList<AuthChallenge> Challenges);
}
