using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Registries;

/// <summary>
/// Keeps a tag from being overwritten. A push's digest is known only after the push, so a tag that exists is never pushed to: it either
/// holds this image already, and is left as it is, or it is refused. (The protocol has no way to write a tag only if it is new: two who
/// publish the same new tag at the same moment can still overwrite each other.)
/// </summary>
internal static class ImmutableTag
{
    /// <summary>The digest under which a registry has this very image at this tag; null where the tag is new.</summary>
    /// <exception cref="RolloutException">TagIsImmutable: the tag holds another image.</exception>
    public static async Task<string?> ExistingAsync(RegistryClient registry, ImageReference reference, ImageInspect image, CancellationToken cancellation)
    {
        var body = await registry.GetManifestAsync(reference.Repository, reference.Tag!, cancellation);
        if (body is null) return null;

        var digest = ContentDigest.Like("sha256:", body.Bytes.Span);
        if (IsKnownAs(image, digest)) return digest;

        var manifest = ImageManifest.Read(reference, digest, body);
        return IsOf(image, manifest) ? digest : throw PublishErrors.TagIsImmutable(reference, digest);
    }

    // The engine keeps the digests that an image was pushed or pulled by; in the containerd image store the id is one itself.
    private static bool IsKnownAs(ImageInspect image, string digest) =>
        image.Id == digest || image.RepoDigests.Any(known => known.EndsWith("@" + digest, StringComparison.Ordinal));

    // In the engine's own image store the id is the config's digest, which determines the unpacked content.
    private static bool IsOf(ImageInspect image, ImageManifest manifest) =>
        manifest.Document.Config?.Digest == image.Id || manifest.Manifests.Any(child => IsKnownAs(image, child.Digest));
}
