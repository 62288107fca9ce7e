using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Rollout.Engine.Kubernetes.Configuration;

/// <summary>A part of a YAML document as JSON: for what is passed on and not looked into.</summary>
internal static class YamlJson
{
    /// <param name="node">The part; null where there is none.</param>
    /// <param name="depth">How many levels it may have: an alias may be a part of what it stands for, which has no end.</param>
    /// <exception cref="FormatException">It has more levels.</exception>
    public static JsonNode? Convert(YamlNode? node, int depth = 32)
    {
        if (depth == 0) throw new FormatException("it has too many levels");
        return node switch
        {
            YamlMappingNode mapping => new JsonObject(mapping.Children.Select(field => KeyValuePair.Create(Key(field.Key), Convert(field.Value, depth - 1)))),
            YamlSequenceNode list => new JsonArray([.. list.Select(item => Convert(item, depth - 1))]),
            YamlScalarNode scalar => Scalar(scalar),
            _ => null,
        };
    }

    private static string Key(YamlNode key) => key is YamlScalarNode { Value: { } text } ? text : throw new FormatException("a key of it is no text");

    /// <summary>Without quotes, what is a literal in JSON is the same here: true, null, 5.</summary>
    private static JsonNode? Scalar(YamlScalarNode scalar)
    {
        if (scalar.Style != ScalarStyle.Plain) return scalar.Value;
        if (scalar.Value is null or "" or "~") return null;
        try
        {
            return JsonNode.Parse(scalar.Value);
        }
        catch (JsonException)
        {
            return scalar.Value;
        }
    }
}
