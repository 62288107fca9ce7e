using System.Text;

namespace Rollout.Engine.Images.Dockerfiles;

/// <summary>The variables that FROM may use: ARGs before the first FROM, as -BuildArg or their defaults set them, and the platforms.</summary>
internal sealed class DockerfileVariables
{
    private readonly Dictionary<string, string> _values;

    private DockerfileVariables(Dictionary<string, string> values) => _values = values;

    /// <summary>Reads the ARGs in front of the first FROM.</summary>
    /// <param name="dockerfile">The Dockerfile.</param>
    /// <param name="buildArgs">Values given for the build.</param>
    /// <param name="enginePlatform">The engine's own platform, <c>os/architecture</c>.</param>
    /// <param name="targetPlatform">The platform wanted; null for the engine's own.</param>
    internal static DockerfileVariables Of(
        Dockerfile dockerfile, IReadOnlyDictionary<string, string> buildArgs, string enginePlatform, string? targetPlatform)
    {
        var variables = new DockerfileVariables(new(StringComparer.Ordinal));
        variables.AddPlatform("BUILD", enginePlatform);
        variables.AddPlatform("TARGET", targetPlatform ?? enginePlatform);
        foreach (var instruction in dockerfile.Instructions.TakeWhile(i => i.Keyword != "FROM").Where(i => i.Keyword == "ARG"))
        {
            foreach (var word in instruction.Text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)) variables.Declare(word, buildArgs, instruction.Escape);
        }

        return variables;
    }

    /// <summary>Replaces $NAME, ${NAME}, ${NAME:-default} and ${NAME:+instead}, and takes quotes off.</summary>
    internal string Expand(string word, char escape)
    {
        var result = new StringBuilder();
        for (var i = 0; i < word.Length; i++)
        {
            if (word[i] == escape && i + 1 < word.Length) result.Append(word[++i]);
            else if (word[i] == '$') result.Append(Variable(word, escape, ref i));
            else if (word[i] is not ('"' or '\'')) result.Append(word[i]);
        }

        return result.ToString();
    }

    private void AddPlatform(string prefix, string platform)
    {
        var parts = platform.Split('/');
        _values[prefix + "PLATFORM"] = platform;
        _values[prefix + "OS"] = parts[0];
        _values[prefix + "ARCH"] = parts.ElementAtOrDefault(1) ?? "";
        _values[prefix + "VARIANT"] = parts.ElementAtOrDefault(2) ?? "";
    }

    private void Declare(string word, IReadOnlyDictionary<string, string> buildArgs, char escape)
    {
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? word : word[..equals];
        if (buildArgs.TryGetValue(name, out var given)) _values[name] = given;
        else if (equals >= 0) _values[name] = Expand(word[(equals + 1)..], escape);
    }

    /// <summary>The value of the variable that starts with the dollar at <paramref name="i"/>, which ends on its last character.</summary>
    private string Variable(string word, char escape, ref int i)
    {
        var isBraced = i + 1 < word.Length && word[i + 1] == '{';
        var start = i + (isBraced ? 2 : 1);
        var end = start;
        while (end < word.Length && (char.IsAsciiLetterOrDigit(word[end]) || word[end] == '_')) end++;

        var value = _values.GetValueOrDefault(word[start..end], "");
        if (!isBraced)
        {
            i = end - 1;
            return end == start ? "$" : value;
        }

        var close = ClosingBrace(word, end);
        i = close;
        var modifier = word[end..Math.Min(close, word.Length)];
        if (modifier.StartsWith(':')) modifier = modifier[1..];
        return modifier switch
        {
            ['-', .. var otherwise] when value.Length == 0 => Expand(otherwise, escape),
            ['+', .. var instead] => value.Length == 0 ? "" : Expand(instead, escape),
            _ => value,
        };
    }

    private static int ClosingBrace(string word, int from)
    {
        var depth = 1;
        for (var i = from; i < word.Length; i++)
        {
            if (word[i] == '{') depth++;
            if (word[i] == '}' && --depth == 0) return i;
        }

        return word.Length;
    }
}
