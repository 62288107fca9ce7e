namespace Rollout.Engine.Images.Builders;

/// <summary>A -CacheFrom: an image's reference, or buildx's <c>type=registry,ref=...</c>.</summary>
/// <param name="Type">registry, local, gha and so on.</param>
/// <param name="Reference">The image; null where the type has none.</param>
internal sealed record CacheSource(string Type, string? Reference)
{
    /// <summary>Whether builders without buildx can use it.</summary>
    internal bool IsImage => Type == "registry" && Reference is not null;

    internal static CacheSource Parse(string text)
    {
        if (!text.Contains('=', StringComparison.Ordinal)) return new CacheSource("registry", text);
        var fields = text.Split(',').Select(f => f.Split('=', 2)).Where(f => f.Length == 2).ToLookup(f => f[0], f => f[1]);
        return new CacheSource(fields["type"].FirstOrDefault("registry"), fields["ref"].FirstOrDefault());
    }
}
