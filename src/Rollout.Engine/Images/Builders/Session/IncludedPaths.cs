using Rollout.Engine.Images.Context;

namespace Rollout.Engine.Images.Builders.Session;

/// <summary>What of a directory BuildKit asks for: what one of its patterns names, and all below that. No pattern means everything.</summary>
internal sealed class IncludedPaths
{
    private readonly IReadOnlyList<IgnorePattern>? _patterns;

    /// <param name="patterns">The patterns; an empty one is everything.</param>
    internal IncludedPaths(IReadOnlyCollection<string> patterns)
    {
        // One that is malformed names a file with such a name: sending too much is slow, sending too little is wrong.
        var parsed = patterns.Select(IgnorePattern.Parse).ToList();
        _patterns = parsed.Count == 0 || parsed.Contains(null) ? null : [.. parsed.OfType<IgnorePattern>()];
    }

    internal Wanted Of(string path)
    {
        if (_patterns is null) return Wanted.Yes;
        for (var end = path.IndexOf('/', StringComparison.Ordinal); ; end = path.IndexOf('/', end + 1))
        {
            var part = end < 0 ? path : path[..end];
            if (_patterns.Any(pattern => pattern.Matches(part))) return Wanted.Yes;
            if (end < 0) break;
        }

        return _patterns.Any(pattern => pattern.MayMatchBelow(path)) ? Wanted.OnTheWay : Wanted.No;
    }
}
