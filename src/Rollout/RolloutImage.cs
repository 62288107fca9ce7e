namespace Rollout;

/// <summary>An image in a Docker engine's store, as built or tagged.</summary>
public sealed record RolloutImage
{
    /// <summary>The image's id in the engine: <c>sha256:...</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The reference that later cmdlets use: the first of <see cref="References"/>.</summary>
    public required ImageReference Reference { get; init; }

    /// <summary>The references that the last step set, each of which Publish-Image pushes.</summary>
    public IReadOnlyList<ImageReference> References { get; init; } = [];

    /// <summary>Every tag the engine knows this image by, as <c>name:tag</c>.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Size in bytes, unpacked.</summary>
    public long Size { get; init; }

    /// <summary>When the image was made.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>Operating system and architecture: <c>linux/amd64</c>, <c>linux/arm/v7</c>.</summary>
    public string Platform { get; init; } = "";

    /// <summary>The git commit it was built from, with <c>-dirty</c> where the tree had changes; null outside git.</summary>
    public string? Revision { get; init; }

    /// <summary>The image's labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The digests of the unpacked layers (diff ids), base first.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];

    /// <summary>The builder that made it; null where it was not built here.</summary>
    public ImageBuilderKind? Builder { get; init; }

    /// <summary>Build steps run or taken from cache.</summary>
    public int Steps { get; init; }

    /// <summary>Build steps taken from cache.</summary>
    public int CachedSteps { get; init; }

    /// <summary>How long the build took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The engine that holds it.</summary>
    public required RolloutEndpoint Endpoint { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Reference.ToString();
}

/// <summary>How an image is built.</summary>
public enum ImageBuilderKind
{
    /// <summary>The first of the others that is there, in their order.</summary>
    Auto,
    /// <summary>The docker CLI's buildx plugin.</summary>
    Buildx,
    /// <summary>A docker CLI with BuildKit of its own (20.10).</summary>
    Cli,
    /// <summary>BuildKit inside the engine, over the engine's API.</summary>
    BuildKit,
    /// <summary>The engine's classic builder, over its API.</summary>
    Classic,
}
