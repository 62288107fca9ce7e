using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Registries;

/// <summary>
/// Answers a registry's challenges: Basic, or Bearer with a token of its token server (the distribution project's token
/// authentication, and OAuth2 where there is an identity token). Tokens are kept by scope until shortly before they expire.
/// </summary>
internal sealed class RegistryAuthorization(RegistryAddress registry, RegistryTransport transport, RegistryOptions options)
{
    // What token servers mean where they do not say how long a token lives.
    private static readonly TimeSpan DefaultLifetime = TimeSpan.FromSeconds(60);

    // A token must outlive the request it is sent with.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, (string Value, DateTimeOffset Expires)> _tokens = new(StringComparer.Ordinal);

    /// <summary>
    /// The credentials for whoever will answer these challenges: null where nothing is asked for, or there are none. Each realm that a
    /// challenge names must be trusted, or none gets them.
    /// </summary>
    /// <exception cref="RolloutException">TokenRealmNotTrusted.</exception>
    public async Task<RegistryAuth?> CredentialsAsync(IReadOnlyList<AuthChallenge> challenges, CancellationToken cancellation)
    {
        if (challenges.Count == 0 || await options.Credentials.FindAsync(registry.Name, cancellation) is not { } credentials) return null;

        foreach (var challenge in challenges.Where(challenge => challenge.IsBearer)) RequireTrust(RealmOf(challenge));
        return credentials;
    }

    /// <summary>The Authorization header that meets the challenges for a scope; null where none is asked for.</summary>
    /// <param name="challenges">What the registry asked for.</param>
    /// <param name="scope">What is to be done: <c>repository:team/shop:pull</c>; null for nothing in particular.</param>
    /// <param name="isFresh">True where a token kept for the scope was refused.</param>
    /// <param name="cancellation">Ends the questions to the token server.</param>
    /// <exception cref="RolloutException">TokenRealmNotTrusted, RegistryUnauthorized and what the token server answers.</exception>
    public async Task<AuthenticationHeaderValue?> HeaderAsync(IReadOnlyList<AuthChallenge> challenges, string? scope, bool isFresh, CancellationToken cancellation)
    {
        if (challenges.FirstOrDefault(challenge => challenge.IsBearer) is { } bearer)
        {
            return new("Bearer", await TokenAsync(bearer, challenges, scope, isFresh, cancellation));
        }

        if (!challenges.Any(challenge => challenge.IsBasic)) return null;
        return await CredentialsAsync(challenges, cancellation) is { Username: { } name } credentials
            ? Basic(name, credentials.Password)
            : throw RegistryErrors.NoCredentials(registry.Name);
    }

    private async Task<string> TokenAsync(AuthChallenge bearer, IReadOnlyList<AuthChallenge> challenges, string? scope, bool isFresh, CancellationToken cancellation)
    {
        var key = $"{bearer.Realm} {bearer.Service} {scope}";
        var now = options.Time.GetUtcNow();
        if (!isFresh && _tokens.TryGetValue(key, out var kept) && kept.Expires > now) return kept.Value;

        var credentials = await CredentialsAsync(challenges, cancellation);
        if (credentials?.RegistryToken is { } given) return given;

        var request = TokenRequest(bearer, scope, credentials);
        var response = await transport.SendAsync(request, cancellation);
        if (!response.IsSuccess) throw RegistryErrors.Refused(registry, request, response, options.Time);

        var answer = Parse(request, response);
        var lifetime = answer.ExpiresIn > 0 ? TimeSpan.FromSeconds(answer.ExpiresIn) : DefaultLifetime;
        var token = answer.Token ?? answer.AccessToken ?? throw RegistryErrors.AnswerInvalid(request, "it has no token");
        _tokens[key] = (token, now + lifetime - Margin);
        return token;
    }

    private static RegistryRequest TokenRequest(AuthChallenge bearer, string? scope, RegistryAuth? credentials)
    {
        var realm = RealmOf(bearer);
        var parameters = new Dictionary<string, string>();
        if (bearer.Service is { } service) parameters["service"] = service;
        if ((scope ?? bearer.Scope) is { } wanted) parameters["scope"] = wanted;
        if (credentials?.IdentityToken is { } identity)
        {
            parameters["grant_type"] = "refresh_token";
            parameters["client_id"] = "Rollout";
            parameters["refresh_token"] = identity;
            return new(HttpMethod.Post, realm) { Form = parameters };
        }

        var query = string.Join('&', parameters.Select(parameter => $"{parameter.Key}={Uri.EscapeDataString(parameter.Value)}"));
        var address = new UriBuilder(realm) { Query = realm.Query.Length > 1 ? $"{realm.Query}&{query}" : query };
        return new(HttpMethod.Get, address.Uri) { Authorization = credentials?.Username is { } name ? Basic(name, credentials.Password) : null };
    }

    private static TokenAnswer Parse(RegistryRequest request, RegistryResponse response)
    {
        try
        {
            return JsonSerializer.Deserialize(response.Body, RegistriesJson.Default.TokenAnswer) ?? new();
        }
        catch (JsonException)
        {
            throw RegistryErrors.AnswerInvalid(request, "it is not the JSON of a token");
        }
    }

    private void RequireTrust(Uri realm)
    {
        if (!TokenRealms.IsTrusted(registry, options.IsInsecure, realm, options.AllowedTokenRealms)) throw RegistryErrors.TokenRealmNotTrusted(registry, realm);
    }

    private static Uri RealmOf(AuthChallenge bearer) =>
        Uri.TryCreate(bearer.Realm, UriKind.Absolute, out var realm) && (realm.Scheme == Uri.UriSchemeHttps || realm.Scheme == Uri.UriSchemeHttp)
            ? realm
            : throw RegistryErrors.ChallengeInvalid(bearer);

    private static AuthenticationHeaderValue Basic(string name, string? password) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}")));
}
