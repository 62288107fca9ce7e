using System.Text;
using System.Text.RegularExpressions;

namespace Rollout.Engine.Images.Context;

/// <summary>
/// One pattern of a .dockerignore file, with the matching of Moby's patternmatcher package: Go's filepath.Match, and <c>**</c> for any
/// number of directories. Its oddities are kept (<c>**foo</c> also matches <c>xfoo</c>), for a context must not depend on who packs it.
/// </summary>
internal sealed class IgnorePattern
{
    private readonly Func<string, bool> _matches;
    private readonly bool _isLiteral;
    private readonly string _literalPrefix;

    private IgnorePattern(string text, bool isException, Func<string, bool> matches)
    {
        _matches = matches;
        var wildcard = text.AsSpan().IndexOfAny("*?[\\");
        _isLiteral = wildcard < 0;
        _literalPrefix = _isLiteral ? text + "/" : text[..wildcard];
        IsException = isException;
    }

    /// <summary>True for <c>!pattern</c>, which takes files back in.</summary>
    internal bool IsException { get; }

    internal bool Matches(string path) => _matches(path);

    /// <summary>Whether it can match something below a directory.</summary>
    internal bool MayMatchBelow(string directory)
    {
        var inside = directory + "/";
        return _literalPrefix.StartsWith(inside, StringComparison.Ordinal)
            || (!_isLiteral && inside.StartsWith(_literalPrefix, StringComparison.Ordinal));
    }

    /// <summary>Reads a cleaned pattern; null where it is malformed.</summary>
    internal static IgnorePattern? Parse(string text)
    {
        var isException = text.StartsWith('!');
        var pattern = isException ? text[1..] : text;
        if (pattern.Length == 0 || !IsWellFormed(pattern)) return null;

        try
        {
            return new IgnorePattern(pattern, isException, Matcher(pattern));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>The syntax check of Go's filepath.Match: classes hold something and are closed, and no backslash is last.</summary>
    private static bool IsWellFormed(string pattern)
    {
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '\\':
                    i++;
                    break;
                case '[':
                    i = EndOfClass(pattern, i);
                    break;
            }

            if (i < 0 || i == pattern.Length) return false;
        }

        return true;
    }

    /// <summary>The index of the bracket that closes the class opened at <paramref name="open"/>, or -1.</summary>
    private static int EndOfClass(string pattern, int open)
    {
        var i = open + 1;
        if (i < pattern.Length && pattern[i] == '^') i++;
        for (var ranges = 0; i < pattern.Length; ranges++)
        {
            if (pattern[i] == ']' && ranges > 0) return i;
            if (!SkipCharacter(ref i)) return -1;
            if (pattern[i] != '-') continue;
            i++;
            if (!SkipCharacter(ref i)) return -1;
        }

        return -1;

        bool SkipCharacter(ref int at)
        {
            if (at >= pattern.Length || pattern[at] is '-' or ']') return false;
            if (pattern[at] == '\\') at++;
            at++;
            return at < pattern.Length;
        }
    }

    private static Func<string, bool> Matcher(string pattern)
    {
        if (!pattern.AsSpan().ContainsAny("*?[]\\")) return path => path == pattern;

        var rest = pattern.AsSpan(Math.Min(2, pattern.Length));
        if (pattern.StartsWith("**", StringComparison.Ordinal) && !rest.ContainsAny("*?[]\\"))
        {
            var suffix = pattern[2..];
            return path => path.EndsWith(suffix, StringComparison.Ordinal) || (suffix.StartsWith('/') && path == suffix[1..]);
        }

        var head = pattern.AsSpan(0, Math.Max(0, pattern.Length - 2));
        if (pattern.EndsWith("**", StringComparison.Ordinal) && !head.ContainsAny("*?[]\\"))
        {
            var prefix = head.ToString();
            return path => path.StartsWith(prefix, StringComparison.Ordinal);
        }

        // Only a class or an escape can be malformed, which is told before anything is sent.
        if (pattern.AsSpan().ContainsAny("[]\\")) return Compiled(pattern).IsMatch;

        // Of thousands of patterns most are told by their ends. The slash after ** may be missing.
        var start = pattern[..pattern.AsSpan().IndexOfAny("*?")];
        var end = pattern[(pattern.LastIndexOfAny(['*', '?']) + 1)..].TrimStart('/');
        var regex = new Lazy<Regex>(() => Compiled(pattern));
        return path => path.StartsWith(start, StringComparison.Ordinal) && path.EndsWith(end, StringComparison.Ordinal) && regex.Value.IsMatch(path);
    }

    /// <summary>Linear in the path's length, as Go's regular expressions are, but slow to make.</summary>
    private static Regex Compiled(string pattern) => new(Expression(pattern), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);

    private static string Expression(string pattern)
    {
        var result = new StringBuilder("^");
        var inClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            switch (c)
            {
                case '*' when i + 1 < pattern.Length && pattern[i + 1] == '*':
                    i++;
                    if (i + 1 < pattern.Length && pattern[i + 1] == '/') i++;
                    result.Append(i + 1 == pattern.Length ? ".*" : "(.*/)?");
                    break;
                case '*':
                    result.Append("[^/]*");
                    break;
                case '?' when inClass:
                    result.Append("[^/]");
                    break;
                case '?':
                    result.Append("(?:[^/\ud800-\udfff]|[\ud800-\udbff][\udc00-\udfff])");
                    break;
                case '\\':
                    i++;
                    result.Append(char.IsAsciiLetterOrDigit(pattern[i]) ? $"\\{pattern[i]}" : Literal(pattern[i]));
                    break;
                case '[' when !inClass:
                    inClass = true;
                    result.Append('[');
                    if (i + 1 < pattern.Length && pattern[i + 1] == '^') result.Append(pattern[++i]);
                    break;
                case ']' when inClass:
                    inClass = false;
                    result.Append(']');
                    break;
                case '-' when inClass:
                    result.Append('-');
                    break;
                default:
                    result.Append(Literal(c));
                    break;
            }
        }

        return result.Append("\\z").ToString();
    }

    private static string Literal(char c) => char.IsAscii(c) && !char.IsAsciiLetterOrDigit(c) && c != '_' ? $"\\x{(int)c:x2}" : c.ToString();
}
