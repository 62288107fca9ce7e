using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker.Swarm;

/// <summary>
/// What Rollout knows of a service beyond the service itself, in a label of it. Any write to a service forgets how its last update went and what its spec was
/// before, so it is written with an update, before it and after it alike, and later only where the engine has nothing to go back to any more.
/// </summary>
internal sealed record ServiceRecord
{
    private const int HistoryKept = 20;
    private const int DecisionsKept = 20;

    /// <summary>The release before the update.</summary>
    public int From { get; init; }

    /// <summary>The release that the update is to.</summary>
    public int To { get; init; }

    /// <summary>True where the update goes back to a release.</summary>
    public bool IsUndo { get; init; }

    /// <summary>True where a user asked to go back; false where a failure led to it.</summary>
    public bool IsAsked { get; init; }

    public FailureAction OnFailure { get; init; }

    public double TimeoutSec { get; init; } = RolloutRequest.UsualTimeout.TotalSeconds;

    public DateTimeOffset StartedAt { get; init; }

    /// <summary>How it ended; null where the engine's own words say it.</summary>
    public RolloutPhase? Phase { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>The releases known, oldest first.</summary>
    public IReadOnlyList<ServiceRelease> History { get; init => field = value ?? []; } = [];

    public IReadOnlyList<RolloutDecision> Decisions { get; init => field = value ?? []; } = [];

    public ServiceRelease? Find(int number) => History.FirstOrDefault(release => release.Number == number);

    public ServiceRecord With(params IEnumerable<RolloutDecision> decisions) => this with { Decisions = [.. Decisions.Concat(decisions).TakeLast(DecisionsKept)] };

    public ServiceRecord With(ServiceRelease release) =>
        this with { History = [.. History.Where(known => known.Number != release.Number).Append(release).OrderBy(known => known.Number).TakeLast(HistoryKept)] };

    public ServiceRecord Mark(int number, HealthVerdict verdict) =>
        this with { History = [.. History.Select(release => release.Number == number ? release with { Verdict = verdict } : release)] };

    public string ToJson() => StoredJson.Write(this);

    /// <summary>Null where nobody can read it any more.</summary>
    public static ServiceRecord? Parse(string json) => StoredJson.Read<ServiceRecord>(json);
}

/// <summary>One release of a service.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Image">The image, with its digest where that was known.</param>
/// <param name="CreatedAt">When it was made.</param>
internal sealed record ServiceRelease(int Number, string Image, DateTimeOffset CreatedAt)
{
    /// <summary>Why.</summary>
    public string? ChangeCause { get; init; }

    /// <summary>What is known of its health.</summary>
    public HealthVerdict Verdict { get; init; } = HealthVerdict.Inconclusive;
}
