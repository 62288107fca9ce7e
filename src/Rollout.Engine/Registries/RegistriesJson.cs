using System.Text.Json.Serialization;

namespace Rollout.Engine.Registries;

/// <summary>The documents of this folder.</summary>
[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(DockerConfigFile))]
[JsonSerializable(typeof(CredentialHelperAnswer))]
[JsonSerializable(typeof(TokenAnswer))]
[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(ManifestDocument))]
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

/// <summary>What a token server answers; which of the two names it uses is up to it.</summary>
internal sealed class TokenAnswer
{
    public string? Token { get; init; }

    [JsonPropertyName("access_token")]
    public string? AccessToken { get; init; }

    [JsonPropertyName("expires_in")]
    public int ExpiresIn { get; init; }
}

/// <summary>What a registry says went wrong.</summary>
internal sealed record ErrorAnswer
{
    public IReadOnlyList<ErrorItem>? Errors { get; init; }
}

/// <summary>One of the things that went wrong: a code such as <c>NAME_UNKNOWN</c>, and a sentence.</summary>
internal sealed record ErrorItem
{
    public string? Code { get; init; }
    public string? Message { get; init; }
}

/// <summary>A manifest or an index, Docker's (schema 2) or the OCI image specification's.</summary>
internal sealed record ManifestDocument
{
    public int SchemaVersion { get; init; }
    public string? MediaType { get; init; }
    public Descriptor? Config { get; init; }
    public IReadOnlyList<Descriptor>? Layers { get; init; }
    public IReadOnlyList<Descriptor>? Manifests { get; init; }
}

/// <summary>Names one piece of content.</summary>
internal sealed record Descriptor
{
    public string MediaType { get; init => field = value ?? ""; } = "";
    public string Digest { get; init => field = value ?? ""; } = "";

    [JsonRequired]
    public long Size { get; init; }
    public DescriptorPlatform? Platform { get; init; }
}

/// <summary>The platform a manifest in an index is for; <c>unknown</c> for attestations.</summary>
internal sealed record DescriptorPlatform
{
    public string? Os { get; init; }
    public string? Architecture { get; init; }
    public string? Variant { get; init; }
}
