using Rollout.Engine.Images.Dockerfiles;

namespace Rollout.Engine.Images.Builders;

/// <summary>One way to build an image.</summary>
internal interface IImageBuilder
{
    /// <summary>Which way.</summary>
    ImageBuilderKind Kind { get; }

    /// <summary>Why it cannot be used here; null where it can. Looks, and builds nothing.</summary>
    Task<string?> MissingAsync(CancellationToken cancellation);

    /// <summary>Builds; returns the id of the image in the engine.</summary>
    /// <exception cref="RolloutException">BuildStepFailed, BuildFailed, and the failures of engine and context.</exception>
    Task<string> BuildAsync(BuildJob job, BuildProgress progress, CancellationToken cancellation);
}

/// <summary>One build, with everything found out that a builder needs.</summary>
/// <param name="Request">What the user asked for.</param>
/// <param name="Directory">The context, full path.</param>
/// <param name="Dockerfile">The Dockerfile.</param>
/// <param name="References">The references to give the image; empty where its name comes from its id.</param>
internal sealed record BuildJob(
    ImageBuildRequest Request,
    string Directory,
    Dockerfile Dockerfile,
    IReadOnlyList<ImageReference> References);
