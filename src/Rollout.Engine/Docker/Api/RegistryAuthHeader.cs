using System.Buffers.Text;
using System.Text.Json;

namespace Rollout.Engine.Docker.Api;

/// <summary>Credentials as the engine's headers take them: JSON in base64url, padded.</summary>
internal static class RegistryAuthHeader
{
    /// <summary>The key under which the engine looks for Docker Hub's credentials.</summary>
    private const string DockerHubKey = "https://index.docker.io/v1/";

    /// <summary>X-Registry-Auth, for one registry. Without credentials an empty object: a push without the header is refused.</summary>
    internal static IReadOnlyDictionary<string, string> For(RegistryAuth? auth) => new Dictionary<string, string>
    {
        ["X-Registry-Auth"] = Encode(auth is null ? "{}"u8 : JsonSerializer.SerializeToUtf8Bytes(auth, DockerJson.Default.RegistryAuth)),
    };

    /// <summary>X-Registry-Config, for every registry a build may pull from.</summary>
    internal static IReadOnlyDictionary<string, string> ForBuild(IReadOnlyDictionary<string, RegistryAuth> auths)
    {
        IReadOnlyDictionary<string, RegistryAuth> byKey = auths.ToDictionary(
            pair => pair.Key == ImageReference.DefaultRegistry ? DockerHubKey : pair.Key,
            pair => pair.Value);
        return new Dictionary<string, string>
        {
            ["X-Registry-Config"] = Encode(JsonSerializer.SerializeToUtf8Bytes(byKey, DockerJson.Default.IReadOnlyDictionaryStringRegistryAuth)),
        };
    }

    private static string Encode(ReadOnlySpan<byte> json)
    {
        var text = Base64Url.EncodeToString(json);
        return text.PadRight((text.Length + 3) / 4 * 4, '=');
    }
}
