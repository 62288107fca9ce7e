using System.Text.Json.Serialization;

namespace Rollout;

/// <summary>
/// Looks for alerts that fire. Those that fired before the rollout began do not count, nor do those that Alertmanager silences or inhibits.
/// </summary>
public sealed record AlertHealthCheck : WebHealthCheck
{
    /// <summary>Creates the check: an alert has waited for its own time already, so that one is certain at once.</summary>
    public AlertHealthCheck()
    {
        FailureLimit = 1;
        Interval = TimeSpan.FromSeconds(5);
        Timeout = TimeSpan.FromSeconds(10);
    }

    /// <inheritdoc/>
    public override string Kind => "Alert";

    /// <summary>What is asked.</summary>
    public AlertSource Source { get; init; }

    /// <summary>
    /// Which alerts count, as Prometheus writes it: <c>severity="critical"</c>, <c>!=</c>, <c>=~</c>, <c>!~</c>; an alert must match all. The variables of a
    /// query can stand in them. Empty means any alert.
    /// </summary>
    public IReadOnlyList<string> Matchers { get; init; } = [];

    /// <summary>What it means that it cannot be asked.</summary>
    public NoEvidence OnError { get; init; }
}

/// <summary>Where alerts are looked for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AlertSource>))]
public enum AlertSource
{
    /// <summary>Alertmanager, API v2.</summary>
    Alertmanager,
    /// <summary>Prometheus itself, which knows of no silences.</summary>
    Prometheus,
}
