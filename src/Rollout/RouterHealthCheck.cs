namespace Rollout;

/// <summary>
/// Error rate and response time by the statistics of the router in front of the rollout, so that a machine without Prometheus has both.
/// </summary>
public sealed record RouterHealthCheck : RolloutHealthCheck
{
    /// <summary>Creates the check: what is counted over a time is certain at once.</summary>
    public RouterHealthCheck() => FailureLimit = 1;

    /// <inheritdoc/>
    public override string Kind => "Router";

    /// <summary>The share of answers with a 5xx status must be below this; null where it does not matter.</summary>
    public double? ErrorRateBelow { get; init; }

    /// <summary>The mean response time of the last 1024 requests must be below this; null where it does not matter.</summary>
    public TimeSpan? LatencyBelow { get; init; }

    /// <summary>The time that is looked at.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Requests that are enough to judge by before the window is over; null to look at the whole of it.</summary>
    public long? MinimumRequests { get; init; }

    /// <summary>What it means that there were no requests, or too few.</summary>
    public NoEvidence OnNoData { get; init; }

    /// <summary>What it means that the router cannot be asked.</summary>
    public NoEvidence OnError { get; init; }
}
