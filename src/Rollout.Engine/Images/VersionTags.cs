using NuGet.Versioning;

namespace Rollout.Engine.Images;

/// <summary>The tags of a semantic version.</summary>
internal static class VersionTags
{
    /// <summary>
    /// 1.2.3 gives 1.2.3, 1.2 and 1; a pre-release gives itself alone, and 0.x no bare 0, for neither promises anything about what comes
    /// after it. A leading v stays; a plus, which a tag may not hold, becomes an underscore, as Helm writes it.
    /// </summary>
    /// <exception cref="RolloutException">InvalidImageTag.</exception>
    internal static IReadOnlyList<string> Of(string text)
    {
        var prefix = text.StartsWith('v') ? "v" : "";
        if (!SemanticVersion.TryParse(text[prefix.Length..], out var version))
        {
            throw ImageErrors.InvalidTag(text, "it is not a semantic version such as 1.2.3 or 1.2.3-rc.1");
        }

        var exact = prefix + version.ToFullString().Replace('+', '_');
        if (version.IsPrerelease) return [exact];

        string[] moving = version.Major == 0 ? [$"{prefix}0.{version.Minor}"] : [$"{prefix}{version.Major}.{version.Minor}", $"{prefix}{version.Major}"];
        return [exact, .. moving];
    }
}
