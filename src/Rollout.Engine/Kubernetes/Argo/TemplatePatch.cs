using System.Text.Json.Nodes;

namespace Rollout.Engine.Kubernetes.Argo;

/// <summary>The API merges strategically only into its own kinds: for a custom resource what such a patch of a pod template means is worked out here. Pure.</summary>
internal static class TemplatePatch
{
    /// <summary>The template after a strategic merge patch: objects are merged, lists of what has a name by that name, null removes, <c>$patch: replace</c> replaces.</summary>
    public static JsonObject Applied(JsonObject template, JsonObject patch)
    {
        if ((string?)patch["$patch"] == "replace")
        {
            var whole = (JsonObject)patch.DeepClone();
            whole.Remove("$patch");
            return whole;
        }

        var after = (JsonObject)template.DeepClone();
        foreach (var (key, value) in patch)
        {
            if (value is null) after.Remove(key);
            else after[key] = (after[key], value) switch
            {
                (JsonObject old, JsonObject change) => Applied(old, change),
                (JsonArray old, JsonArray change) when change.All(item => item?["name"] is not null) => Merged(old, change),
                _ => value.DeepClone(),
            };
        }

        return after;
    }

    /// <summary>The merge patch (RFC 7396) that makes one object of another.</summary>
    public static JsonObject Between(JsonObject before, JsonObject after)
    {
        var patch = new JsonObject();
        foreach (var (key, _) in before.Where(field => !after.ContainsKey(field.Key))) patch[key] = null;
        foreach (var (key, value) in after)
        {
            if (JsonNode.DeepEquals(before[key], value)) continue;
            patch[key] = (before[key], value) is (JsonObject old, JsonObject now) ? Between(old, now) : value?.DeepClone();
        }

        return patch;
    }

    private static JsonArray Merged(JsonArray before, JsonArray patch)
    {
        var all = before.OfType<JsonObject>().ToList();
        foreach (var change in patch.OfType<JsonObject>())
        {
            var at = all.FindIndex(item => (string?)item["name"] == (string?)change["name"]);
            if (at < 0) all.Add(change);
            else all[at] = Applied(all[at], change);
        }

        return [.. all.Select(item => item.DeepClone())];
    }
}
