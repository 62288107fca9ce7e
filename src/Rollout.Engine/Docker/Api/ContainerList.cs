using System.Text.Json;

namespace Rollout.Engine.Docker.Api;

/// <summary>
/// GET /containers/json, read by hand: nearly every cmdlet begins with it, and setting the serialiser up takes longer than the engine's answer.
/// </summary>
internal static class ContainerList
{
    /// <exception cref="JsonException">It is no list of containers.</exception>
    internal static IReadOnlyList<ContainerSummary> Read(ReadOnlyMemory<byte> document)
    {
        using var json = JsonDocument.Parse(document);
        try
        {
            var containers = new List<ContainerSummary>();
            foreach (var row in json.RootElement.EnumerateArray()) containers.Add(Container(row));
            return containers;
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw new JsonException(e.Message, e);
        }
    }

    private static ContainerSummary Container(JsonElement row) => new()
    {
        Id = Text(row, "Id"),
        Names = Texts(row, "Names"),
        Image = Text(row, "Image"),
        ImageId = Text(row, "ImageID"),
        State = Text(row, "State"),
        Status = Text(row, "Status"),
        Created = Find(row, "Created") is { } seconds ? seconds.GetInt64() : 0,
        Labels = Labels(row),
    };

    private static string Text(JsonElement row, string name) => Find(row, name)?.GetString() ?? "";

    private static List<string> Texts(JsonElement row, string name)
    {
        var texts = new List<string>();
        if (Find(row, name) is not { } list) return texts;
        foreach (var text in list.EnumerateArray()) texts.Add(text.GetString() ?? "");
        return texts;
    }

    private static Dictionary<string, string> Labels(JsonElement row)
    {
        var labels = new Dictionary<string, string>();
        if (Find(row, "Labels") is not { } map) return labels;
        foreach (var label in map.EnumerateObject()) labels[label.Name] = label.Value.GetString() ?? "";
        return labels;
    }

    /// <summary>A property's value; null where the engine left it out or sent null.</summary>
    private static JsonElement? Find(JsonElement row, string name) =>
        row.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
