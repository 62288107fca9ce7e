using System.Text;
using System.Text.RegularExpressions;

namespace Rollout.Engine.Images.Dockerfiles;

/// <summary>
/// A Dockerfile, read as far as Rollout needs it: its instructions with their lines, and its stages. What is wrong in it is for the
/// builder to say, so nothing here fails.
/// </summary>
internal sealed partial class Dockerfile
{
    private Dockerfile(string path, IReadOnlyList<DockerfileInstruction> instructions, string? syntax)
    {
        Path = path;
        HasUsualSyntax = syntax is null || UsualSyntax().IsMatch(syntax);
        Instructions = instructions;
        Stages = DockerfileStage.Of(instructions);
    }

    /// <summary>Where it was read from.</summary>
    internal string Path { get; }

    /// <summary>Whether Docker's own frontend reads it, or another that a syntax directive names.</summary>
    internal bool HasUsualSyntax { get; }

    /// <summary>All instructions in order.</summary>
    internal IReadOnlyList<DockerfileInstruction> Instructions { get; }

    /// <summary>The stages in order: each FROM with what follows it.</summary>
    internal IReadOnlyList<DockerfileStage> Stages { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="RolloutException">NoDockerfile, ContextUnreadable.</exception>
    internal static Dockerfile Read(string path)
    {
        try
        {
            return Parse(path, File.ReadAllText(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw ImageErrors.NoDockerfile(path, e);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw Directory.Exists(path) ? ImageErrors.NoDockerfile(path, e) : ImageErrors.ContextUnreadable(path, e);
        }
    }

    /// <summary>Reads a text.</summary>
    internal static Dockerfile Parse(string path, string text)
    {
        var lines = text.TrimStart('\ufeff').ReplaceLineEndings("\n").Split('\n');
        var directives = Directives(lines);
        var escape = directives.GetValueOrDefault("escape") == "`" ? '`' : '\\';
        var instructions = new List<DockerfileInstruction>();
        for (var i = 0; i < lines.Length; i++)
        {
            if (IsBlankOrComment(lines[i])) continue;
            var first = i;
            var logical = Joined(lines, escape, ref i);
            SkipHeredocs(lines, logical, ref i);
            instructions.Add(DockerfileInstruction.Parse(logical, escape, first + 1, Math.Min(i, lines.Length - 1) + 1));
        }

        return new Dockerfile(path, instructions, directives.GetValueOrDefault("syntax"));
    }

    /// <summary>One instruction over all its lines; <paramref name="i"/> ends on the last of them.</summary>
    private static string Joined(string[] lines, char escape, ref int i)
    {
        var logical = new StringBuilder();
        for (; i < lines.Length; i++)
        {
            if (logical.Length > 0 && IsBlankOrComment(lines[i])) continue;
            var line = lines[i].TrimEnd(' ', '\t');
            if (!line.EndsWith(escape)) return logical.Append(lines[i]).ToString().Trim();
            logical.Append(line, 0, line.Length - 1);
        }

        return logical.ToString().Trim();
    }

    /// <summary>What stands between &lt;&lt;EOF and EOF is no instruction.</summary>
    private static void SkipHeredocs(string[] lines, string logical, ref int i)
    {
        if (!TakesHeredocs().IsMatch(logical)) return;
        foreach (Match heredoc in Heredoc().Matches(logical))
        {
            var end = heredoc.Groups["word"].Value;
            var tabs = heredoc.Groups["tabs"].Success;
            do i++;
            while (i < lines.Length && (tabs ? lines[i].TrimStart('\t') : lines[i]) != end);
        }
    }

    /// <summary>The directives: comments of a certain form in the first lines, before anything else.</summary>
    private static Dictionary<string, string> Directives(string[] lines)
    {
        var directives = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var match in lines.Select(line => Directive().Match(line)).TakeWhile(match => match.Success))
        {
            directives.TryAdd(match.Groups["name"].Value, match.Groups["value"].Value);
        }

        return directives;
    }

    private static bool IsBlankOrComment(string line) => line.AsSpan().TrimStart() is [] or ['#', ..];

    [GeneratedRegex(@"^\s*#\s*(?<name>[a-zA-Z]+)\s*=\s*(?<value>\S+)\s*$")]
    private static partial Regex Directive();

    [GeneratedRegex(@"(?:^|/)docker/dockerfile(?:-upstream)?(?:[:@]|$)")]
    private static partial Regex UsualSyntax();

    [GeneratedRegex(@"^(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\s", RegexOptions.IgnoreCase)]
    private static partial Regex TakesHeredocs();

    [GeneratedRegex("""(?<![<\w])\d*<<(?<tabs>-)?(?<quote>["']?)(?<word>[a-zA-Z_][a-zA-Z0-9_]*)\k<quote>""")]
    private static partial Regex Heredoc();
}
