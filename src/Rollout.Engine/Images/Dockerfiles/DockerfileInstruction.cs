namespace Rollout.Engine.Images.Dockerfiles;

/// <summary>One instruction.</summary>
/// <param name="Keyword">FROM, RUN and so on, in capitals.</param>
/// <param name="Flags">What follows with two dashes, in order: <c>--from=x</c> as from and x.</param>
/// <param name="Text">The rest, its lines joined.</param>
/// <param name="Line">The first line, from 1.</param>
/// <param name="LastLine">The last line, with its heredocs.</param>
internal sealed record DockerfileInstruction(string Keyword, IReadOnlyList<KeyValuePair<string, string>> Flags, string Text, int Line, int LastLine)
{
    /// <summary>Whether it makes a layer, and so counts as a step in BuildKit's way of counting.</summary>
    internal bool IsStep => IsStepKeyword(Keyword);

    internal static bool IsStepKeyword(string keyword) => keyword is "RUN" or "COPY" or "ADD" or "WORKDIR";

    internal string? Flag(string name) => Flags.FirstOrDefault(f => f.Key == name).Value;

    internal static DockerfileInstruction Parse(string logical, char escape, int line, int lastLine)
    {
        var rest = logical.AsSpan();
        var keyword = Word(ref rest);
        var flags = new List<KeyValuePair<string, string>>();
        while (rest.StartsWith("--"))
        {
            var flag = Word(ref rest)[2..];
            var equals = flag.IndexOf('=', StringComparison.Ordinal);
            flags.Add(equals < 0 ? new(flag, "") : new(flag[..equals], flag[(equals + 1)..]));
        }

        return new DockerfileInstruction(keyword.ToUpperInvariant(), flags, rest.ToString(), line, lastLine) { Escape = escape };
    }

    /// <summary>The character that takes a dollar its meaning.</summary>
    internal char Escape { get; private init; } = '\\';

    private static string Word(ref ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOfAny(' ', '\t');
        var word = end < 0 ? rest : rest[..end];
        rest = end < 0 ? [] : rest[end..].TrimStart();
        return word.ToString();
    }
}
