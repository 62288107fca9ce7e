namespace Rollout.Engine.Images;

/// <summary>What an image is to be called: what Set-ImageTag takes. Empty strings and null count as absent.</summary>
public sealed record ImageTagRequest
{
    /// <summary>The image.</summary>
    public required ImageSource Image { get; init; }

    /// <summary>Tags, or one whole reference.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Another registry.</summary>
    public string? Registry { get; init; }

    /// <summary>Another repository.</summary>
    public string? Repository { get; init; }

    /// <summary>How tags are made besides those given.</summary>
    public ImageTagPolicy? Policy { get; init; }

    /// <summary>The version for <see cref="ImageTagPolicy.SemVer"/>; given alone it means that policy.</summary>
    public string? Version { get; init; }

    /// <summary>An environment (<c>staging</c>), whose name becomes a tag that moves from image to image.</summary>
    public string? Environment { get; init; }

    /// <summary>Also sets <c>latest</c>.</summary>
    public bool Latest { get; init; }

    /// <summary>Gives a version's tag to this image even where it names another one.</summary>
    public bool Force { get; init; }

    /// <summary>The directory whose git branch is meant by <see cref="ImageTagPolicy.Branch"/>; null for the current one.</summary>
    public string? Directory { get; init; }
}
