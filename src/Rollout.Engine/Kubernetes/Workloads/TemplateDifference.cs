using System.Text.Json.Nodes;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>What differs between two pod templates, a line each: <c>spec.containers[app].image: shop:v1 -> shop:v2</c>. Pure.</summary>
internal static class TemplateDifference
{
    private const string Absent = "(none)";

    /// <summary>The lines, in the order of the templates' own fields.</summary>
    public static IReadOnlyList<string> Lines(JsonObject before, JsonObject after) => [.. Compare("", before, after)];

    private static IEnumerable<string> Compare(string path, JsonNode? before, JsonNode? after)
    {
        if (JsonNode.DeepEquals(before, after)) return [];
        if (before is JsonObject one && after is JsonObject other) return Fields(path, one, other);
        if (before is JsonArray list && after is JsonArray others && AreNamed(list) && AreNamed(others)) return Items(path, list, others);
        return [$"{path}: {Shown(path, before)} -> {Shown(path, after)}"];
    }

    private static IEnumerable<string> Fields(string path, JsonObject before, JsonObject after) =>
        before.Concat(after)
            .Select(field => field.Key)
            .Distinct()
            .SelectMany(key => Compare(path.Length == 0 ? key : $"{path}.{key}", before[key], after[key]));

    /// <summary>Containers, variables and volumes are known by their names, wherever in the list they stand.</summary>
    private static IEnumerable<string> Items(string path, JsonArray before, JsonArray after)
    {
        var (old, now) = (ByName(before), ByName(after));
        return old.Keys.Concat(now.Keys).Distinct().SelectMany(name => Compare($"{path}[{name}]", old.GetValueOrDefault(name), now.GetValueOrDefault(name)));
    }

    private static bool AreNamed(JsonArray list) =>
        list.All(item => item?["name"] is JsonValue) && list.Select(Name).Distinct().Count() == list.Count;

    private static Dictionary<string, JsonNode?> ByName(JsonArray list) => list.ToDictionary(Name, item => item);

    private static string Name(JsonNode? item) => $"{item?["name"]}";

    /// <summary>The value of an environment variable can be a secret.</summary>
    private static string Shown(string path, JsonNode? value) =>
        value is null ? Absent : path.Contains(".env[", StringComparison.Ordinal) ? "(not shown)" : ForeignText.Neutralise(value is JsonValue ? $"{value}" : value.ToJsonString());
}
