using System.Text.Json.Serialization;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>
/// What is known about a workload beyond its containers. Lives in the labels of a never-started container (see StateStore).
/// Changes only by the transitions below; each gives a new one.
/// </summary>
internal sealed record WorkloadState
{
    private const int HistoryKept = 50;
    private const int DecisionsKept = 40;

    /// <summary>The number of this record; not within the JSON, as the container's name and label hold it.</summary>
    [JsonIgnore]
    public int Sequence { get; init; }

    /// <summary>Where it stands.</summary>
    public RolloutPhase Phase { get; init; } = RolloutPhase.Pending;

    /// <summary>One word for why.</summary>
    public string? Reason { get; init; }

    /// <summary>The same in a sentence.</summary>
    public string? Message { get; init; }

    /// <summary>The release that is meant to serve; 0 before the first came to serve.</summary>
    public int Current { get; init; }

    /// <summary>The release before it, for the status.</summary>
    public int? Previous { get; init; }

    /// <summary>True where what serves now was gone back to because a user asked for it, not because of a failure.</summary>
    public bool WentBackAsAsked { get; init; }

    /// <summary>What is under way or was left half done; null otherwise.</summary>
    public Change? Change { get; init; }

    /// <summary>The router in front; null where there is none.</summary>
    public RouterChoice? Router { get; init; }

    /// <summary>How the last change was done.</summary>
    public RolloutStrategy Strategy { get; init; }

    /// <summary>When the last change was begun.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>Every release known, oldest first, the containers of which may be gone.</summary>
    public IReadOnlyList<Release> History { get; init; } = [];

    /// <summary>What was decided in the last change, oldest first.</summary>
    public IReadOnlyList<RolloutDecision> Decisions { get; init; } = [];

    /// <summary>The last rollout's checks without secrets in them: for who carries on, and to look by at what an undo goes back to.</summary>
    public IReadOnlyList<RolloutHealthCheck> Checks { get; init; } = [];

    /// <summary>Containers that were not made by Rollout and so cannot carry its labels.</summary>
    public IReadOnlyList<AdoptedReplica> Adopted { get; init; } = [];

    /// <summary>Who is at work; null where nobody is.</summary>
    public Holder? Holder { get; init; }

    /// <summary>Reads the record out of a container's labels; null where they hold none that can be read. What the replicas' own labels tell still holds then.</summary>
    internal static WorkloadState? From(IReadOnlyDictionary<string, string> labels) =>
        labels.TryGetValue(WorkloadLabels.Record, out var json) ? StoredJson.Read<WorkloadState>(json) : null;

    /// <summary>
    /// What the replicas' own labels tell where the record is gone (<c>docker container prune</c> takes it, as it takes all that does not run);
    /// null where there are no replicas.
    /// </summary>
    internal static WorkloadState? Rebuild(IReadOnlyList<Replica> replicas)
    {
        if (replicas.Count == 0) return null;
        var releases = replicas.GroupBy(replica => replica.Release).OrderBy(release => release.Key).ToList();
        var current = releases.MaxBy(release => (release.Count(replica => replica.IsUp), release.Key))!;
        return new WorkloadState
        {
            Phase = RolloutPhase.Healthy,
            Current = current.Key,
            Router = current.First().Router,
            History = [.. releases.Select(release => Release.From(release.Key, [.. release]))],
        };
    }

    /// <summary>The labels that hold it.</summary>
    internal IEnumerable<KeyValuePair<string, string>> ToLabels(string name, string writer) =>
    [
        new(WorkloadLabels.Name, name),
        new(WorkloadLabels.Sequence, WorkloadLabels.Text(Sequence)),
        new(WorkloadLabels.Writer, writer),
        new(WorkloadLabels.Phase, Phase.ToString()),
        new(WorkloadLabels.Record, StoredJson.Write(this)),
    ];

    /// <summary>Finds a release.</summary>
    internal Release? Find(int? number) => History.FirstOrDefault(release => release.Number == number);

    /// <summary>The release that is to serve when what is under way is done, or serves now; where none does, the one that did not get there.</summary>
    internal Release? Wanted => Find(Change is null ? Current : Change.Goal) ?? (History.Count == 0 ? null : History[^1]);

    /// <summary>A change begins.</summary>
    internal WorkloadState Begin(Change change, RolloutDecision decision) => this with
    {
        Phase = change.Standing,
        Reason = null,
        Message = null,
        WentBackAsAsked = false,
        Change = change with { Since = decision.At },
        Strategy = change.Strategy,
        StartedAt = decision.At,
        CompletedAt = null,
        Decisions = [decision],
    };

    /// <summary>The checks were made, and the decision has what they found. What failed a check of its steps is not good by passing those at the end.</summary>
    internal WorkloadState Verified(RolloutDecision decision) =>
        (Change is { GoingBack: false, Reason: not null } ? Decide(decision) : Judge(Change!.Goal, decision)) with { Change = Change with { Verified = true } };

    /// <summary>A step is passed, and the next one begins.</summary>
    internal WorkloadState Pass(RolloutDecision decision) => Decide(decision).On(Change!.Next(decision.At));

    /// <summary>The checks of a step failed, and it goes on all the same.</summary>
    internal WorkloadState PassAllTheSame(string reason, string message, RolloutDecision decision) =>
        Judge(Change!.To, decision).On(Change.Next(decision.At) with { Reason = reason, Message = message });

    /// <summary>It is held where it is.</summary>
    internal WorkloadState Suspend(RolloutDecision decision) => Decide(decision).On(Change! with { Suspended = true });

    /// <summary>What held it is lifted; a pause that it stands at is over.</summary>
    internal WorkloadState Resume(RolloutDecision decision)
    {
        var change = Change! with { Suspended = false };
        return Decide(decision).On(change.Step is PauseStep ? change.Next(decision.At) : change);
    }

    /// <summary>What failed and was left as it is goes on: whoever says so has mended the cause.</summary>
    internal WorkloadState Thaw() =>
        Change is { Frozen: true } ? On(Change with { Frozen = false, IsThawed = true }) with { Reason = null, Message = null, CompletedAt = null } : this;

    /// <summary>Past every step that is left.</summary>
    internal WorkloadState Promote(RolloutDecision decision) =>
        Decide(decision).On(Change! with { Suspended = false, Passed = Change.Steps.Count, Since = decision.At });

    private WorkloadState On(Change change) => this with { Change = change, Phase = change.Standing };

    /// <summary>The way to the step that it is held at, which goes no further; null where it is not held at one.</summary>
    internal RolloutPath? WayToHold => Change is { WaitsToBeResumed: true, Step: not null } change
        ? RolloutPath.Stepped([.. change.Steps.Take(change.Passed), new PauseStep()], Find(change.Goal)?.Replicas ?? 0, change.FromReplicas, change.Surge, Router is not null)
        : null;

    /// <summary>The checks failed, and it goes on all the same.</summary>
    internal WorkloadState GoOn(string reason, string message, RolloutDecision decision) =>
        Judge(Change!.To, decision) with { Change = Change with { Verified = true, Reason = reason, Message = message } };

    /// <summary>It failed, and the way back begins.</summary>
    internal WorkloadState TurnBack(string reason, string message, RolloutDecision decision) =>
        Judge(Change!.To, decision) with
        {
            Phase = RolloutPhase.Progressing,
            Change = Change with { GoingBack = true, Suspended = false, Verified = false, Reason = reason, Message = message },
            Reason = reason,
            Message = message,
        };

    /// <summary>The user wants what is half done taken back, whatever became of it so far: no failure, and no verdict on the release.</summary>
    internal WorkloadState TakeBack(RolloutDecision decision) => Decide(decision) with
    {
        Phase = RolloutPhase.Progressing,
        Change = Change! with { GoingBack = true, Frozen = false, Suspended = false, Verified = false, IsAsked = true, Reason = null, Message = null },
        Reason = null,
        Message = null,
    };

    /// <summary>It failed, and is left as it is.</summary>
    internal WorkloadState Freeze(string reason, string message, RolloutDecision decision) =>
        Judge(Change!.Goal, decision) with
        {
            Phase = RolloutPhase.Failed,
            Reason = reason,
            Message = message,
            Change = Change with { Frozen = true },
            CompletedAt = decision.At,
        };

    /// <summary>The end of the way was reached: of a rollout, of an undo, or of the way back.</summary>
    internal WorkloadState Arrive(RolloutPhase phase, RolloutDecision decision)
    {
        var change = Change!;
        return Judge(change.Goal, decision) with
        {
            Phase = phase,
            Reason = change.Reason,
            Message = change is { GoingBack: true, IsAsked: true } ? decision.Message : change.Message,
            Current = change.Goal,
            Previous = change.IsMend ? Previous : change is { From: 0 } ? null : change.Source,
            WentBackAsAsked = change.GoingBack ? change.IsAsked : change.IsUndo,
            Change = null,
            CompletedAt = decision.At,
        };
    }

    /// <summary>What is wrong could not be mended; it is shown as it is.</summary>
    internal WorkloadState GiveUpMending(RolloutDecision decision) =>
        Decide(decision) with { Phase = RolloutPhase.Healthy, Change = null, CompletedAt = decision.At };

    /// <summary>Notes a decision.</summary>
    internal WorkloadState Decide(RolloutDecision decision) => this with { Decisions = [.. Decisions.Append(decision).TakeLast(DecisionsKept)] };

    /// <summary>Notes a decision, and with the release what led to it, where that was a verdict. What nobody judged stays Inconclusive.</summary>
    private WorkloadState Judge(int number, RolloutDecision decision) =>
        decision.Verdict is { } verdict ? Decide(decision).Mark(number, verdict) : Decide(decision);

    /// <summary>Adds a release.</summary>
    internal WorkloadState Add(Release release) =>
        this with { History = [.. History.Where(known => known.Number != release.Number).Append(release).OrderBy(known => known.Number).TakeLast(HistoryKept)] };

    /// <summary>Notes what is known of a release's health.</summary>
    internal WorkloadState Mark(int number, HealthVerdict verdict) =>
        this with { History = [.. History.Select(release => release.Number == number ? release with { Verdict = verdict } : release)] };
}
