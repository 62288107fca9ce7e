using System.Text.Json.Serialization;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Strategies;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Traffic.Kubernetes;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>
/// What Rollout knows of a workload's last rollout, kept with it in the annotation <c>rollout.pwsh/rollout</c>, so that any shell can carry on where another
/// died. What becomes of a revision is kept with the revision, in <c>rollout.pwsh/verdict</c> of its ReplicaSet or ControllerRevision.
/// </summary>
internal sealed record RolloutRecord
{
    internal const string Prefix = "rollout.pwsh/";
    internal const string Annotation = Prefix + "rollout";
    internal const string VerdictAnnotation = Prefix + "verdict";
    internal const string ChangeCause = "kubernetes.io/change-cause";
    private const int DecisionsKept = 20;

    public RolloutPhase Phase { get; init; }
    public string Container { get; init => field = value ?? ""; } = "";
    public string? Image { get; init; }
    public string? PreviousImage { get; init; }
    public FailureAction OnFailure { get; init; }
    public double TimeoutSec { get; init; } = RolloutRequest.UsualTimeout.TotalSeconds;
    public double GraceSec { get; init; }
    public int GraceRestarts { get; init; }
    public bool IsUndo { get; init; }

    /// <summary>True where a user asked for the undo; false where a failure led to it.</summary>
    public bool IsAsked { get; init; }

    public bool HasPaused { get; init; }

    /// <summary>The revision that another shell asked whoever is at work to go back to; null where none did.</summary>
    public long? BackTo { get; init; }

    /// <summary>The router that the workload's last rollout in steps had, so that the next need not name it.</summary>
    public ShareRoute? Route { get; init; }

    /// <summary>What a rollout in steps remembers besides; null for one without.</summary>
    public SteppedState? Stepped { get; init; }

    public DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
    public string? Reason { get; init; }
    public string? Message { get; init; }
    public IReadOnlyList<RolloutDecision> Decisions { get; init => field = value ?? []; } = [];

    /// <summary>What a rollout in steps left where its shell died or it failed past the last of them: whoever brings the workload to its end gives the traffic back, and takes away what stands beside it.</summary>
    [JsonIgnore]
    public SteppedState? Left => Stepped is { Stage: SteppedStage.Promoting } ? Stepped : null;

    /// <summary>The image that the workload itself has: while the new runs beside it, still the one before.</summary>
    [JsonIgnore]
    public string? OwnImage => Stepped is { Stage: SteppedStage.Stepping, IsInPlace: false } ? PreviousImage : Image;

    /// <summary>True where it is not over when every Pod is there: its health is checked then.</summary>
    public bool HasChecks { get; init; }

    /// <summary>The checks that may be read by everybody, for who carries on or undoes.</summary>
    public IReadOnlyList<RolloutHealthCheck> Checks { get; init => field = value ?? []; } = [];

    public RolloutRecord With(params IEnumerable<RolloutDecision> decisions) => this with { Decisions = [.. Decisions.Concat(decisions).TakeLast(DecisionsKept)] };

    /// <summary>The record as the end leaves it. An undo that went well keeps what went wrong before as its reason.</summary>
    public RolloutRecord End(Outcome outcome, DateTimeOffset now)
    {
        var isUndone = outcome.Phase == RolloutPhase.Healthy && IsUndo;
        var action = (isUndone, outcome.Phase) switch
        {
            (true, _) => "Undone",
            (_, RolloutPhase.Healthy or RolloutPhase.Degraded) => "Completed",
            _ when outcome.BackTo is not null => "Stopped",
            _ => "Failed",
        };
        var ended = With(outcome.Decisions) with
        {
            Phase = isUndone ? RolloutPhase.Undone : outcome.Phase,
            Reason = isUndone ? Reason : outcome.Reason,
            Message = isUndone ? Message : outcome.Message,
            CompletedAt = now,
            BackTo = outcome.BackTo,
            Stepped = Stepped is null || (outcome.Phase == RolloutPhase.Failed && Left is not null) ? Stepped : Stepped with { Stage = SteppedStage.Over },
        };
        return ended.With(new RolloutDecision(now, action, outcome.Message ?? $"{Image} serves.", outcome.Verdict));
    }

    public string ToJson() => RolloutRecordJson.Write(this);

    /// <summary>The record of a workload; null where it has none, or one that nobody can read any more.</summary>
    public static RolloutRecord? Of(ObjectMeta metadata) => metadata.Annotation(Annotation) is { } text ? RolloutRecordJson.Read(text) : null;

    public static HealthVerdict VerdictOf(ObjectMeta revision) =>
        Enum.TryParse<HealthVerdict>(revision.Annotation(VerdictAnnotation), out var verdict) && Enum.IsDefined(verdict) ? verdict : HealthVerdict.Inconclusive;
}
