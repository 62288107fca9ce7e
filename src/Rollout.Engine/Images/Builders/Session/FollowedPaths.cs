using System.IO.Enumeration;
using Rollout.Engine.Images.Context;

namespace Rollout.Engine.Images.Builders.Session;

/// <summary>
/// The paths that a Dockerfile copies, with every link on the way and what it points to: BuildKit follows them within the context it is sent. Links never lead
/// out of the context; an absolute one starts at its top.
/// </summary>
internal sealed class FollowedPaths
{
    private readonly string _directory;
    private readonly HashSet<string> _found = new(StringComparer.Ordinal);

    private FollowedPaths(string directory) => _directory = directory;

    /// <summary>The paths, as patterns; an empty one is the whole context.</summary>
    internal static IReadOnlyCollection<string> Of(string directory, IEnumerable<string> paths)
    {
        var followed = new FollowedPaths(directory);
        foreach (var path in paths) followed.Follow(Clean(path));
        return followed._found;
    }

    private void Follow(string path)
    {
        var parts = path.Split('/');
        for (var depth = 1; depth <= parts.Length; depth++)
        {
            var walked = string.Join('/', parts.Take(depth));
            var targets = LinksAt(walked);
            if (targets.Count == 0 && depth < parts.Length) continue;
            if (!_found.Add(walked)) return;

            var rest = string.Join('/', parts.Skip(depth));
            foreach (var target in targets) Follow(Clean($"{target}/{rest}"));
            if (targets.Count > 0) return;
        }
    }

    /// <summary>Where the links of that name, or those that a pattern names, point to.</summary>
    private List<string> LinksAt(string path)
    {
        var slash = path.LastIndexOf('/');
        var (parent, name) = (slash < 0 ? "" : path[..slash], path[(slash + 1)..]);
        if (!name.AsSpan().ContainsAny("*?[\\")) return LinkAt(path) is { } only ? [only] : [];

        var pattern = IgnorePattern.Parse(name);
        var place = Path.Join(_directory, parent);
        if (pattern is null || !Directory.Exists(place)) return [];
        return
        [
            .. new FileSystemEnumerable<string>(place, static (ref FileSystemEntry entry) => entry.FileName.ToString(), new EnumerationOptions { AttributesToSkip = 0 })
                .Where(pattern.Matches)
                .Order(StringComparer.Ordinal)
                .Select(match => LinkAt(parent.Length == 0 ? match : $"{parent}/{match}"))
                .OfType<string>(),
        ];
    }

    private string? LinkAt(string path)
    {
        if (path.Length == 0 || new FileInfo(Path.Join(_directory, path)).LinkTarget?.Replace('\\', '/') is not { } target) return null;
        return target.StartsWith('/') ? target : $"{path[..Math.Max(0, path.LastIndexOf('/'))]}/{target}";
    }

    /// <summary>Without <c>.</c>, <c>..</c> and slashes at its ends; what goes beyond the top stays there.</summary>
    private static string Clean(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..") parts.RemoveRange(Math.Max(0, parts.Count - 1), Math.Min(1, parts.Count));
            else if (part != ".") parts.Add(part);
        }

        return string.Join('/', parts);
    }
}
