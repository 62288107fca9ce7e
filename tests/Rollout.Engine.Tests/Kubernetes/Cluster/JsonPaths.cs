using System.Globalization;
using System.Text.Json.Nodes;

namespace Rollout.Engine.Tests.Kubernetes.Cluster;

/// <summary>Reads deep into JSON where any part may be missing, as it may in the API's.</summary>
internal static class JsonPaths
{
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var name in path) node = (node as JsonObject)?[name];
        return node;
    }

    public static string? Text(this JsonNode? node, params ReadOnlySpan<string> path) => (string?)node.At(path);

    public static int Number(this JsonNode? node, params ReadOnlySpan<string> path) => (int?)node.At(path) ?? 0;

    public static bool Flag(this JsonNode? node, params ReadOnlySpan<string> path) => (bool?)node.At(path) ?? false;

    public static IEnumerable<JsonObject> Items(this JsonNode? node, params ReadOnlySpan<string> path) => (node.At(path) as JsonArray)?.OfType<JsonObject>() ?? [];

    public static string Name(this JsonObject item) => item.Text("metadata", "name") ?? "";

    public static string Uid(this JsonObject item) => item.Text("metadata", "uid") ?? "";

    /// <summary>The object under a name, made where it is missing.</summary>
    public static JsonObject Child(this JsonObject item, string name)
    {
        if (item[name] is not JsonObject child) item[name] = child = [];
        return child;
    }

    public static string Text(this long number) => number.ToString(CultureInfo.InvariantCulture);
}
