namespace Rollout.Engine.Images.Context;

/// <summary>
/// The rules by which files of a build context stay behind: the lines of a .dockerignore file. The last rule that matches a path or
/// one of its parents decides, as in BuildKit; paths are relative to the context, with slashes.
/// </summary>
internal sealed class DockerIgnore
{
    /// <summary>Nothing stays behind.</summary>
    internal static readonly DockerIgnore None = new([], null);

    /// <summary>The name of the file that holds the rules.</summary>
    internal const string FileName = ".dockerignore";

    private readonly IReadOnlyList<IgnorePattern> _patterns;

    private DockerIgnore(IReadOnlyList<IgnorePattern> patterns, string? path)
    {
        _patterns = patterns;
        Path = path;
    }

    /// <summary>The file they were read from; null where there are none.</summary>
    internal string? Path { get; }

    /// <summary>
    /// The rules for a Dockerfile: those in <c>&lt;Dockerfile&gt;.dockerignore</c> beside it, or else in the context's <c>.dockerignore</c>.
    /// </summary>
    internal static DockerIgnore Read(string contextDirectory, string dockerfilePath)
    {
        string[] places = [dockerfilePath + FileName, System.IO.Path.Combine(contextDirectory, FileName)];
        var path = Array.Find(places, File.Exists);
        if (path is null) return None;

        try
        {
            using var reader = new StreamReader(path);
            return Parse(reader, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ImageErrors.ContextUnreadable(path, e);
        }
    }

    /// <summary>Parses the lines of a file.</summary>
    /// <exception cref="RolloutException">InvalidIgnorePattern.</exception>
    internal static DockerIgnore Parse(TextReader lines, string path)
    {
        var patterns = new List<string>();
        for (var first = true; lines.ReadLine() is { } line; first = false)
        {
            if (first) line = line.TrimStart('\ufeff');
            if (!line.StartsWith('#')) patterns.Add(line.Trim());
        }

        return Of(patterns, path);
    }

    /// <summary>Rules that were read out of a file already.</summary>
    /// <exception cref="RolloutException">InvalidIgnorePattern.</exception>
    internal static DockerIgnore Of(IEnumerable<string> patterns, string path)
    {
        List<IgnorePattern> parsed =
        [
            .. from pattern in patterns
               let text = Clean(pattern)
               where text.Length > 0
               select IgnorePattern.Parse(text) ?? throw ImageErrors.InvalidIgnorePattern(text, path),
        ];
        return parsed.Count == 0 ? None : new DockerIgnore(parsed, path);
    }

    /// <summary>Parses lines.</summary>
    internal static DockerIgnore Parse(string text) => Parse(new StringReader(text), FileName);

    /// <summary>Whether a path stays behind. For a walk over a tree, <see cref="Match"/> with the parent's match asks less.</summary>
    internal bool Excludes(string path)
    {
        IgnoreMatch? match = null;
        for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            match = Match(path[..slash], match);
        }

        return Match(path, match).Excluded;
    }

    /// <summary>Matches a path, given its parent directory's match (null at the top).</summary>
    internal IgnoreMatch Match(string path, IgnoreMatch? parent)
    {
        if (_patterns.Count == 0) return IgnoreMatch.Kept;

        var matched = new bool[_patterns.Count];
        var excluded = false;
        for (var i = 0; i < matched.Length; i++)
        {
            var pattern = _patterns[i];
            var decides = pattern.IsException == excluded;
            matched[i] = parent?.Matched[i] == true || (decides && pattern.Matches(path));
            if (matched[i]) excluded = !pattern.IsException;
        }

        return new IgnoreMatch(excluded, matched);
    }

    /// <summary>Whether something below an excluded directory may be taken back in by an exception.</summary>
    internal bool MayKeepBelow(string directory) => _patterns.Any(p => p.IsException && p.MayMatchBelow(directory));

    /// <summary>Go's filepath.Clean on the pattern, without its leading slash; the <c>!</c> is kept.</summary>
    private static string Clean(string pattern)
    {
        if (pattern.Length == 0) return "";
        if (pattern[0] == '!') return "!" + Clean(pattern[1..].Trim());

        var rooted = pattern[0] == '/';
        var parts = new List<string>();
        foreach (var part in pattern.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".") continue;
            if (part != ".." || (!rooted && (parts.Count == 0 || parts[^1] == ".."))) parts.Add(part);
            else if (parts.Count > 0) parts.RemoveAt(parts.Count - 1);
        }

        return parts.Count > 0 ? string.Join('/', parts) : rooted ? "/" : ".";
    }
}

/// <summary>How a path fared, to be handed on to what is below it.</summary>
/// <param name="Excluded">It stays behind.</param>
/// <param name="Matched">By pattern: whether that matched the path or a parent.</param>
internal sealed record IgnoreMatch(bool Excluded, bool[] Matched)
{
    internal static readonly IgnoreMatch Kept = new(false, []);
}
