using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Rollout.Engine.Docker.Api;

/// <summary>
/// How the API's JSON is read and written. Names are matched without case: the API writes some as Id and some as id. Metadata alone: code that
/// writes would encode the name of every property of every type at the first use, and little is written.
/// </summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNameCaseInsensitive = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ContainerInspect))]
[JsonSerializable(typeof(ContainerStats))]
[JsonSerializable(typeof(ImageInspect))]
[JsonSerializable(typeof(IReadOnlyList<ImageSummary>))]
[JsonSerializable(typeof(IReadOnlyList<ServiceInspect>))]
[JsonSerializable(typeof(IReadOnlyList<ServiceTask>))]
[JsonSerializable(typeof(StreamMessage))]
[JsonSerializable(typeof(EngineEvent))]
[JsonSerializable(typeof(SystemInfo))]
[JsonSerializable(typeof(SystemVersion))]
[JsonSerializable(typeof(RegistryAuth))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, RegistryAuth>))]
[JsonSerializable(typeof(JsonObject))]
internal sealed partial class DockerJson : JsonSerializerContext;
