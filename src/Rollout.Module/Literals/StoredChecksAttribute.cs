using System.Collections;
using System.Management.Automation;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Rollout.Module.Cmdlets;

namespace Rollout.Module.Literals;

/// <summary>Takes health checks as New-RolloutHealthCheck makes them, and as they come back from Import-Clixml, ConvertFrom-Json or a job.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class StoredChecksAttribute : ArgumentTransformationAttribute
{
    private static readonly Dictionary<string, Type> Types = typeof(RolloutHealthCheck).GetCustomAttributes<JsonDerivedTypeAttribute>()
        .ToDictionary(kind => (string)kind.TypeDiscriminator!, kind => kind.DerivedType, StringComparer.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var given = LanguagePrimitives.GetEnumerable(inputData)?.Cast<object?>() ?? [inputData];
        return given.OfType<object>().Select(Check).ToArray();
    }

    /// <summary>What is no check at all is left as it is: PowerShell says what it thinks of it.</summary>
    private static object? Check(object given)
    {
        if (given is not PSObject { BaseObject: not RolloutHealthCheck } stored || stored.Properties["Kind"]?.Value is not string kind || !Types.TryGetValue(kind, out var type)) return given;
        var name = $"{stored.Properties["Name"]?.Value}";
        if (LanguagePrimitives.GetEnumerable(stored.Properties["HeaderNames"]?.Value)?.Cast<object>().Any() == true) throw HealthCheckErrors.StoredCheckIncomplete(name, "what it logs in with is stored nowhere");
        try
        {
            // Only what can be set: Kind follows from the type.
            var properties = type.GetProperties().Where(property => property.CanWrite && stored.Properties[property.Name]?.Value is not null);
            var json = new JsonObject(properties.Select(property => KeyValuePair.Create(property.Name, Node(stored.Properties[property.Name].Value))));
            return json.Deserialize(type);
        }
        catch (Exception problem) when (problem is JsonException or NotSupportedException)
        {
            throw HealthCheckErrors.StoredCheckIncomplete(name, "a part of it is missing; store it with a greater -Depth");
        }
    }

    private static JsonNode? Node(object? value) => value is PSObject { BaseObject: not PSCustomObject } wrapped ? Node(wrapped.BaseObject) : value switch
    {
        null => null,
        string text => text,
        TimeSpan time => time.ToString(),
        Uri address => address.OriginalString,
        // As ConvertTo-Json writes a TimeSpan.
        PSObject time when time.Properties["Ticks"]?.Value is { } ticks => new TimeSpan(LanguagePrimitives.ConvertTo<long>(ticks)).ToString(),
        PSObject table => new JsonObject(table.Properties.Select(property => KeyValuePair.Create(property.Name, Node(property.Value)))),
        IDictionary table => new JsonObject(table.Cast<DictionaryEntry>().Select(entry => KeyValuePair.Create($"{entry.Key}", Node(entry.Value)))),
        IEnumerable list => new JsonArray([.. list.Cast<object?>().Select(Node)]),
        _ => JsonSerializer.SerializeToNode(value),
    };
}
