using System.Text.RegularExpressions;

namespace Rollout.Engine.Health.Alerts;

/// <summary>One matcher as Prometheus writes it: <c>severity="critical"</c>, <c>!=</c>, <c>=~</c>, <c>!~</c>; the quotes may be left out. A label that is not there is empty.</summary>
internal sealed partial record AlertMatcher
{
    private readonly Regex? pattern;

    private AlertMatcher(string name, string @operator, string value) => (Name, Operator, Value) = (name, @operator, value);

    private AlertMatcher(string name, string @operator, string value, Regex pattern)
        : this(name, @operator, value) => this.pattern = pattern;

    internal string Name { get; }

    internal string Operator { get; }

    internal string Value { get; }

    /// <exception cref="FormatException">It is none; the message says why.</exception>
    internal static AlertMatcher Parse(string text)
    {
        if (Written().Match(text) is not { Success: true } match) throw new FormatException($"'{text}' is no matcher; write severity=\"critical\", with =, !=, =~ or !~");
        var (name, @operator, value) = (match.Groups["name"].Value, match.Groups["operator"].Value, Unescaped(match.Groups["value"].Value));
        if (@operator is "=" or "!=") return new AlertMatcher(name, @operator, value);
        try
        {
            return new AlertMatcher(name, @operator, value, new Regex($"^(?:{value})$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline));
        }
        catch (Exception problem) when (problem is ArgumentException or NotSupportedException)
        {
            throw new FormatException($"the value of '{text}' is no regular expression ({problem.Message.TrimEnd('.')})", problem);
        }
    }

    internal bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        var label = labels.GetValueOrDefault(Name, "");
        return Operator switch
        {
            "=" => label == Value,
            "!=" => label != Value,
            "=~" => pattern!.IsMatch(label),
            _ => !pattern!.IsMatch(label),
        };
    }

    public override string ToString() => $"{Name}{Operator}\"{Value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static string Unescaped(string value) => Escape().Replace(value, "$1");

    [GeneratedRegex("^\\s*(?<name>[a-zA-Z_][a-zA-Z0-9_]*)\\s*(?<operator>=~|!~|!=|=)\\s*(?:\"(?<value>(?:[^\"\\\\]|\\\\.)*)\"|(?<value>[^\"\\s][^\"]*?)?)\\s*$", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Written();

    [GeneratedRegex("""\\(["\\])""")]
    private static partial Regex Escape();
}
