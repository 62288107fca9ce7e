using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Rollout.Engine.Kubernetes.Api;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes;

/// <summary>The models that read themselves, each with objects made from its own properties: a property that is forgotten, or has the wrong name, shows.</summary>
public sealed class ModelReaderTests
{
    private static readonly ConcurrentDictionary<Type, JsonSerializerOptions> Readers = [];

    public static TheoryData<Type> Models => [.. typeof(IReadable).Assembly.GetTypes().Where(ReadsItself)];

    [Theory, MemberData(nameof(Models))]
    public void EveryPropertyIsReadUnderItsNameWhateverStandsBeside(Type model)
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            var written = Written(model, random);

            Assert.True(JsonNode.DeepEquals(Known(written, model), Told(Read(model, written), model)), $"{seed}: {written}");
        }
    }

    [Theory, MemberData(nameof(Models))]
    public void NullIsAsIfNothingWereSaid(Type model)
    {
        var nulls = new JsonObject(Settable(model).Select(property => KeyValuePair.Create(Name(property), (JsonNode?)null)));

        Assert.True(JsonNode.DeepEquals(Told(Read(model, []), model), Told(Read(model, nulls), model)));
    }

    [Fact]
    public async Task AListThatComesInPartsIsReadLikeOneInOnePiece()
    {
        var pods = Enumerable.Range(0, 50).Select(seed => Written(typeof(Pod), new Random(seed))).ToArray();
        var bytes = Encoding.UTF8.GetBytes(new JsonObject { ["items"] = new JsonArray(pods) }.ToJsonString());

        var list = await JsonSerializer.DeserializeAsync(new Dripping(bytes), KubernetesJson.Default.KubernetesListPod);

        Assert.Equal(pods.Length, list!.Items.Count);
        Assert.All(pods.Zip(list.Items), pair => Assert.True(JsonNode.DeepEquals(Known(pair.First, typeof(Pod)), Told(pair.Second, typeof(Pod)))));
    }

    [Fact]
    public void WhatIsOfAnotherShapeIsNotTheJsonExpected()
    {
        foreach (var wrong in (string[])["""{"metadata":[]}""", """{"metadata":{"name":1}}""", """{"metadata":{"labels":"a"}}""", """{"spec":{"containers":{}}}""", """{"spec":{"containers":[null]}}""", """{"status":{"containerStatuses":[{"restartCount":"1"}]}}"""])
        {
            Assert.Throws<JsonException>(() => Read(typeof(Pod), (JsonObject)JsonNode.Parse(wrong)!));
        }

        Assert.Throws<JsonException>(() => Read(typeof(ReplicaSet), (JsonObject)JsonNode.Parse("""{"spec":{"template":[]}}""")!));
    }

    [Fact]
    public void TextsThatComeAgainAreTheSameAndNoneIsTakenForAnother()
    {
        // More than are remembered, so that many take another's place.
        var texts = Enumerable.Range(0, 20_000).Select(i => $"app-{i}").Concat([new string('x', 64), new string('x', 65), "\u00e9", "a\"b", "", "app-1"]).ToList();
        foreach (var text in texts.Concat(texts))
        {
            var labels = new JsonObject { [text] = text, ["app"] = text };
            var meta = (ObjectMeta)Read(typeof(ObjectMeta), new JsonObject { ["name"] = text, ["labels"] = labels });

            Assert.Equal(text, meta.Name);
            Assert.Equal([new(text, text), new("app", text)], meta.Labels);
            Assert.Equal((text, true, false), (meta.Labels["app"], meta.Labels.ContainsKey(text), meta.Labels.ContainsKey(text + "?")));
        }

        var (one, other) = ((ObjectMeta)Read(typeof(ObjectMeta), new JsonObject { ["name"] = "shop" }), (ObjectMeta)Read(typeof(ObjectMeta), new JsonObject { ["name"] = "shop" }));
        Assert.Same(one.Name, other.Name);
    }

    // Not one that has it from its base, as ManagedMeta has: the serializer reads that.
    private static bool ReadsItself(Type type) => type.IsClass && type.IsAssignableTo(typeof(IReadable)) && type.GetInterfaceMap(typeof(IReadable)).TargetMethods[0].DeclaringType == type;

    private static object Read(Type model, JsonObject json) => JsonSerializer.Deserialize(json.ToJsonString(), model, Readers.GetOrAdd(model, OptionsOf))!;

    private static JsonSerializerOptions OptionsOf(Type model) => new() { Converters = { (JsonConverter)Activator.CreateInstance(typeof(ModelReader<>).MakeGenericType(model))! } };

    /// <summary>An object with some of the model's properties, and others that it does not have.</summary>
    private static JsonObject Written(Type model, Random random)
    {
        var json = new JsonObject();
        foreach (var property in Settable(model))
        {
            if (random.Next(4) == 0) json["x" + property.Name] = new JsonObject { [Name(property)] = new JsonArray(new JsonObject { ["kind"] = "other" }, null, 1.5) };
            if (random.Next(4) > 0) json[Name(property)] = Value(property.PropertyType, random);
        }

        return json;
    }

    private static JsonNode Value(Type type, Random random)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string)) return $"text \"{random.Next()}\"\n";
        if (type == typeof(int) || type == typeof(long)) return random.Next(1, 1000);
        if (type == typeof(bool)) return true;
        if (type == typeof(DateTimeOffset)) return Time(DateTimeOffset.UnixEpoch.AddSeconds(random.Next()));
        if (type == typeof(JsonNode)) return $"{random.Next(100)}%";
        if (type == typeof(JsonObject)) return new JsonObject { ["spec"] = new JsonObject { ["of"] = random.Next() } };
        if (type == typeof(IReadOnlyDictionary<string, string>)) return new JsonObject { ["a/b"] = $"{random.Next()}", ["c"] = "" };
        if (Element(type) is { } element) return new JsonArray([.. Enumerable.Range(0, random.Next(3)).Select(_ => Value(element, random))]);
        return Written(type, random);
    }

    /// <summary>What of that the model has; an empty list is no list.</summary>
    private static JsonObject Known(JsonObject json, Type model)
    {
        var known = new JsonObject();
        foreach (var property in Settable(model))
        {
            if (json[Name(property)] is not { } value || value is JsonArray { Count: 0 }) continue;
            known[Name(property)] = (value, Element(property.PropertyType) ?? property.PropertyType) switch
            {
                (JsonArray list, var element) when element.IsAssignableTo(typeof(IReadable)) => new JsonArray([.. list.Select(item => Known((JsonObject)item!, element))]),
                (JsonObject part, var type) when type.IsAssignableTo(typeof(IReadable)) => Known(part, type),
                _ => value.DeepClone(),
            };
            if (known[Name(property)] is JsonObject { Count: 0 } && !IsOptional(property)) known.Remove(Name(property));
        }

        return known;
    }

    /// <summary>A model as it was read, as JSON; what is as in a new one is left out.</summary>
    private static JsonObject Told(object read, Type model)
    {
        var told = new JsonObject();
        foreach (var property in Settable(model))
        {
            JsonNode? value = property.GetValue(read) switch
            {
                null or "" or 0 or 0L or false => null,
                DateTimeOffset time => Time(time),
                JsonNode node => node is JsonObject { Count: 0 } ? null : node.DeepClone(),
                IReadable part => Told(part, part.GetType()) is var inner && inner.Count == 0 && !IsOptional(property) ? null : inner,
                IReadOnlyDictionary<string, string> { Count: 0 } => null,
                IReadOnlyDictionary<string, string> map => new JsonObject(map.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
                string text => text,
                IEnumerable list => list.Cast<object>().Select(item => item is IReadable part ? Told(part, part.GetType()) : (JsonNode)(string)item).ToArray() is { Length: > 0 } items ? new JsonArray(items) : null,
                var number => JsonValue.Create(Convert.ToInt64(number, CultureInfo.InvariantCulture)),
            };
            if (property.GetValue(read) is true) value = true;
            if (value is not null) told[Name(property)] = value;
        }

        return told;
    }

    private static IEnumerable<PropertyInfo> Settable(Type model) => model.GetProperties().Where(property => property.CanWrite);

    private static bool IsOptional(PropertyInfo property) => new NullabilityInfoContext().Create(property).ReadState == NullabilityState.Nullable;

    private static Type? Element(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? type.GetGenericArguments()[0] : null;

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Gives few bytes at a time.</summary>
    private sealed class Dripping(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => base.ReadAsync(buffer[..Math.Min(buffer.Length, 97)], cancellationToken);
    }

    private static string Name(PropertyInfo property) => property.Name == nameof(ContainerStatus.ImageId) ? "imageID" : JsonNamingPolicy.CamelCase.ConvertName(property.Name);
}
