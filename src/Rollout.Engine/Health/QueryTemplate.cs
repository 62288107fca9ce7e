using System.Globalization;
using System.Text.RegularExpressions;

namespace Rollout.Engine.Health;

/// <summary>Queries and matchers with variables in double braces, which stand for what they are in the rollout that is checked.</summary>
internal static partial class QueryTemplate
{
    private static readonly string[] Variables = ["namespace", "name", "target", "container", "image", "revision", "selector", "window", "quantile"];

    // Canary or baseline, where the two are compared.
    private const string Role = "role";

    // What the names of a ReplicaSet and its Pods end with; a word has a vowel, so that shop does not take the Pods of shop-api for its own.
    private const string Suffix = "[bcdfghjklmnpqrstvwxz2456789]";

    /// <summary>Refuses a template with a variable that does not exist, or is not closed: as a label's value it would match nothing, and say nothing.</summary>
    /// <exception cref="RolloutException">UnknownQueryVariable, InvalidHealthCheck.</exception>
    internal static void Check(string template, RolloutHealthCheck check)
    {
        var known = check is BaselineHealthCheck ? [.. Variables, Role] : Variables;
        var unknown = Variable().Matches(template).Select(match => match.Groups["name"].Value).FirstOrDefault(name => !known.Contains(name));
        if (unknown is not null) throw HealthErrors.UnknownQueryVariable(check, unknown, known);
        if (Variable().Replace(template, "").Contains("{{", StringComparison.Ordinal)) throw HealthErrors.InvalidHealthCheck(check, $"a '{{{{' in '{template}' is not closed; write {{{{name}}}}");
    }

    /// <summary>Whether a template asks for one side or the other.</summary>
    internal static bool HasRole(string template) => Variable().Matches(template).Any(match => match.Groups["name"].Value == Role);

    /// <summary>The query. What a rollout does not have (a namespace on Docker) is empty, which PromQL takes for a label that is not there.</summary>
    internal static string Resolve(string template, RolloutStatus rollout, TimeSpan window = default, double quantile = 0, string? role = null) =>
        Variable().Replace(template, match => match.Groups["name"].Value switch
        {
            "namespace" => Quoted(rollout.Namespace),
            "name" => Quoted(rollout.Name),
            "target" => Quoted(rollout.Target),
            "container" => Quoted(rollout.Container),
            "image" => Quoted(rollout.Image?.ToString()),
            "revision" => rollout.Revision.ToString(CultureInfo.InvariantCulture),
            "selector" => Selector(rollout),
            Role => Quoted(role),
            "window" => Duration(window),
            "quantile" => quantile.ToString("R", CultureInfo.InvariantCulture),
            _ => match.Value,
        });

    /// <summary>The label matchers of a workload's own series: by Pod in a cluster, by the scrape's job elsewhere.</summary>
    private static string Selector(RolloutStatus rollout)
    {
        if (rollout.Namespace is null) return $"job=\"{Quoted(rollout.Name)}\"";
        var pod = rollout.Kind switch
        {
            "statefulset" => "[0-9]+",
            "daemonset" => $"{Suffix}{{5}}",
            _ => $"{Suffix}+-{Suffix}{{5}}",
        };
        return $"namespace=\"{Quoted(rollout.Namespace)}\", pod=~\"{Quoted(rollout.Name)}-{pod}\"";
    }

    /// <summary>A time as PromQL writes it: <c>5m</c>, <c>90s</c>, <c>1500ms</c>.</summary>
    internal static string Duration(TimeSpan time)
    {
        var milliseconds = Math.Max(1, (long)time.TotalMilliseconds);
        var (number, unit) = milliseconds switch
        {
            _ when milliseconds % 3_600_000 == 0 => (milliseconds / 3_600_000, "h"),
            _ when milliseconds % 60_000 == 0 => (milliseconds / 60_000, "m"),
            _ when milliseconds % 1000 == 0 => (milliseconds / 1000, "s"),
            _ => (milliseconds, "ms"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{number}{unit}");
    }

    /// <summary>Variables stand within quotes: no value may end them.</summary>
    private static string Quoted(string? value) =>
        (value ?? "").Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).ReplaceLineEndings(" ");

    [GeneratedRegex(@"\{\{\s*(?<name>[^{}]*?)\s*\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Variable();
}
