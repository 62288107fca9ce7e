using System.Text.Json;

namespace Rollout.Engine.Registries;

/// <summary>The failures of registries, of the way to them, and of the credentials for them.</summary>
internal static class RegistryErrors
{
    internal static RolloutException DockerConfigInvalid(string path, Exception cause) => new(
        "DockerConfigInvalid",
        ErrorKind.InvalidData,
        $"Docker's configuration file {path} cannot be read: {Describe(cause)}",
        "Correct the file, or name another directory with DOCKER_CONFIG; Publish-Image takes -Credential instead.",
        path,
        cause is JsonException ? null : cause);

    internal static RolloutException StoredCredentialInvalid(string path, string server) => new(
        "StoredCredentialInvalid",
        ErrorKind.InvalidData,
        $"The 'auth' that {path} holds for {server} is not base64 of name:password.",
        $"Run 'docker login {server}' again; Publish-Image takes -Credential instead.",
        server);

    internal static RolloutException CredentialHelperNotFound(string name, Exception cause) => new(
        "CredentialHelperNotFound",
        ErrorKind.NotFound,
        $"The credential helper docker-credential-{name} that Docker's config.json names cannot be started: {cause.Message}",
        "Install it on PATH, take it out of config.json (credsStore, credHelpers); Publish-Image takes -Credential instead.",
        name,
        cause);

    internal static RolloutException CredentialHelperFailed(string name, string server, string problem) => new(
        "CredentialHelperFailed",
        ErrorKind.Authentication,
        $"The credential helper docker-credential-{name} gave no credentials for {server}: {problem}.",
        $"Run 'docker login {server}' again; Publish-Image takes -Credential instead.",
        server);

    internal static RolloutException ImageMissing(ImageReference reference) => new(
        "ImageNotInRegistry",
        ErrorKind.NotFound,
        $"The registry {reference.Registry} holds no image {reference}.",
        "See that the name, the tag and the digest are right, and publish it first (Publish-Image); -Force rolls it out all the same.",
        reference);

    internal static bool IsImageMissing(RolloutException error) => error.Id == "ImageNotInRegistry";

    // The way to the registry.

    internal static RolloutException NotReachable(RegistryRequest request, Exception cause) =>
        NotReachable(request.Uri.Authority, $"{request}: {cause.Message}", cause);

    internal static RolloutException NotReachable(string registry, string says, Exception? cause = null) => new(
        "RegistryNotReachable",
        ErrorKind.Connection,
        $"The registry {registry} cannot be reached: {says.TrimEnd('.')}.",
        "See that the registry's name and port are right, that it runs, that this machine and the engine can reach it, and that it speaks TLS (or is one of the engine's insecure-registries).",
        registry,
        cause);

    internal static RolloutException CertificateNotTrusted(RegistryRequest request, string refusal, Exception cause) =>
        CertificateNotTrusted(request.Uri.Authority, $"{request}: {refusal}.", cause);

    internal static RolloutException CertificateNotTrusted(string registry, string says, Exception? cause = null) => new(
        "RegistryCertificateNotTrusted",
        ErrorKind.Connection,
        $"The certificate of the registry {registry} is not trusted: {says}",
        $"Put the certificate of its authority into {Path.Combine(RegistryTrust.DefaultDirectory, registry, "ca.crt")}, where the engine and Rollout read it.",
        registry,
        cause);

    internal static RolloutException CertificateUnreadable(string file, Exception cause) => new(
        "RegistryCertificateUnreadable",
        ErrorKind.InvalidData,
        $"The certificate {file} cannot be read: {cause.Message}",
        "Put a PEM file that this user may read there, with its key beside a client's certificate, or take it away.",
        file,
        cause);

    internal static RolloutException ConnectionLost(RegistryRequest request, Exception cause) =>
        ConnectionLost(request.Uri.Authority, $"{request}: {cause.Message}", cause);

    internal static RolloutException ConnectionLost(string registry, string says, Exception? cause = null) => new(
        "RegistryConnectionLost",
        ErrorKind.Connection,
        $"The connection to the registry {registry} was lost: {says}",
        "Try again; where it goes on, see the registry's log and whatever stands between.",
        registry,
        cause);

    internal static RolloutException Timeout(RegistryRequest request, TimeSpan after) => new(
        "RegistryTimeout",
        ErrorKind.Timeout,
        $"{request.Uri.Authority} gave no answer within {after.TotalSeconds:0.#} s ({request}).",
        "See whether the registry is overloaded or a firewall swallows the connection, and try again.",
        request.Uri.Authority);

    internal static RolloutException AnswerInvalid(RegistryRequest request, string problem) => new(
        "RegistryAnswerInvalid",
        ErrorKind.InvalidData,
        $"The answer of {request.Uri.Authority} cannot be used ({request}): {problem}.",
        "See that the address is a registry's, and that nothing between changes its answers.",
        request.Uri.Authority);

    internal static RolloutException NotARegistry(RegistryRequest request) => new(
        "RegistryNotFound",
        ErrorKind.NotFound,
        $"What answers at {request.Uri.Authority} is not a registry: it has no /v2/ ({request}).",
        "See that the registry's name and port are right.",
        request.Uri.Authority);

    /// <summary>Whether the registry could not be talked to at all, so that another way (HTTP for TLS) may do.</summary>
    internal static bool IsOfTransport(RolloutException error) => error.Id is "RegistryNotReachable" or "RegistryConnectionLost";

    // What it asks for.

    internal static RolloutException TokenRealmNotTrusted(RegistryAddress registry, Uri realm) => new(
        "TokenRealmNotTrusted",
        ErrorKind.PermissionDenied,
        $"The registry {registry} wants its credentials sent to {realm.GetLeftPart(UriPartial.Path)}, which is not its own host and not known to belong to it. They were not sent.",
        $"Where {realm.Authority} is its operator's token server, allow it with -AllowedTokenRealm {realm.Authority}, or for every command with the environment variable {TokenRealms.Variable}={realm.Authority}.",
        registry.Name);

    internal static RolloutException ChallengeInvalid(AuthChallenge challenge) => new(
        "RegistryAnswerInvalid",
        ErrorKind.InvalidData,
        $"The registry asks for a token without a usable address to get it from (realm '{challenge.Realm}').",
        "See the registry's configuration (auth.token.realm).",
        challenge.Realm);

    internal static RolloutException NoCredentials(string registry, string? says = null) => new(
        "RegistryUnauthorized",
        ErrorKind.Authentication,
        $"The registry {registry} wants a name and password, and there are none for it{(says is null ? "." : $": {says}")}",
        $"Run 'docker login {registry}'; Publish-Image takes -Credential instead.",
        registry);

    // What it says no to.

    internal static RolloutException Refused(RegistryAddress registry, RegistryRequest request, RegistryResponse response, TimeProvider time)
    {
        var status = (int)response.Status;
        var says = $"{request} gave {status}{Said(response)}";
        return status switch
        {
            401 => Unauthorized(registry.Name, says),
            403 => Forbidden(registry.Name, says),
            404 => RepositoryNotFound(registry.Name, says),
            429 => RateLimited(registry.Name, says, RetryAfter(response, time)),
            408 or >= 500 => Unavailable(registry.Name, says, RetryAfter(response, time)),
            _ => AnswerInvalid(request, $"status {status}{Said(response)}"),
        };
    }

    internal static RolloutException Unauthorized(string registry, string says) => new(
        "RegistryUnauthorized",
        ErrorKind.Authentication,
        $"The registry {registry} does not accept the credentials: {says}",
        $"Run 'docker login {registry}' again; Publish-Image takes -Credential instead.",
        registry);

    internal static RolloutException Forbidden(string registry, string says) => new(
        "RegistryForbidden",
        ErrorKind.PermissionDenied,
        $"The registry {registry} does not allow this: {says}",
        "Use credentials that may do it, or another repository.",
        registry);

    internal static RolloutException RepositoryNotFound(string registry, string says) => new(
        "RepositoryNotFound",
        ErrorKind.NotFound,
        $"The registry {registry} knows no such repository: {says}",
        "See that the repository's name is right; some registries want it created first.",
        registry);

    internal static RolloutException ManifestNotFound(ImageReference reference, string says) => new(
        "ManifestNotFound",
        ErrorKind.NotFound,
        $"The registry has no image {reference}: {says}",
        "See that the tag or digest is right.",
        reference);

    internal static RolloutException RateLimited(string registry, string says, TimeSpan? retryAfter = null) => After(retryAfter, new(
        "RegistryRateLimited",
        ErrorKind.LimitExceeded,
        $"The registry {registry} limits how often it is asked: {says}",
        "Wait, log in for a higher limit, or raise -RetryCount.",
        registry));

    internal static RolloutException Unavailable(string registry, string says, TimeSpan? retryAfter = null) => After(retryAfter, new(
        "RegistryUnavailable",
        ErrorKind.Unavailable,
        $"The registry {registry} cannot do it now: {says}",
        "Try again; where it goes on, see the registry's log and its storage.",
        registry));

    // Trying again.

    /// <summary>Whether the same may well succeed a moment later.</summary>
    internal static bool IsTransient(RolloutException error) =>
        error.Id is "RegistryUnavailable" or "RegistryRateLimited" or "RegistryConnectionLost";

    /// <summary>How long the registry wants to be left alone after a failure; null where it did not say.</summary>
    internal static TimeSpan? RetryAfterOf(Exception error) => error.Data[nameof(RetryAfter)] as TimeSpan?;

    private static RolloutException After(TimeSpan? retryAfter, RolloutException error)
    {
        if (retryAfter is { } delay) error.Data[nameof(RetryAfter)] = delay;
        return error;
    }

    private static TimeSpan? RetryAfter(RegistryResponse response, TimeProvider time) =>
        response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } when date > time.GetUtcNow() => date - time.GetUtcNow(),
            _ => null,
        };

    /// <summary>The registry's own words, as far as they fit a message.</summary>
    private static string Said(RegistryResponse response)
    {
        try
        {
            var errors = JsonSerializer.Deserialize(response.Body, RegistriesJson.Default.ErrorAnswer)?.Errors;
            return errors is not [{ } first, ..] ? "." : $": {Short(first.Message ?? first.Code ?? "")}";
        }
        catch (JsonException)
        {
            return "."; // a proxy's page, or nothing: the status says it all
        }
    }

    private static string Short(string text) => text.Length <= 300 ? text : text[..300] + "...";

    // A parser's own message may quote the document, and this one holds secrets: only the place is told.
    private static string Describe(Exception cause) =>
        cause is JsonException json ? $"it is not the JSON it should be (line {json.LineNumber + 1})" : cause.Message;
}
