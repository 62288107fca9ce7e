using System.Globalization;
using System.Text.Json.Serialization;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Traffic.Kubernetes;

namespace Rollout.Engine.Kubernetes.Strategies;

/// <summary>Where a rollout in steps is, on the whole.</summary>
internal enum SteppedStage
{
    /// <summary>Not in steps any more: it ended.</summary>
    Over,
    /// <summary>Going along its steps.</summary>
    Stepping,
    /// <summary>Past its steps: the workload itself is brought to the new version.</summary>
    Promoting,
    /// <summary>Going back to what ran before.</summary>
    Returning,
}

/// <summary>What a rollout in steps remembers in the workload's record besides: what nothing that can be observed tells.</summary>
internal sealed record SteppedState
{
    public SteppedStage Stage { get; init; }
    public RolloutStrategy Strategy { get; init; }
    public IReadOnlyList<RolloutStep> Steps { get; init => field = value ?? []; } = [];

    /// <summary>How many steps have been passed, and when the last of them was.</summary>
    public int Passed { get; init; }

    public DateTimeOffset Since { get; init; }

    /// <summary>The replicas wanted when it began: the workload itself has fewer meanwhile.</summary>
    public int Replicas { get; init; }

    /// <summary>How many of them the workload itself was left with, where the replicas are the share: another number there is somebody else's, of all that are wanted.</summary>
    public int? Old { get; init; }

    public int Surge { get; init; }
    public int Unavailable { get; init; }
    public bool Baseline { get; init; }

    /// <summary>True where the workload's own Pods are replaced, each in its place; false where a second set stands beside it.</summary>
    public bool IsInPlace { get; init; }

    /// <summary>A StatefulSet's own partition, which it gets back.</summary>
    public int Partition { get; init; }

    /// <summary>The new template's fingerprint, where the workload itself has it already.</summary>
    public string? Template { get; init; }

    /// <summary>Why, for the history.</summary>
    public string? ChangeCause { get; init; }

    /// <summary>What shares the traffic out; null where the replicas do.</summary>
    public ShareRoute? Route { get; init; }

    /// <summary>True where somebody suspended it.</summary>
    public bool IsHeld { get; init; }

    /// <summary>Counts the writes, as the cluster's own versions cannot be compared: of two sights of one record the later has the higher.</summary>
    public int Turn { get; init; }

    /// <summary>True where checks were left out that hold secrets: only the shell that began it has them.</summary>
    public bool HasSecretChecks { get; init; }

    /// <summary>What the new side is called beside the workload.</summary>
    [JsonIgnore]
    public string Role => RoleOf(Strategy);

    [JsonIgnore]
    public bool IsUnderWay => Stage is SteppedStage.Stepping or SteppedStage.Returning;

    /// <summary>The step it is at; null past the last.</summary>
    [JsonIgnore]
    public RolloutStep? Current => Stage == SteppedStage.Stepping && Passed < Steps.Count ? Steps[Passed] : null;

    /// <summary>What the steps passed have left the new side of the traffic.</summary>
    [JsonIgnore]
    public TrafficShare Share => Steps.Take(Passed).Aggregate(new TrafficShare(0), (share, step) => share.After(step));

    /// <summary>The header match that is part of it; null where there is none.</summary>
    [JsonIgnore]
    public HeaderStep? Match => Current is not null ? Share.Match : null;

    /// <summary><c>2 of 5: pause</c>, as users see it; null where it is at none.</summary>
    [JsonIgnore]
    public string? StepText => Stage switch
    {
        SteppedStage.Stepping when Current is { } step => string.Create(CultureInfo.InvariantCulture, $"{Passed + 1} of {Steps.Count}: {step}"),
        SteppedStage.Stepping or SteppedStage.Promoting => "promote",
        _ => null,
    };

    public static string RoleOf(RolloutStrategy strategy) => strategy == RolloutStrategy.BlueGreen ? "green" : "canary";

    /// <summary>As it goes along its steps, where something of the new is beside the old though no replica is wanted any more.</summary>
    [JsonIgnore]
    public SteppedState AtLeastOne => IsInPlace || Replicas > 0 ? this : this with { Replicas = 1 };

    /// <summary>Past its present step; where somebody turned it back meanwhile there is none.</summary>
    public SteppedState Passing(DateTimeOffset now) => Stage == SteppedStage.Stepping ? this with { Passed = Passed + 1, Since = now } : this;
}
