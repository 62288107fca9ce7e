using System.Text.Json;

namespace Rollout.Engine.Registries;

/// <summary>The failures of registries, of the way to them, and of the credentials for them.</summary>
internal static class RegistryErrors
{
    internal static RolloutException DockerConfigInvalid(string path, Exception cause) => new(
        "DockerConfigInvalid",
        ErrorKind.InvalidData,
        $"Docker's configuration file {path} cannot be read: {Describe(cause)}",
        "Correct the file, or name another directory with DOCKER_CONFIG, or give -Credential.",
        path,
        cause is JsonException ? null : cause);

    internal static RolloutException StoredCredentialInvalid(string path, string server) => new(
        "StoredCredentialInvalid",
        ErrorKind.InvalidData,
        $"The 'auth' that {path} holds for {server} is not base64 of name:password.",
        $"Run 'docker login {server}' again, or give -Credential.",
        server);

    internal static RolloutException CredentialHelperNotFound(string name, Exception cause) => new(
        "CredentialHelperNotFound",
        ErrorKind.NotFound,
        $"The credential helper docker-credential-{name} that Docker's config.json names cannot be started: {cause.Message}",
        "Install it on PATH, take it out of config.json (credsStore, credHelpers), or give -Credential.",
        name,
        cause);

    internal static RolloutException CredentialHelperFailed(string name, string server, string problem) => new(
        "CredentialHelperFailed",
        ErrorKind.Authentication,
        $"The credential helper docker-credential-{name} gave no credentials for {server}: {problem}.",
        $"Run 'docker login {server}' again, or give -Credential.",
        server);

    // A parser's own message may quote the document, and this one holds secrets: only the place is told.
    private static string Describe(Exception cause) =>
        cause is JsonException json ? $"it is not the JSON it should be (line {json.LineNumber + 1})" : cause.Message;
}
