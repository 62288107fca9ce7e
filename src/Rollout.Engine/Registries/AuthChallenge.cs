using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace Rollout.Engine.Registries;

/// <summary>
/// What a registry asks for with a 401: one WWW-Authenticate header (RFC 9110 11.6.1). As in the engines, a header holds one challenge,
/// and of a parameter given twice the last counts: what is checked here must be what they will act on.
/// </summary>
/// <param name="Scheme"><c>Basic</c>, <c>Bearer</c> or another, as sent.</param>
/// <param name="Parameters">Its parameters; names in any case.</param>
internal sealed partial record AuthChallenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    public bool IsBasic => Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase);

    public bool IsBearer => Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whose tokens a bearer challenge wants; null where it does not say.</summary>
    public string? Realm => Parameters.GetValueOrDefault("realm");

    public string? Service => Parameters.GetValueOrDefault("service");

    public string? Scope => Parameters.GetValueOrDefault("scope");

    /// <summary>Every challenge of an answer. Read from the raw headers: one that the framework's own parser leaves out would go unchecked.</summary>
    public static IReadOnlyList<AuthChallenge> Of(HttpResponseHeaders headers) =>
        headers.NonValidated.TryGetValues("WWW-Authenticate", out var values) ? [.. values.Select(Parse)] : [];

    /// <summary>Parses one header.</summary>
    public static AuthChallenge Parse(string header)
    {
        var (scheme, rest) = header.Trim().Split(' ', 2) is [var first, var second] ? (first, second) : (header.Trim(), "");
        var parameters = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (Match match in ParameterPattern().Matches(rest))
        {
            parameters[match.Groups["name"].Value] = match.Groups["quoted"].Success
                ? EscapePattern().Replace(match.Groups["quoted"].Value, "$1")
                : match.Groups["token"].Value;
        }

        return new AuthChallenge(scheme, parameters);
    }

    [GeneratedRegex("""(?<name>[^\s=,"]+)\s*=\s*(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<token>[^\s,"]*))""", RegexOptions.CultureInvariant)]
    private static partial Regex ParameterPattern();

    [GeneratedRegex(@"\\(.)", RegexOptions.CultureInvariant)]
    private static partial Regex EscapePattern();
}
