using System.Text.Json;

namespace Rollout.Engine.Registries;

/// <summary>A manifest or index whose bytes have the digest it was asked for by, and which is what it says it is.</summary>
/// <param name="Digest">The digest of its bytes.</param>
/// <param name="MediaType">Its media type.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="Document">What it says.</param>
internal sealed record ImageManifest(string Digest, string MediaType, long Length, ManifestDocument Document)
{
    /// <summary>Whether it names manifests, one a platform, instead of layers.</summary>
    public bool IsIndex => MediaTypes.IsIndex(MediaType);

    /// <summary>The manifests an index names.</summary>
    public IReadOnlyList<Descriptor> Manifests => Document.Manifests ?? [];

    /// <summary>The layers of an image, base first.</summary>
    public IReadOnlyList<Descriptor> Layers => Document.Layers ?? [];

    /// <summary>What the registry must hold for it: config and layers, without those kept elsewhere.</summary>
    public IEnumerable<Descriptor> Blobs =>
        Document.Config is { } config ? Layers.Where(layer => !MediaTypes.IsForeignLayer(layer.MediaType)).Prepend(config) : [];

    /// <summary>Reads a manifest that was asked for by its digest.</summary>
    /// <exception cref="RolloutException">PublishedDigestMismatch, PublishedManifestInvalid.</exception>
    public static ImageManifest Read(ImageReference reference, string digest, ManifestBody body)
    {
        var actual = ContentDigest.Like(digest, body.Bytes.Span);
        if (actual != digest) throw PublishErrors.DigestMismatch(reference, digest, actual, "the manifest that the registry gives");

        var document = Parse(body) ?? throw PublishErrors.ManifestInvalid(reference, digest, "it is not a manifest's JSON");
        var type = body.MediaType ?? "";
        var manifest = new ImageManifest(digest, type, body.Bytes.Length, document);
        return manifest.Problem() is { } problem ? throw PublishErrors.ManifestInvalid(reference, digest, problem) : manifest;
    }

    private static ManifestDocument? Parse(ManifestBody body)
    {
        try
        {
            return JsonSerializer.Deserialize(body.Bytes.Span, RegistriesJson.Default.ManifestDocument);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private string? Problem()
    {
        if (!IsIndex && !MediaTypes.IsManifest(MediaType)) return $"the registry gives it as '{MediaType}', which is no manifest";
        if (Document.MediaType is { Length: > 0 } own && own != MediaType) return $"the registry gives it as '{MediaType}', but it is '{own}'";
        if (Document.SchemaVersion != 2) return $"its schema version is {Document.SchemaVersion}, not 2";
        return IsIndex ? IndexProblem() : ImageProblem();
    }

    private string? IndexProblem()
    {
        if (Manifests.Count == 0) return "it names no manifests";
        if (Document.Config is not null || Layers.Count > 0) return "it is an index, yet has a config or layers";
        return Manifests.Select(child => Problem(child, MediaTypes.IsManifest, "manifest")).FirstOrDefault(problem => problem is not null);
    }

    private string? ImageProblem()
    {
        if (Document.Config is not { } config) return "it names no config";
        if (Manifests.Count > 0) return "it is an image, yet names manifests";
        return Layers.Select(layer => Problem(layer, MediaTypes.IsLayer, "layer"))
            .Prepend(Problem(config, MediaTypes.IsConfig, "config"))
            .FirstOrDefault(problem => problem is not null);
    }

    private static string? Problem(Descriptor? descriptor, Func<string, bool> isRight, string what)
    {
        if (descriptor is null) return $"it names a {what} that is null";
        if (!ImageReference.IsDigest(descriptor.Digest)) return $"'{descriptor.Digest}' is not the digest of a {what}";
        if (descriptor.Size < 0) return $"it gives the {what} {descriptor.Digest} {descriptor.Size} bytes";
        return isRight(descriptor.MediaType) ? null : $"'{descriptor.MediaType}' is not the media type of a {what}";
    }
}
