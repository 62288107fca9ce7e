using System.Text.Json.Serialization;

namespace Rollout;

/// <summary>Asks Prometheus, and compares every number of the answer with what is wanted.</summary>
public sealed record PrometheusHealthCheck : WebHealthCheck
{
    /// <summary>Creates the check: a metric that is over time already is certain at once, and is worth no look each second.</summary>
    public PrometheusHealthCheck()
    {
        FailureLimit = 1;
        Interval = TimeSpan.FromSeconds(5);
        Timeout = TimeSpan.FromSeconds(10);
    }

    /// <inheritdoc/>
    public override string Kind => "Prometheus";

    /// <summary>
    /// The query in PromQL. In it <c>{{namespace}} {{name}} {{target}} {{container}} {{image}} {{revision}} {{window}}</c> and <c>{{quantile}}</c> stand for
    /// what they are in the rollout that is checked.
    /// </summary>
    public required string Query { get; init; }

    /// <summary>Each number must be below this.</summary>
    public double? Below { get; init; }

    /// <summary>Each number must be above this.</summary>
    public double? Above { get; init; }

    /// <summary>How the numbers are shown.</summary>
    public MetricUnit Unit { get; init; }

    /// <summary>The time that is looked back at: <c>{{window}}</c>, and the length of a range.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The time between two points of a range, each of which must be as wanted; null for an instant query.</summary>
    public TimeSpan? Step { get; init; }

    /// <summary>The quantile that <c>{{quantile}}</c> stands for.</summary>
    public double Quantile { get; init; } = 0.95;

    /// <summary>Requests that there must have been in the window for it to say anything; null for any number.</summary>
    public long? MinimumRequests { get; init; }

    /// <summary>The query, with the same variables, that counts the requests in the window.</summary>
    public string? RequestsQuery { get; init; }

    /// <summary>What it means that there is no number, or that there were too few requests.</summary>
    public NoEvidence OnNoData { get; init; }

    /// <summary>What it means that Prometheus cannot be asked.</summary>
    public NoEvidence OnError { get; init; }
}

/// <summary>How a number is shown.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MetricUnit>))]
public enum MetricUnit
{
    /// <summary>As it is.</summary>
    None,
    /// <summary>A share, as a percentage.</summary>
    Share,
    /// <summary>Seconds, as milliseconds or seconds.</summary>
    Seconds,
}
