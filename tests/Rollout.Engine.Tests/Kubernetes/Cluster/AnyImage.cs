using Rollout.Engine.Registries;

namespace Rollout.Engine.Tests.Kubernetes.Cluster;

/// <summary>In place of registries: every image is held, by its tag alone. What registries say is <c>ImageDigestsTests</c>' matter.</summary>
internal sealed class AnyImage : IImageDigests
{
    public static AnyImage Instance { get; } = new();

    public Task<ImageReference> PinAsync(ImageReference reference, IReporter reporter, CancellationToken cancellation) => Task.FromResult(reference);

    public Task<IReadOnlySet<string>> DigestsAsync(ImageReference reference, CancellationToken cancellation) => Task.FromResult<IReadOnlySet<string>>(new HashSet<string>());
}
