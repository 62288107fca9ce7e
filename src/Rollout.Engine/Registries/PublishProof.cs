using System.Collections.Concurrent;

namespace Rollout.Engine.Registries;

/// <summary>An image of which the registry has confirmed everything.</summary>
/// <param name="MediaType">The media type of the manifest or index.</param>
/// <param name="Size">Bytes of manifests, configs and layers together.</param>
/// <param name="Layers">The layers of the platform asked for, base first.</param>
internal sealed record ProvenImage(string MediaType, long Size, IReadOnlyList<ProvenLayer> Layers);

/// <summary>One layer; not verified where it is kept outside registries.</summary>
internal sealed record ProvenLayer(string Digest, long Size, bool IsVerified);

/// <summary>
/// Proves that a repository holds what was pushed: the tag's digest is the pushed one, the manifest's bytes have it, the manifest is
/// well formed, each manifest of an index is too, and each config and layer is there in its size. Content proven once counts for every tag.
/// </summary>
internal sealed class PublishProof(RegistryClient registry)
{
    private const int ConcurrentQuestions = 8;

    private readonly ConcurrentDictionary<(string Repository, string Digest), ProvenImage> _proven = [];

    /// <summary>Proves one tag.</summary>
    /// <param name="reference">The tag.</param>
    /// <param name="digest">The digest it was pushed as.</param>
    /// <param name="platform">Whose layers are wanted, where it is an index: <c>linux/amd64</c>.</param>
    /// <param name="cancellation">Ends the questions.</param>
    /// <exception cref="RolloutException">
    /// PublishedDigestMismatch, PublishedManifestMissing, PublishedManifestInvalid, PublishedBlobMissing, PublishedBlobSizeMismatch.
    /// </exception>
    public async Task<ProvenImage> ProveAsync(ImageReference reference, string digest, string platform, CancellationToken cancellation)
    {
        var found = await DigestOfTagAsync(reference, digest, cancellation);
        if (found != digest) throw PublishErrors.DigestMismatch(reference, digest, found, "the registry's");

        var key = (reference.Repository, digest);
        if (_proven.TryGetValue(key, out var known)) return known;
        return _proven[key] = await ProveContentAsync(reference, digest, platform, cancellation);
    }

    private async Task<string> DigestOfTagAsync(ImageReference reference, string digest, CancellationToken cancellation)
    {
        var head = await registry.HeadManifestAsync(reference.Repository, reference.Tag!, cancellation) ?? throw PublishErrors.ManifestMissing(reference, digest);
        if (head.Digest is { } given) return given;

        // The header is optional; the bytes are not.
        var body = await registry.GetManifestAsync(reference.Repository, reference.Tag!, cancellation) ?? throw PublishErrors.ManifestMissing(reference, digest);
        return ContentDigest.Like(digest, body.Bytes.Span);
    }

    private async Task<ProvenImage> ProveContentAsync(ImageReference reference, string digest, string platform, CancellationToken cancellation)
    {
        var root = await ReadAsync(reference, digest, cancellation);
        var images = root.IsIndex ? await ReadChildrenAsync(reference, root, cancellation) : [root];
        var blobs = images.SelectMany(image => image.Blobs).DistinctBy(blob => (blob.Digest, blob.Size)).ToList();
        await ForEachAsync(blobs, (blob, token) => ProveBlobAsync(reference, blob, token), cancellation);

        var chosen = root.IsIndex ? images[IndexOfPlatform(root.Manifests, platform)] : root;
        var manifests = root.IsIndex ? images.Append(root) : images;
        return new ProvenImage(
            root.MediaType,
            manifests.Sum(manifest => manifest.Length) + blobs.Sum(blob => blob.Size),
            [.. chosen.Layers.Select(layer => new ProvenLayer(layer.Digest, layer.Size, !MediaTypes.IsForeignLayer(layer.MediaType)))]);
    }

    private async Task<ImageManifest> ReadAsync(ImageReference reference, string digest, CancellationToken cancellation)
    {
        var body = await registry.GetManifestAsync(reference.Repository, digest, cancellation) ?? throw PublishErrors.ManifestMissing(reference, digest);
        return ImageManifest.Read(reference, digest, body);
    }

    private async Task<ImageManifest[]> ReadChildrenAsync(ImageReference reference, ImageManifest index, CancellationToken cancellation)
    {
        var children = new ImageManifest[index.Manifests.Count];
        await ForEachAsync(Enumerable.Range(0, children.Length), async (i, token) =>
        {
            var expected = index.Manifests[i];
            children[i] = await ReadAsync(reference, expected.Digest, token);
            if (children[i].Length != expected.Size) throw PublishErrors.BlobSizeMismatch(reference, expected.Digest, expected.Size, children[i].Length);
            if (children[i].IsIndex) throw PublishErrors.ManifestInvalid(reference, expected.Digest, "it is an index within an index");
        }, cancellation);
        return children;
    }

    private async ValueTask ProveBlobAsync(ImageReference reference, Descriptor blob, CancellationToken cancellation)
    {
        var head = await registry.HeadBlobAsync(reference.Repository, blob.Digest, cancellation) ?? throw PublishErrors.BlobMissing(reference, blob.Digest);
        if (head.Size != blob.Size) throw PublishErrors.BlobSizeMismatch(reference, blob.Digest, blob.Size, head.Size);
        if (head.Digest is { } found && found != blob.Digest) throw PublishErrors.DigestMismatch(reference, blob.Digest, found, "the registry's blob under that digest");
    }

    /// <summary>The manifest of a platform; where none is of it, the first that is an image and no attestation.</summary>
    private static int IndexOfPlatform(IReadOnlyList<Descriptor> manifests, string platform)
    {
        var wanted = platform.Split('/');
        var candidates = Enumerable.Range(0, manifests.Count).ToList();
        return candidates.Where(Matches).Concat(candidates.Where(i => manifests[i].Platform?.Os is not "unknown")).FirstOrDefault();

        bool Matches(int i) => manifests[i].Platform is { } own
            && own.Os == wanted[0]
            && own.Architecture == wanted.ElementAtOrDefault(1)
            && (wanted.Length < 3 || own.Variant is null || own.Variant == wanted[2]);
    }

    private static Task ForEachAsync<T>(IEnumerable<T> all, Func<T, CancellationToken, ValueTask> one, CancellationToken cancellation) =>
        Parallel.ForEachAsync(all, new ParallelOptions { MaxDegreeOfParallelism = ConcurrentQuestions, CancellationToken = cancellation }, one);
}
