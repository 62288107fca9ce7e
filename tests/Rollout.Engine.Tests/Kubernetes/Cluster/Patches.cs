using System.Globalization;
using System.Text.Json.Nodes;

namespace Rollout.Engine.Tests.Kubernetes.Cluster;

/// <summary>The API's patches.</summary>
internal static class Patches
{
    private static readonly Dictionary<string, string> MergeKeys = new()
    {
        ["containers"] = "name",
        ["initContainers"] = "name",
        ["env"] = "name",
        ["volumes"] = "name",
        ["volumeMounts"] = "mountPath",
        ["ports"] = "containerPort",
        ["conditions"] = "type",
        ["ownerReferences"] = "uid",
    };

    public static JsonObject Apply(string mediaType, JsonObject target, JsonNode patch) => mediaType switch
    {
        "application/merge-patch+json" => Merge(target, (JsonObject)patch, strategic: false),
        "application/strategic-merge-patch+json" or "application/apply-patch+yaml" => Merge(target, (JsonObject)patch, strategic: true),
        "application/json-patch+json" => Operations(target, (JsonArray)patch),
        _ => throw new StatusException(415, "UnsupportedMediaType", $"the body of the request was in an unknown format - {mediaType}"),
    };

    private static JsonObject Merge(JsonObject target, JsonObject patch, bool strategic)
    {
        if (strategic && patch.Text("$patch") == "replace")
        {
            var replaced = (JsonObject)patch.DeepClone();
            replaced.Remove("$patch");
            return replaced;
        }

        foreach (var (name, value) in patch)
        {
            if (value is null) target.Remove(name);
            else if (value is JsonObject inner) target[name] = Merge(target[name] as JsonObject is { } old ? (JsonObject)old.DeepClone() : [], inner, strategic);
            else if (strategic && value is JsonArray list && MergeKeys.TryGetValue(name, out var key)) target[name] = MergeList(target[name] as JsonArray ?? [], list, key);
            else target[name] = value.DeepClone();
        }

        return target;
    }

    private static JsonArray MergeList(JsonArray target, JsonArray patch, string key)
    {
        var merged = target.Select(item => (JsonObject)item!.DeepClone()).ToList();
        foreach (var item in patch.OfType<JsonObject>())
        {
            var at = merged.FindIndex(old => JsonNode.DeepEquals(old[key], item[key]));
            if (item.Text("$patch") == "delete") merged.RemoveAll(old => JsonNode.DeepEquals(old[key], item[key]));
            else if (at >= 0) merged[at] = Merge(merged[at], item, strategic: true);
            else merged.Add((JsonObject)item.DeepClone());
        }

        return new JsonArray([.. merged]);
    }

    private static JsonObject Operations(JsonObject target, JsonArray operations)
    {
        JsonNode root = target;
        foreach (var operation in operations.OfType<JsonObject>())
        {
            var path = operation.Text("path")!;
            var parts = path.Split('/')[1..].Select(part => part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)).ToArray();
            var parent = parts[..^1].Aggregate((JsonNode?)root, Step) ?? throw Refused();
            var last = parts[^1];
            switch (operation.Text("op"))
            {
                case "test" when !JsonNode.DeepEquals(Step(parent, last), operation["value"]): throw Refused();
                case "test": break;
                case "remove" when parent is JsonObject item: item.Remove(last); break;
                case "remove": ((JsonArray)parent).RemoveAt(int.Parse(last, CultureInfo.InvariantCulture)); break;
                case "replace" when Step(parent, last) is null: throw Refused();
                case "add" when parent is JsonArray list && last == "-": list.Add(operation["value"]?.DeepClone()); break;
                case "add" when parent is JsonArray list: list.Insert(int.Parse(last, CultureInfo.InvariantCulture), operation["value"]?.DeepClone()); break;
                case "add" or "replace" when parent is JsonObject item: item[last] = operation["value"]?.DeepClone(); break;
                case "replace": ((JsonArray)parent)[int.Parse(last, CultureInfo.InvariantCulture)] = operation["value"]?.DeepClone(); break;
            }
        }

        return target;
    }

    private static JsonNode? Step(JsonNode? node, string name) => node switch
    {
        JsonObject item => item[name],
        JsonArray list when int.TryParse(name, CultureInfo.InvariantCulture, out var at) && at < list.Count => list[at],
        _ => null,
    };

    // The real one says no more than this.
    private static StatusException Refused() => new(422, "Invalid", "the server rejected our request due to an error in our request");
}
