using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Rollout.Engine.Rollouts;

/// <summary>
/// How a record is kept with its workload. What another version did not write has the value that the record's type begins with, and a record without what
/// such a type cannot be made without is none. (Generated metadata would make the type's default of it: a verdict that is missing would be Healthy.)
/// </summary>
internal static class StoredJson
{
    internal static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        // A zero that was meant is written: what is missing is none.
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        Converters = { new JsonStringEnumConverter() },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    internal static string Write<T>(T record) => JsonSerializer.Serialize(record, Options);

    /// <summary>Null where it is another version's that cannot be read, or was tampered with.</summary>
    internal static T? Read<T>(string json) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Options);
        }
        catch (Exception unreadable) when (unreadable is JsonException or NotSupportedException)
        {
            return null;
        }
    }
}
