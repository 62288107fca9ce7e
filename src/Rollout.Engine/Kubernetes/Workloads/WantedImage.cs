using Rollout.Engine.Registries;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>The image of a rollout as it is deployed: pinned to the digest its registry has it under, unless by tag.</summary>
internal static class WantedImage
{
    /// <exception cref="RolloutException">ImageNotInRegistry; a warning with -Force.</exception>
    public static async Task<ImageReference> FindAsync(RolloutRequest request, IImageDigests images, IReporter reporter, CancellationToken cancellation)
    {
        var reference = request.Image.Reference;
        // What was just published has been proven by the registry itself.
        var pinned = request.Image.Published is { Reference.Digest: not null } ? reference : await PinnedAsync(reference, request.Force, images, reporter, cancellation);
        return request.ByTag && reference.Tag is { } tag ? reference.WithTag(tag) : pinned;
    }

    private static async Task<ImageReference> PinnedAsync(ImageReference reference, bool force, IImageDigests images, IReporter reporter, CancellationToken cancellation)
    {
        try
        {
            return await images.PinAsync(reference, reporter, cancellation);
        }
        catch (RolloutException missing) when (force && RegistryErrors.IsImageMissing(missing))
        {
            reporter.Warning($"{missing.Message} It is rolled out all the same.");
            return reference;
        }
    }
}
