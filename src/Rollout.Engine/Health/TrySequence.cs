namespace Rollout.Engine.Health;

/// <summary>
/// What a check's tries so far amount to: enough good ones in a row make it healthy, enough bad ones in a row unhealthy. One that is
/// neither after <see cref="Limit"/> tries (it flaps, or keeps on starting) is inconclusive.
/// </summary>
/// <param name="Good">Good tries in a row, up to now.</param>
/// <param name="Bad">Bad tries in a row, up to now.</param>
/// <param name="Tries">All tries.</param>
/// <param name="AllGood">All good tries.</param>
/// <param name="Undecided">Tries since the watched time was over.</param>
internal sealed record TrySequence(int Good, int Bad, int Tries, int AllGood, int Undecided)
{
    internal static TrySequence None { get; } = new(0, 0, 0, 0, 0);

    /// <summary>The sequence after one more try.</summary>
    /// <param name="found">What the try found.</param>
    /// <param name="watching">True while it must go on though it is healthy.</param>
    internal TrySequence With(HealthVerdict found, bool watching) => new(
        found == HealthVerdict.Healthy ? Good + 1 : 0,
        found == HealthVerdict.Unhealthy ? Bad + 1 : 0,
        Tries + 1,
        found == HealthVerdict.Healthy ? AllGood + 1 : AllGood,
        watching ? 0 : Undecided + 1);

    /// <summary>The verdict; null where another try is needed.</summary>
    internal HealthVerdict? Verdict(RolloutHealthCheck check, bool watching)
    {
        if (Bad >= check.FailureLimit) return HealthVerdict.Unhealthy;
        if (watching) return null;
        if (Good >= check.SuccessesNeeded) return HealthVerdict.Healthy;
        return Undecided >= Limit(check) ? HealthVerdict.Inconclusive : null;
    }

    internal static int Limit(RolloutHealthCheck check) => 10 * (check.SuccessesNeeded + check.FailureLimit);
}
