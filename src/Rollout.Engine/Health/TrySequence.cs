namespace Rollout.Engine.Health;

/// <summary>
/// What a check's tries so far amount to: enough good ones in a row make it healthy, enough bad ones in a row (or in all, where that is
/// limited) unhealthy. One that is neither after <see cref="Limit"/> tries (it flaps, or keeps on starting) is inconclusive, and so is one whose server
/// gave no answer <see cref="AnswerLimit"/> times in a row. Of a check that wants so many out of so many, all tries count, and it ends as soon as it is certain.
/// </summary>
/// <param name="Good">Good tries in a row, up to now.</param>
/// <param name="Bad">Bad tries in a row, up to now.</param>
/// <param name="Tries">All tries.</param>
/// <param name="AllGood">All good tries.</param>
/// <param name="AllBad">All bad tries.</param>
/// <param name="Undecided">Tries since the watched time was over.</param>
/// <param name="Unanswered">Those of them in a row, up to now, that got no answer.</param>
internal sealed record TrySequence(int Good, int Bad, int Tries, int AllGood, int AllBad, int Undecided, int Unanswered)
{
    /// <summary>An outage of monitoring within the watched time does no harm where it is over by its end.</summary>
    internal const int AnswerLimit = 3;

    internal static TrySequence None { get; } = new(0, 0, 0, 0, 0, 0, 0);

    /// <summary>The sequence after one more try.</summary>
    /// <param name="found">What the try found.</param>
    /// <param name="watching">True while it must go on though it is healthy.</param>
    internal TrySequence With(HealthTry found, bool watching) => new(
        found.Verdict == HealthVerdict.Healthy ? Good + 1 : 0,
        found.Verdict == HealthVerdict.Unhealthy ? Bad + 1 : 0,
        Tries + 1,
        found.Verdict == HealthVerdict.Healthy ? AllGood + 1 : AllGood,
        found.Verdict == HealthVerdict.Unhealthy ? AllBad + 1 : AllBad,
        watching ? 0 : found.IsGathering ? Undecided : Undecided + 1,
        watching || !found.IsUnanswered ? 0 : Unanswered + 1);

    /// <summary>The verdict; null where another try is needed.</summary>
    internal HealthVerdict? Verdict(RolloutHealthCheck check, bool watching)
    {
        if (AllBad >= check.TotalFailureLimit) return HealthVerdict.Unhealthy;
        if (check.OutOf is { } all) return OutOf(all, check.SuccessesNeeded, watching);
        if (Bad >= check.FailureLimit) return HealthVerdict.Unhealthy;
        if (watching) return null;
        if (Good >= check.SuccessesNeeded) return HealthVerdict.Healthy;
        return Undecided >= Limit(check) || Unanswered >= AnswerLimit ? HealthVerdict.Inconclusive : null;
    }

    internal static int Limit(RolloutHealthCheck check) => 10 * (check.SuccessesNeeded + check.FailureLimit);

    private HealthVerdict? OutOf(int all, int needed, bool watching)
    {
        if (AllBad > all - needed) return HealthVerdict.Unhealthy;
        if (watching) return null;
        if (AllGood >= needed) return HealthVerdict.Healthy;
        return Tries >= all ? HealthVerdict.Inconclusive : null;
    }
}
