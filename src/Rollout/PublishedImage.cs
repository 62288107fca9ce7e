namespace Rollout;

/// <summary>An image that a registry holds, as proven by asking the registry.</summary>
public sealed record PublishedImage
{
    /// <summary>Where it is, with its digest.</summary>
    public required ImageReference Reference { get; init; }

    /// <summary>Every reference that was pushed, each with the digest.</summary>
    public IReadOnlyList<ImageReference> References { get; init; } = [];

    /// <summary>The digest of the manifest (or index) in the registry.</summary>
    public required string Digest { get; init; }

    /// <summary>The manifest's media type.</summary>
    public required string MediaType { get; init; }

    /// <summary>Bytes in the registry: manifest, config and layers.</summary>
    public long Size { get; init; }

    /// <summary>The layers, base first.</summary>
    public IReadOnlyList<PublishedLayer> Layers { get; init; } = [];

    /// <summary>True where manifest, config and every layer were confirmed by the registry.</summary>
    public bool Verified { get; init; }

    /// <summary>How long push and proof took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The engine it was pushed from.</summary>
    public RolloutEndpoint? Endpoint { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Reference.ToString();
}

/// <summary>One layer of a published image.</summary>
/// <param name="Digest">The digest of the compressed layer in the registry.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Status">How it came there.</param>
/// <param name="Verified">True where the registry confirmed digest and size.</param>
public sealed record PublishedLayer(string Digest, long Size, LayerStatus Status, bool Verified)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Digest} {Status}";
}

/// <summary>How a layer came to the registry.</summary>
public enum LayerStatus
{
    /// <summary>Uploaded now.</summary>
    Pushed,
    /// <summary>Was there before.</summary>
    Existing,
    /// <summary>Taken over from another repository of the registry.</summary>
    Mounted,
}
