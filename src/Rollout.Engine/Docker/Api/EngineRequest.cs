namespace Rollout.Engine.Docker.Api;

/// <summary>A request to the engine. Its text names method and path only: query, headers and body may hold secrets.</summary>
/// <param name="Method">The method.</param>
/// <param name="Path">The path below the version, with its query.</param>
internal sealed record EngineRequest(HttpMethod Method, string Path)
{
    internal HttpContent? Content { get; init; }

    /// <summary>What the engine's words of refusal mean for this request; null for what their status says.</summary>
    internal Func<string, RolloutException>? Explain { get; init; }

    /// <summary>What in the body may be secret: the engine's words are told without it.</summary>
    internal IReadOnlyCollection<string> Secrets { get; init; } = [];

    internal IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    internal string WithoutSecrets(string says) => Secrets.Aggregate(says, (text, secret) => text.Replace(secret, "***", StringComparison.Ordinal));

    public override string ToString() => $"{Method} /{Path.Split('?')[0]}";
}
