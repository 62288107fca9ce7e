using System.Text.Json.Serialization;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>A change from one release to another.</summary>
internal sealed record Change
{
    /// <summary>The release that served before; 0 for none.</summary>
    public required int From { get; init; }

    /// <summary>The release that is to serve.</summary>
    public required int To { get; init; }

    /// <summary>How many replicas of <see cref="From"/> ran when it began; as many run again after going back.</summary>
    public required int FromReplicas { get; init; }

    /// <summary>True where <see cref="To"/> ran before, so that its containers are not removed on failure.</summary>
    public bool IsUndo { get; init; }

    /// <summary>How the new replaces the old.</summary>
    public RolloutStrategy Strategy { get; init; }

    /// <summary>New replicas beside the old at most.</summary>
    public required int Surge { get; init; }

    /// <summary>What is done on failure.</summary>
    public FailureAction OnFailure { get; init; }

    /// <summary>Seconds until every new replica must be healthy.</summary>
    public double TimeoutSec { get; init; } = RolloutRequest.UsualTimeout.TotalSeconds;

    /// <summary>Restarts that are forgiven.</summary>
    public int GraceRestarts { get; init; }

    /// <summary>Seconds that a replica may look bad.</summary>
    public double GraceSec { get; init; }

    /// <summary>The names of those with secrets, which must not be written down: only who was given them can make them.</summary>
    public IReadOnlyList<string> SecretChecks { get; init; } = [];

    /// <summary>The steps of a canary or blue-green rollout, without checks that have secrets in them.</summary>
    public IReadOnlyList<RolloutStep> Steps { get; init; } = [];

    /// <summary>How many of them have been passed.</summary>
    public int Passed { get; init; }

    /// <summary>When the last of them was, or it all began.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>True where somebody holds it.</summary>
    public bool Suspended { get; init; }

    /// <summary>True once the checks have passed.</summary>
    public bool Verified { get; init; }

    /// <summary>True on the way back.</summary>
    public bool GoingBack { get; init; }

    /// <summary>True where a user asked for the way back; false where a failure led to it.</summary>
    public bool IsAsked { get; init; }

    /// <summary>True where it failed and was left as it is.</summary>
    public bool Frozen { get; init; }

    /// <summary>True where it had failed and been left, and somebody had it go on: restarts until then are no matter any more.</summary>
    public bool IsThawed { get; init; }

    /// <summary>Why it turned back.</summary>
    public string? Reason { get; init; }

    /// <summary>The same in a sentence.</summary>
    public string? Message { get; init; }

    /// <summary>The step it stands at; null where there are none, or all have been passed, or it goes back.</summary>
    [JsonIgnore]
    public RolloutStep? Step => GoingBack || Passed >= Steps.Count ? null : Steps[Passed];

    /// <summary>True where it stays until somebody resumes it, and nobody need be at work meanwhile.</summary>
    [JsonIgnore]
    public bool WaitsToBeResumed => !Frozen && (Suspended || Step is PauseStep { IsOpenEnded: true });

    /// <summary>What that comes to.</summary>
    [JsonIgnore]
    public RolloutPhase Standing => Suspended || Step is PauseStep ? RolloutPhase.Paused : RolloutPhase.Progressing;

    /// <summary>True where nothing new is rolled out, but what serves is put in order.</summary>
    [JsonIgnore]
    public bool IsMend => From == To;

    /// <summary>True where there is nothing that could run again: no release before it, or one whose containers all stood still.</summary>
    [JsonIgnore]
    public bool NothingRanBefore => From == 0 || FromReplicas == 0;

    /// <summary>The release that serves at the end of the way it goes now.</summary>
    [JsonIgnore]
    public int Goal => GoingBack ? From : To;

    /// <summary>The release that is to go.</summary>
    [JsonIgnore]
    public int Source => GoingBack ? To : From;

    /// <summary>The same with one step more passed.</summary>
    internal Change Next(DateTimeOffset now) => this with { Passed = Passed + 1, Since = now };
}
