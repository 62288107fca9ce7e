using System.Text.Json.Serialization;

namespace Rollout.Engine.Registries;

/// <summary>The documents of this folder.</summary>
[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(DockerConfigFile))]
[JsonSerializable(typeof(CredentialHelperAnswer))]
internal sealed partial class RegistriesJson : JsonSerializerContext;

/// <summary>config.json, as far as credentials go.</summary>
internal sealed record DockerConfigFile
{
    public IReadOnlyDictionary<string, DockerConfigAuth>? Auths { get; init; }
    public string? CredsStore { get; init; }
    public IReadOnlyDictionary<string, string>? CredHelpers { get; init; }
}

/// <summary>One entry of <c>auths</c>; <see cref="Auth"/> is base64 of <c>name:password</c>.</summary>
internal sealed class DockerConfigAuth
{
    public string? Auth { get; init; }
    public string? Username { get; init; }
    public string? Password { get; init; }
    public string? IdentityToken { get; init; }
    public string? RegistryToken { get; init; }
}

/// <summary>What a credential helper answers to <c>get</c>.</summary>
internal sealed class CredentialHelperAnswer
{
    public string? Username { get; init; }
    public string? Secret { get; init; }
}
