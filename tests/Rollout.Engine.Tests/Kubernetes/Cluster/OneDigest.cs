using Rollout.Engine.Registries;

namespace Rollout.Engine.Tests.Kubernetes.Cluster;

/// <summary>In place of registries: every image is held, under the first of these digests; a runtime may name it by any of them.</summary>
internal sealed class OneDigest(params string[] digests) : IImageDigests
{
    public Task<ImageReference> PinAsync(ImageReference reference, IReporter reporter, CancellationToken cancellation) => Task.FromResult(reference.WithDigest(digests[0]));

    public Task<IReadOnlySet<string>> DigestsAsync(ImageReference reference, CancellationToken cancellation) => Task.FromResult<IReadOnlySet<string>>(digests.ToHashSet());
}
