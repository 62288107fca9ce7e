using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Docker;

/// <summary>
/// The values of a container's environment variables that its image did not bring, and that may be secrets. What is wrong with a container is told in
/// its own words (its log, its HEALTHCHECK, the engine's complaint of its command), which like to hold its settings; they go into errors, verdicts and
/// labels, and so these values are hidden in them.
/// </summary>
internal sealed class EnvironmentSecrets
{
    private const string Mask = "***";

    // Shorter ones are words that stand in any text.
    private const int Shortest = 6;

    private readonly IReadOnlyList<string> values;

    private EnvironmentSecrets(IReadOnlyList<string> values) => this.values = values;

    /// <summary>Those of a container.</summary>
    internal static async Task<EnvironmentSecrets> OfAsync(IDockerClient engine, string id, CancellationToken cancellation) =>
        await engine.Containers.InspectAsync(id, cancellation) is { } container ? await OfAsync(engine, container, cancellation) : Of([]);

    /// <inheritdoc cref="OfAsync(IDockerClient, string, CancellationToken)"/>
    internal static async Task<EnvironmentSecrets> OfAsync(IDockerClient engine, ContainerInspect container, CancellationToken cancellation)
    {
        var image = await engine.Images.InspectAsync(container.Image, cancellation);
        return Of(container.Config.Strings("Env").Except((image?.Config ?? []).Strings("Env")));
    }

    /// <summary>Those of variables as <c>NAME=value</c>. Of a value with several lines each is one, as a log's tail may begin in the midst of it.</summary>
    internal static EnvironmentSecrets Of(IEnumerable<string> variables) => new(
    [
        .. variables
            .SelectMany(variable => ForeignText.Neutralise(variable[(variable.IndexOf('=', StringComparison.Ordinal) + 1)..]).Split('\n'))
            .Where(value => value.Trim().Length >= Shortest)
            .Distinct()
            .OrderByDescending(value => value.Length),
    ]);

    /// <summary>The text without them.</summary>
    internal string Hide(string text) => values.Aggregate(ForeignText.Neutralise(text), (shown, secret) => shown.Replace(secret, Mask, StringComparison.Ordinal));
}
