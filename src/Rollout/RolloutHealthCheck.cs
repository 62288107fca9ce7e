using System.Text.Json.Serialization;

namespace Rollout;

/// <summary>One check of a rollout's health: made once, kept in a plan, used often.</summary>
[JsonDerivedType(typeof(HttpHealthCheck), "http")]
[JsonDerivedType(typeof(ContainerHealthCheck), "container")]
[JsonDerivedType(typeof(TcpHealthCheck), "tcp")]
[JsonDerivedType(typeof(PrometheusHealthCheck), "prometheus")]
[JsonDerivedType(typeof(BaselineHealthCheck), "baseline")]
[JsonDerivedType(typeof(AlertHealthCheck), "alert")]
[JsonDerivedType(typeof(RouterHealthCheck), "router")]
[JsonDerivedType(typeof(SaturationHealthCheck), "saturation")]
[JsonDerivedType(typeof(ScriptHealthCheck), "script")]
[JsonDerivedType(typeof(CommandHealthCheck), "command")]
public abstract record RolloutHealthCheck
{
    /// <summary>The name under which the result is shown.</summary>
    public required string Name { get; init; }

    /// <summary>The sort of check: <c>Http</c>, <c>Container</c>, <c>Prometheus</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>How long one try may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Good answers in a row that make it healthy; as many bad ones in a row as <see cref="FailureLimit"/> make it unhealthy.</summary>
    public int SuccessesNeeded { get; init; } = 1;

    /// <summary>Bad answers in a row that make it unhealthy.</summary>
    public int FailureLimit { get; init; } = 3;

    /// <summary>Bad answers in all that make it unhealthy, in a row or not; null for any number.</summary>
    public int? TotalFailureLimit { get; init; }

    /// <summary>
    /// So many tries at most, of which <see cref="SuccessesNeeded"/> must be good, in a row or not: 3 out of 5. Null where it is in a row
    /// that they count.
    /// </summary>
    public int? OutOf { get; init; }

    /// <summary>Time between two tries.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long it must go on without becoming unhealthy; zero: the first verdict counts.</summary>
    public TimeSpan For { get; init; }

    /// <summary>
    /// True where all there is to it may be written where everybody can read it, and run by any shell that reads it there: no secret,
    /// and nothing that would be executed.
    /// </summary>
    internal virtual bool IsOpen => true;
}

/// <summary>What it means that there is no evidence.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NoEvidence>))]
public enum NoEvidence
{
    /// <summary>Nothing: the verdict is Inconclusive.</summary>
    Inconclusive,
    /// <summary>The worst: it counts as a bad answer.</summary>
    Fail,
    /// <summary>The best: it counts as a good answer.</summary>
    Pass,
}
