using System.Text.Json.Nodes;

namespace Rollout.Engine.Traffic.Kubernetes;

/// <summary>The operations of a JSON patch (RFC 6902).</summary>
internal static class JsonPointer
{
    public static string Escaped(string part) => part.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    public static JsonObject Test(string path, JsonNode? value) => Operation("test", path, value);

    public static JsonObject Add(string path, JsonNode? value) => Operation("add", path, value);

    public static JsonObject Replace(string path, JsonNode? value) => Operation("replace", path, value);

    public static JsonObject Remove(string path) => new() { ["op"] = "remove", ["path"] = path };

    private static JsonObject Operation(string op, string path, JsonNode? value) => new() { ["op"] = op, ["path"] = path, ["value"] = value?.DeepClone() };
}
