using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Rollout.Engine.Tests.Kubernetes.Cluster;

/// <summary>labelSelector and fieldSelector as a request gives them.</summary>
internal static partial class Selectors
{
    public static Func<JsonObject, bool> Parse(string? labels, string? fields)
    {
        var rules = Rules().Matches(labels ?? "").Select(match => Label(match.Value.Trim())).ToList();
        var wanted = (fields ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(field => field.Split('=', 2)).ToList();
        return item => rules.All(rule => rule(item.At("metadata", "labels") as JsonObject ?? [])) && wanted.All(field => item.Text(field[0].Split('.')) == field[1]);
    }

    /// <summary>spec.selector of a workload.</summary>
    public static Func<JsonObject, bool> Of(JsonObject workload)
    {
        var labels = workload.At("spec", "selector", "matchLabels") as JsonObject ?? [];
        return item => labels.All(label => item.Text("metadata", "labels", label.Key) == (string?)label.Value);
    }

    private static Func<JsonObject, bool> Label(string rule)
    {
        if (Set().Match(rule) is { Success: true } set)
        {
            var values = set.Groups["values"].Value.Split(',', StringSplitOptions.TrimEntries);
            var isIn = set.Groups["op"].Value == "in";
            return labels => values.Contains(labels.Text(set.Groups["key"].Value)) == isIn;
        }

        if (rule.Split('=', 2) is [var key, var value]) return labels => labels.Text(key.TrimEnd('!')) == value.TrimStart('=') != key.EndsWith('!');
        return rule.StartsWith('!') ? labels => !labels.ContainsKey(rule[1..]) : labels => labels.ContainsKey(rule);
    }

    [GeneratedRegex(@"[^,(]+(\([^)]*\))?")]
    private static partial Regex Rules();

    [GeneratedRegex(@"^(?<key>\S+) (?<op>in|notin) \((?<values>.*)\)$")]
    private static partial Regex Set();
}
