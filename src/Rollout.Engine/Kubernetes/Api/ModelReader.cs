using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Rollout.Engine.Kubernetes.Api;

// The kinds that a fleet reads by the thousand are read field by field: what is not used is passed over without being looked at (managedFields are half of a Pod), and
// the few methods that this takes are compiled once, where the serializer compiles its own for each type of each field.

/// <summary>A model that reads itself, from JSON that is whole.</summary>
internal interface IReadable
{
    /// <summary>Takes in the property whose name the reader is at, up to its last token.</summary>
    void Take(ref Utf8JsonReader json);
}

/// <summary>How the serializer reads such a model.</summary>
internal sealed class ModelReader<T> : JsonConverter<T> where T : class, IReadable, new()
{
    public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.Item<T>();

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => throw new NotSupportedException("Objects are changed by patches, and never written back.");
}

/// <summary>The steps in which a model is read.</summary>
internal static class ModelFields
{
    /// <summary>A property that is a model itself; for null it stays as it is.</summary>
    public static void Into<T>(this ref Utf8JsonReader json, T model) where T : class, IReadable
    {
        if (!Begins(ref json, JsonTokenType.StartObject)) return;
        while (HasField(ref json)) model.Take(ref json);
    }

    /// <summary>A model of its own, as a property or in a list; null for null.</summary>
    public static T? Item<T>(this ref Utf8JsonReader json) where T : class, IReadable, new()
    {
        if (!Begins(ref json, JsonTokenType.StartObject)) return null;
        var model = new T();
        while (HasField(ref json)) model.Take(ref json);
        return model;
    }

    /// <summary>The part of an object that the reader is at: its metadata, spec or, where that is read, status.</summary>
    public static void Part(this ref Utf8JsonReader json, IReadable metadata, IReadable spec, IReadable? status = null)
    {
        if (json.ValueTextEquals("metadata"u8)) json.Into(metadata);
        else if (json.ValueTextEquals("spec"u8)) json.Into(spec);
        else if (status is not null && json.ValueTextEquals("status"u8)) json.Into(status);
        else json.TrySkip();
    }

    /// <summary>A property's text; empty for null.</summary>
    public static string Text(this ref Utf8JsonReader json) => Value(ref json) ? RecentTexts.Read(ref json) : "";

    /// <summary>A property's text; null for null.</summary>
    public static string? OptionalText(this ref Utf8JsonReader json) => Value(ref json) ? RecentTexts.Read(ref json) : null;

    /// <summary>A property's number; null for null.</summary>
    public static int? Int(this ref Utf8JsonReader json) => Value(ref json) ? json.GetInt32() : null;

    /// <summary>A property's long number; 0 for null.</summary>
    public static long Long(this ref Utf8JsonReader json) => Value(ref json) ? json.GetInt64() : 0;

    /// <summary>A property's truth; false for null.</summary>
    public static bool Flag(this ref Utf8JsonReader json) => Value(ref json) && json.GetBoolean();

    /// <summary>A property's time; null for null.</summary>
    public static DateTimeOffset? Time(this ref Utf8JsonReader json) => Value(ref json) ? json.GetDateTimeOffset() : null;

    /// <summary>A property of any shape, as it is.</summary>
    public static JsonNode? Node(this ref Utf8JsonReader json) => Value(ref json) ? JsonNode.Parse(ref json) : null;

    /// <summary>A property that is an object of any shape, as it is; empty for null.</summary>
    public static JsonObject Object(this ref Utf8JsonReader json) => json.Node() switch
    {
        null => [],
        JsonObject found => found,
        _ => throw new JsonException(),
    };

    /// <summary>A property that is a list of models.</summary>
    public static IReadOnlyList<T> List<T>(this ref Utf8JsonReader json) where T : class, IReadable, new()
    {
        if (!Begins(ref json, JsonTokenType.StartArray)) return [];
        var items = new List<T>(2);
        while (json.Read() && json.TokenType != JsonTokenType.EndArray) items.Add(json.Item<T>() ?? throw new JsonException());
        return items;
    }

    /// <summary>A property that is a list of texts.</summary>
    public static IReadOnlyList<string> Texts(this ref Utf8JsonReader json)
    {
        if (!Begins(ref json, JsonTokenType.StartArray)) return [];
        var items = new List<string>(2);
        while (json.Read() && json.TokenType != JsonTokenType.EndArray) items.Add(json.GetString() ?? "");
        return items;
    }

    /// <summary>A property that is an object of texts.</summary>
    public static IReadOnlyDictionary<string, string> Map(this ref Utf8JsonReader json)
    {
        if (!Begins(ref json, JsonTokenType.StartObject)) return StringMap.Empty;
        var pairs = new List<KeyValuePair<string, string>>(4);
        while (HasField(ref json))
        {
            var name = RecentTexts.Read(ref json);
            pairs.Add(new(name, json.Text()));
        }

        return StringMap.Of(pairs);
    }

    /// <summary>Goes to the next property's name; false at the object's end.</summary>
    private static bool HasField(ref Utf8JsonReader json) => json.Read() && json.TokenType == JsonTokenType.PropertyName;

    private static bool Begins(ref Utf8JsonReader json, JsonTokenType start)
    {
        if (json.TokenType == JsonTokenType.PropertyName) json.Read();
        return json.TokenType == start || (json.TokenType == JsonTokenType.Null ? false : throw new JsonException());
    }

    private static bool Value(ref Utf8JsonReader json)
    {
        json.Read();
        return json.TokenType != JsonTokenType.Null;
    }
}
