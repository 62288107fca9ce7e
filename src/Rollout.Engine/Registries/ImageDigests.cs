using System.Collections.Concurrent;

namespace Rollout.Engine.Registries;

/// <summary>
/// Asks registries for the digests of images. Each image is asked for once, so that every rollout of a fleet gets the same one, and a registry that cannot be
/// reached is waited for once.
/// </summary>
/// <param name="credentials">Where credentials come from.</param>
/// <param name="time">The clock.</param>
public sealed class ImageDigests(IRegistryCredentials credentials, TimeProvider time) : IImageDigests
{
    private static readonly TimeSpan ReachLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan QuestionLimit = TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<string, Lazy<Registry>> _registries = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<ImageReference, Lazy<Task<string?>>> _pinned = new();
    private readonly ConcurrentDictionary<ImageReference, Lazy<Task<IReadOnlySet<string>>>> _digests = new();

    /// <inheritdoc/>
    public async Task<ImageReference> PinAsync(ImageReference reference, IReporter reporter, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(reporter);
        try
        {
            var digest = await _pinned.GetOrAdd(reference, asked => new(() => DigestAsync(asked))).Value.WaitAsync(cancellation);
            return reference.WithDigest(digest ?? throw RegistryErrors.ImageMissing(reference));
        }
        catch (RolloutException unanswered) when (!RegistryErrors.IsImageMissing(unanswered))
        {
            if (Open(reference.Registry).MayWarn()) reporter.Warning($"{unanswered.Message} Its images are rolled out without asking it, and where they name no digest, by their tag.");
            return reference;
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlySet<string>> DigestsAsync(ImageReference reference, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(reference);
        try
        {
            return await _digests.GetOrAdd(reference, asked => new(() => AllDigestsAsync(asked))).Value.WaitAsync(cancellation);
        }
        catch (RolloutException)
        {
            return new HashSet<string> { reference.Digest! };
        }
    }

    /// <summary>The digest; null where the registry holds no such image.</summary>
    private async Task<string?> DigestAsync(ImageReference reference)
    {
        var client = await ReachedAsync(reference.Registry);
        var name = reference.Digest ?? reference.Tag ?? "latest";
        if (await client.HeadManifestAsync(reference.Repository, name, CancellationToken.None) is not { } head) return null;
        if (reference.Digest is not null) return reference.Digest;
        if (head.Digest is { } given) return given;
        // The header is optional; the bytes are not.
        var body = await client.GetManifestAsync(reference.Repository, name, CancellationToken.None);
        return body is null ? null : ContentDigest.OfSha256(body.Bytes.Span);
    }

    private async Task<IReadOnlySet<string>> AllDigestsAsync(ImageReference reference)
    {
        var client = await ReachedAsync(reference.Registry);
        var root = await ManifestAsync(client, reference, reference.Digest!);
        var images = await Task.WhenAll(root.Manifests.Select(child => ManifestAsync(client, reference, child.Digest)));
        return images.Prepend(root).SelectMany(manifest => new[] { manifest.Digest, manifest.Document.Config?.Digest }).OfType<string>().ToHashSet();
    }

    private static async Task<ImageManifest> ManifestAsync(RegistryClient client, ImageReference reference, string digest)
    {
        var body = await client.GetManifestAsync(reference.Repository, digest, CancellationToken.None) ?? throw PublishErrors.ManifestMissing(reference, digest);
        return ImageManifest.Read(reference, digest, body);
    }

    private Task<RegistryClient> ReachedAsync(string registry) => Open(registry).Reached.Value;

    private Registry Open(string name) => _registries.GetOrAdd(name, registry => new(() => new Registry(() => ReachAsync(registry)))).Value;

    private async Task<RegistryClient> ReachAsync(string name)
    {
        var client = new RegistryClient(new RegistryOptions { Registry = name, Credentials = credentials, RequestTimeout = QuestionLimit, Time = time });
        using var limit = new CancellationTokenSource(ReachLimit, time);
        try
        {
            await client.ReachAsync(limit.Token);
            return client;
        }
        catch (OperationCanceledException)
        {
            client.Dispose();
            throw RegistryErrors.NotReachable(name, $"it did not answer within {ReachLimit.TotalSeconds:0} s.");
        }
    }

    private sealed class Registry(Func<Task<RegistryClient>> reach)
    {
        private int _warnings;

        /// <summary>The registry once it has answered, or why it has not.</summary>
        public Lazy<Task<RegistryClient>> Reached { get; } = new(reach);

        /// <summary>True the first time.</summary>
        public bool MayWarn() => Interlocked.Increment(ref _warnings) == 1;
    }
}
