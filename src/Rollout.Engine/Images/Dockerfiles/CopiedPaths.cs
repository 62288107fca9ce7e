using System.Buffers;
using System.Text.Json;

namespace Rollout.Engine.Images.Dockerfiles;

/// <summary>
/// The part of a context that a build reads: the sources of its COPYs, ADDs and bind mounts. Whatever is not plain to see (variables,
/// wildcards, links on the way, another syntax) makes it the whole, for sending too much is slow and sending too little is wrong.
/// </summary>
internal sealed class CopiedPaths
{
    /// <summary>The whole context.</summary>
    internal static readonly CopiedPaths Everything = new(null);

    // Variables, wildcards, escapes and quotes.
    private static readonly SearchValues<char> NotPlain = SearchValues.Create("$*?[]\\\"'`");

    private readonly IReadOnlyList<string>? _paths;

    private CopiedPaths(IReadOnlyList<string>? paths) => _paths = paths;

    /// <summary>What the stages of a build read.</summary>
    /// <param name="dockerfile">The Dockerfile.</param>
    /// <param name="stages">The stages that are built.</param>
    /// <param name="contextDirectory">The context, which is asked for links.</param>
    internal static CopiedPaths Of(Dockerfile dockerfile, IReadOnlyList<DockerfileStage> stages, string contextDirectory)
    {
        if (!dockerfile.HasUsualSyntax) return Everything;

        var paths = new List<string>();
        foreach (var source in stages.SelectMany(s => s.Instructions).SelectMany(SourcesOf))
        {
            if (Plain(source) is not { Length: > 0 } path || GoesThroughLink(contextDirectory, path)) return Everything;
            paths.Add(path);
        }

        return new CopiedPaths(paths);
    }

    /// <summary>Whether a path is read, or lies on the way to one that is.</summary>
    internal bool Needs(string path) => _paths is null || _paths.Any(p => IsWithin(path, p) || IsWithin(p, path));

    private static bool IsWithin(string path, string directory) =>
        path.StartsWith(directory, StringComparison.Ordinal) && (path.Length == directory.Length || path[directory.Length] == '/');

    private static IEnumerable<string> SourcesOf(DockerfileInstruction instruction) => instruction.Keyword switch
    {
        "COPY" or "ADD" when instruction.Flag("from") is null => Words(instruction.Text).SkipLast(1).Where(IsInContext),
        "RUN" => instruction.Flags.Where(f => f.Key == "mount").Select(f => MountSource(f.Value)).OfType<string>(),
        // It runs in the stages that are made from this one.
        "ONBUILD" => SourcesOf(DockerfileInstruction.Parse(instruction.Text, instruction.Escape, instruction.Line, instruction.LastLine)),
        _ => [],
    };

    private static IEnumerable<string> Words(string text)
    {
        if (!text.StartsWith('[')) return text.Split([' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries);
        try
        {
            return JsonSerializer.Deserialize(text, ImagesJson.Default.IReadOnlyListString) ?? [];
        }
        catch (JsonException)
        {
            return [".", ""];
        }
    }

    private static bool IsInContext(string source) =>
        !source.StartsWith("<<", StringComparison.Ordinal) && !source.Contains("://", StringComparison.Ordinal) && !source.StartsWith("git@", StringComparison.Ordinal);

    /// <summary>The source of a bind mount from the context; null for other mounts.</summary>
    private static string? MountSource(string mount)
    {
        var fields = mount.Split(',').Select(f => f.Split('=', 2)).ToLookup(f => f[0], f => f.ElementAtOrDefault(1) ?? "");
        if (fields.Contains("from") || fields["type"].FirstOrDefault("bind") != "bind") return null;
        return fields["source"].Concat(fields["src"]).FirstOrDefault(".");
    }

    /// <summary>The path as it stands in the context; empty for the context itself, null where it is not plain.</summary>
    private static string? Plain(string source)
    {
        if (source.AsSpan().ContainsAny(NotPlain)) return null;
        var parts = new List<string>();
        foreach (var part in source.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".") continue;
            if (part != "..") parts.Add(part);
            else if (parts.Count > 0) parts.RemoveAt(parts.Count - 1);
        }

        return string.Join('/', parts);
    }

    private static bool GoesThroughLink(string directory, string path)
    {
        var walked = directory;
        foreach (var part in path.Split('/'))
        {
            walked = Path.Join(walked, part);
            if (new FileInfo(walked).LinkTarget is not null) return true;
        }

        return false;
    }
}
