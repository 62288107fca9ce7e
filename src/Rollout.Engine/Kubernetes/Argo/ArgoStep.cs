using System.Text.Json;
using System.Text.Json.Nodes;
using Rollout.Engine.Literals;

namespace Rollout.Engine.Kubernetes.Argo;

/// <summary>One of spec.strategy.canary.steps: exactly one field is set.</summary>
internal sealed record ArgoStep
{
    public int? SetWeight { get; init; }
    public ArgoPause? Pause { get; init; }
    public JsonObject? Experiment { get; init; }
    public JsonObject? Analysis { get; init; }
    public ArgoCanaryScale? SetCanaryScale { get; init; }
    public ArgoNamed? SetHeaderRoute { get; init; }
    public ArgoNamed? SetMirrorRoute { get; init; }
    public ArgoNamed? Plugin { get; init; }

    /// <summary>True where something is run that may take for ever: what is carried on goes past it only where it is told to.</summary>
    public bool IsRun => Analysis is not null || Experiment is not null || Plugin is not null;

    /// <summary>As users read it: <c>weight 25</c>, <c>pause 5m</c>.</summary>
    public override string ToString() => this switch
    {
        { SetWeight: { } weight } => $"weight {weight}",
        { Pause: { } pause } => pause.ToString(),
        { Experiment: not null } => "experiment",
        { Analysis: not null } => "analysis",
        { SetCanaryScale: { } scale } => $"canary scale {scale}",
        { SetHeaderRoute: { } route } => $"header route {route}",
        { SetMirrorRoute: { } route } => $"mirror route {route}",
        { Plugin: { } plugin } => $"plugin {plugin}",
        _ => "unknown step",
    };
}

/// <summary>A pause step.</summary>
internal sealed record ArgoPause
{
    /// <summary>A text with a unit, or seconds as a number or text; null for until somebody resumes.</summary>
    public JsonElement? Duration { get; init; }

    /// <summary>How long; null for until somebody resumes.</summary>
    public TimeSpan? Length => Duration switch
    {
        { ValueKind: JsonValueKind.Number } seconds when seconds.TryGetInt64(out var count) => TimeSpan.FromSeconds(count),
        { ValueKind: JsonValueKind.String } text => Parsed(text.GetString()!),
        _ => null,
    };

    public override string ToString() => Duration is { ValueKind: not JsonValueKind.Null } duration ? $"pause {ForeignText.Neutralise(duration.ToString())}" : "pause";

    // Argo refuses what it cannot read, and holds meanwhile.
    private static TimeSpan? Parsed(string text)
    {
        try
        {
            return DurationText.Parse(text);
        }
        catch (RolloutException)
        {
            return null;
        }
    }
}

/// <summary>A setCanaryScale step.</summary>
internal sealed record ArgoCanaryScale
{
    public int? Weight { get; init; }
    public int? Replicas { get; init; }
    public bool MatchTrafficWeight { get; init; }

    public override string ToString() => Weight is { } weight ? $"{weight}%" : Replicas is { } replicas ? $"{replicas} replicas" : "as the traffic";
}

/// <summary>A step of which the name alone is shown.</summary>
internal sealed record ArgoNamed
{
    public string Name { get; init => field = value ?? ""; } = "";

    public override string ToString() => ForeignText.Neutralise(Name);
}
