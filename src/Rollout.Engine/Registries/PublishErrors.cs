namespace Rollout.Engine.Registries;

/// <summary>The failures of publishing and of its proof.</summary>
internal static class PublishErrors
{
    private const string PushAgain =
        "Publish again; where it stays, see the registry's log and storage, and whether something between changes what it answers. Do not roll this out.";

    // Before anything is pushed.

    internal static RolloutException TagNeeded(ImageReference reference) => new(
        "PublishNeedsTag",
        ErrorKind.InvalidInput,
        $"{reference} names an image by its digest alone; an engine pushes tags.",
        "Give it a tag with Set-ImageTag.",
        reference);

    internal static RolloutException TagMoved(ImageReference reference, string built, string now) => new(
        "ImageTagMoved",
        ErrorKind.Conflict,
        $"{reference} is no longer the image that was built: it was {built}, and is {now} now.",
        "Build or tag again and publish what comes of it; somebody else may use the same tag on this engine.",
        reference);

    internal static RolloutException TagIsImmutable(ImageReference reference, string existing) => new(
        "TagIsImmutable",
        ErrorKind.Conflict,
        $"{reference} exists in the registry already, as another image ({existing}). Nothing was pushed.",
        "Publish under a new tag, or without -Immutable.",
        reference);

    internal static RolloutException Timeout(ImageReference reference, TimeSpan after) => new(
        "PublishTimeout",
        ErrorKind.Timeout,
        $"Publishing {reference} was not done within {after.TotalSeconds:0.#} s.",
        "Publish again: layers that arrived are not sent again. Or give more time with -TimeoutSec.",
        reference);

    // The proof.

    internal static RolloutException DigestMismatch(ImageReference reference, string expected, string found, string what) => new(
        "PublishedDigestMismatch",
        ErrorKind.InvalidData,
        $"{reference} was pushed as {expected}, but {what} is {found}.",
        PushAgain,
        reference);

    internal static RolloutException ManifestMissing(ImageReference reference, string digest) => new(
        "PublishedManifestMissing",
        ErrorKind.InvalidData,
        $"{reference} was pushed, but the registry has no manifest {digest} there.",
        PushAgain,
        reference);

    internal static RolloutException ManifestInvalid(ImageReference reference, string digest, string problem) => new(
        "PublishedManifestInvalid",
        ErrorKind.InvalidData,
        $"The manifest {digest} of {reference} is not right: {problem}.",
        PushAgain,
        reference);

    internal static RolloutException BlobMissing(ImageReference reference, string digest) => new(
        "PublishedBlobMissing",
        ErrorKind.InvalidData,
        $"{reference} was pushed, but the registry has no blob {digest} for it.",
        PushAgain,
        reference);

    internal static RolloutException BlobSizeMismatch(ImageReference reference, string digest, long expected, long? found) => new(
        "PublishedBlobSizeMismatch",
        ErrorKind.InvalidData,
        $"The blob {digest} of {reference} should have {expected} bytes; the registry has {(found is null ? "it with no size" : found)}.",
        PushAgain,
        reference);
}
