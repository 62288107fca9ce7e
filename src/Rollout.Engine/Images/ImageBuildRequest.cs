namespace Rollout.Engine.Images;

/// <summary>What to build, and how: what New-RolloutImage takes. Empty strings and null count as absent.</summary>
public sealed record ImageBuildRequest
{
    /// <summary>The context directory, full path.</summary>
    public required string Path { get; init; }

    /// <summary>The Dockerfile, a full path or one relative to the context; null for <c>Dockerfile</c> there.</summary>
    public string? Dockerfile { get; init; }

    /// <summary>The references to give the image; empty for one made from the directory's name and git's commit.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The stage to build; null for the last.</summary>
    public string? Target { get; init; }

    /// <summary>Values for the Dockerfile's ARGs.</summary>
    public IReadOnlyDictionary<string, string> BuildArgs { get; init; } = new Dictionary<string, string>();

    /// <summary>Labels to put on the image.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Platforms to build for (<c>linux/arm64</c>); empty for the engine's own.</summary>
    public IReadOnlyList<string> Platforms { get; init; } = [];

    /// <summary>Secrets by id, for <c>RUN --mount=type=secret,id=...</c>.</summary>
    public IReadOnlyDictionary<string, BuildSecret> Secrets { get; init; } = new Dictionary<string, BuildSecret>();

    /// <summary>Images, or buildx cache sources, to take steps from.</summary>
    public IReadOnlyList<string> CacheFrom { get; init; } = [];

    /// <summary>Where buildx puts the cache for later builds.</summary>
    public IReadOnlyList<string> CacheTo { get; init; } = [];

    /// <summary>Runs every step, cached or not.</summary>
    public bool NoCache { get; init; }

    /// <summary>Asks the registries for newer base images.</summary>
    public bool Pull { get; init; }

    /// <summary>The builder to use.</summary>
    public ImageBuilderKind Builder { get; init; }
}

/// <summary>A secret of a build. ToString() never shows it.</summary>
public sealed class BuildSecret
{
    private BuildSecret(string? file, string? value)
    {
        File = file;
        Value = value;
    }

    /// <summary>The file that holds it, full path; null where the value was given.</summary>
    internal string? File { get; }

    /// <summary>The value; null where a file was given.</summary>
    internal string? Value { get; }

    /// <summary>A secret that a file holds.</summary>
    public static BuildSecret FromFile(string path) => new(System.IO.Path.GetFullPath(path), null);

    /// <summary>A secret given as it is.</summary>
    public static BuildSecret FromValue(string value) => new(null, value);

    /// <inheritdoc/>
    public override string ToString() => File ?? "(secret)";
}
