using System.Text.RegularExpressions;

namespace Rollout;

/// <summary>
/// Makes text that came from a daemon, a registry or a container safe to print: no terminal escape codes, no control or text-direction
/// characters, and no line that a CI agent would take for a command (<c>##vso[</c>, <c>##[</c>, <c>::name::</c>).
/// </summary>
public static partial class ForeignText
{
    /// <summary>
    /// Returns the text with everything that could act on a terminal or a CI agent made inert: escape codes are taken out, line ends
    /// become line feeds, and a command is broken by a space. Idempotent.
    /// </summary>
    public static string Neutralise(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (IsInert(text)) return text;

        // In this order: what is taken out may have stood within a command.
        var plain = TerminalPattern().Replace(text.ReplaceLineEndings("\n"), "");
        return CommandPattern().Replace(plain, "$0 ");
    }

    // Nearly all text is: neither pattern can match without a character outside these or two signs of a command side by side.
    private static bool IsInert(string text)
    {
        foreach (var character in text)
        {
            if (character is not ((>= ' ' and <= '~') or '\n' or '\t')) return false;
        }

        return !text.Contains("##", StringComparison.Ordinal) && !text.Contains("::", StringComparison.Ordinal);
    }

    // ECMA-48: control sequences, operating system commands (to their end or the line's), other escapes; single controls but LF and TAB;
    // and the characters that turn the direction of the text after them.
    [GeneratedRegex(@"(?:\u001B\[|\u009B)[ -?]*[@-~]?|(?:\u001B\]|\u009D)[^\u0007\u001B\u009C\n]*(?:\u0007|\u001B\\|\u009C)?|\u001B[ -/]*[0-~]?|[\p{Cc}-[\n\t]]|[\u202A-\u202E\u2066-\u2069]", RegexOptions.CultureInvariant)]
    private static partial Regex TerminalPattern();

    // Azure and TeamCity look for ##name[ anywhere, GitHub for :: where a line begins. They compare by culture, to which many characters
    // outside ASCII are nothing at all, so none of those keeps two characters apart here; a space does.
    [GeneratedRegex(@"#(?=[\u0080-\uFFFF]*#[A-Za-z\u0080-\uFFFF]*\[)|^[\s\u0080-\uFFFF-[\n]]*:(?=[\u0080-\uFFFF]*:(?:[A-Za-z\u0080-\uFFFF]|.*:[\u0080-\uFFFF]*:))", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex CommandPattern();
}
