namespace Rollout.Engine.Docker.Api;

/// <summary>A request to the engine. Its text names method and path only: query, headers and body may hold secrets.</summary>
/// <param name="Method">The method.</param>
/// <param name="Path">The path below the version, with its query.</param>
internal sealed record EngineRequest(HttpMethod Method, string Path)
{
    internal HttpContent? Content { get; init; }

    internal IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    public override string ToString() => $"{Method} /{Path.Split('?')[0]}";
}
