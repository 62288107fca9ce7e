using System.Text.Json.Serialization;

namespace Rollout;

/// <summary>
/// Looks at what the replicas use of their limits, as the platform itself measures it: metrics.k8s.io in a cluster, the engine's statistics on plain Docker.
/// So that a place without Prometheus knows when a workload has too little.
/// </summary>
public sealed record SaturationHealthCheck : RolloutHealthCheck
{
    /// <summary>Creates the check: what was so for all of a time is certain at once, and is measured only every few seconds.</summary>
    public SaturationHealthCheck()
    {
        FailureLimit = 1;
        Interval = TimeSpan.FromSeconds(10);
        Timeout = TimeSpan.FromSeconds(10);
    }

    /// <inheritdoc/>
    public override string Kind => "Saturation";

    /// <summary>What is looked at.</summary>
    public IReadOnlyList<LimitedResource> Resources { get; init; } = [LimitedResource.Cpu, LimitedResource.Memory];

    /// <summary>The share of its limit that a replica may use.</summary>
    public double Share { get; init; } = 0.85;

    /// <summary>How long it must be above that to be bad.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>What it means that no replica has such a limit.</summary>
    public NoEvidence OnNoData { get; init; }

    /// <summary>What it means that the platform does not say what is used.</summary>
    public NoEvidence OnError { get; init; }
}

/// <summary>What a replica has a limit of.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LimitedResource>))]
public enum LimitedResource
{
    /// <summary>Processor time.</summary>
    Cpu,
    /// <summary>Memory.</summary>
    Memory,
}
