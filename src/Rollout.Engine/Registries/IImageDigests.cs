namespace Rollout.Engine.Registries;

/// <summary>What registries say of the digests of images.</summary>
public interface IImageDigests
{
    /// <summary>
    /// The reference with the digest its registry has it under. As it is where the registry cannot be asked from here, which is one warning a
    /// registry: often only a cluster reaches it, or has the credentials.
    /// </summary>
    /// <exception cref="RolloutException">ImageNotInRegistry: the registry answers that it holds no such image.</exception>
    Task<ImageReference> PinAsync(ImageReference reference, IReporter reporter, CancellationToken cancellation);

    /// <summary>
    /// Every digest by which a runtime may name an image that has a digest: the index's, its platforms' manifests' and their configs'. The
    /// reference's own alone where the registry cannot be asked.
    /// </summary>
    Task<IReadOnlySet<string>> DigestsAsync(ImageReference reference, CancellationToken cancellation);
}
