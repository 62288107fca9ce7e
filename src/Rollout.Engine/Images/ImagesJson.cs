using System.Text.Json.Serialization;

namespace Rollout.Engine.Images;

/// <summary>The JSON of building images.</summary>
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(Builders.SolveStatus))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class ImagesJson : JsonSerializerContext;
