using System.Text;

namespace Rollout;

/// <summary>
/// Makes text that came from a daemon, a registry or a container safe to print: no terminal escape codes, no control characters,
/// and no line that a CI agent would take for a command (<c>##vso[</c>, <c>##[</c>, <c>::name::</c>).
/// </summary>
public static class ForeignText
{
    // Breaks a CI command without changing how it reads: agents look for the exact characters.
    private const char WordJoiner = '\u2060';

    /// <summary>Returns the text with everything that could act on a terminal or a CI agent made inert. Idempotent.</summary>
    public static string Neutralise(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!NeedsWork(text)) return text;

        var result = new StringBuilder(text.Length);
        var lineStart = true;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\u001b' || c == '\u009b')
            {
                i = SkipEscape(text, i);
                continue;
            }

            if (c is '\n' or '\t')
            {
                result.Append(c);
                lineStart = c == '\n' || lineStart;
                continue;
            }

            if (char.IsControl(c)) continue;

            var opensCommand = c == '#' && Follows(text, i, "##")
                || lineStart && c == ':' && Follows(text, i, "::");
            result.Append(c);
            if (opensCommand) result.Append(WordJoiner);
            lineStart = lineStart && char.IsWhiteSpace(c);
        }

        return result.ToString();
    }

    private static bool NeedsWork(string text)
    {
        foreach (var c in text)
        {
            if (char.IsControl(c) && c is not ('\n' or '\t')) return true;
        }

        return text.Contains("##", StringComparison.Ordinal) || text.Contains("::", StringComparison.Ordinal);
    }

    private static bool Follows(string text, int at, string what) =>
        string.CompareOrdinal(text, at, what, 0, what.Length) == 0;

    /// <summary>The index of the last character of the escape sequence that starts at <paramref name="start"/> (ECMA-48: CSI, OSC, two characters).</summary>
    private static int SkipEscape(string text, int start)
    {
        var i = start + 1;
        var isCsi = text[start] == '\u009b';
        if (!isCsi)
        {
            if (i >= text.Length) return start;
            if (text[i] == ']') return SkipOperatingSystemCommand(text, i);
            if (text[i] != '[') return i;
            i++;
        }

        while (i < text.Length && text[i] is >= ' ' and <= '?') i++;
        return Math.Min(i, text.Length - 1);
    }

    private static int SkipOperatingSystemCommand(string text, int i)
    {
        for (; i < text.Length; i++)
        {
            if (text[i] == '\u0007') return i;
            if (text[i] == '\u001b' && i + 1 < text.Length && text[i + 1] == '\\') return i + 1;
            if (text[i] == '\n') return i - 1;
        }

        return text.Length - 1;
    }
}
