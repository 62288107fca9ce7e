namespace Rollout.Engine.Rollouts;

/// <summary>How many replicas of the new and of the old stand in for a share of the traffic where no router shares it out.</summary>
/// <param name="Canary">New replicas.</param>
/// <param name="Stable">Old replicas.</param>
internal readonly record struct CanaryCounts(int Canary, int Stable)
{
    /// <summary>
    /// The counts that come nearest to a share, with as many replicas in all as are wanted, or one more where there is room for it. A share above
    /// zero is never rounded down to none, nor one below all to all, where that can be helped.
    /// </summary>
    /// <param name="replicas">The replicas wanted.</param>
    /// <param name="percent">The share of the new, from 0 to 100.</param>
    /// <param name="surge">Replicas above the wanted number that there is room for.</param>
    internal static CanaryCounts Nearest(int replicas, decimal percent, int surge)
    {
        var extremesAllowed = percent is 0 or 100 || (replicas == 1 && surge == 0);
        var best = new CanaryCounts(0, replicas);
        decimal? bestError = null;
        foreach (var option in Options(replicas, percent, surge, extremesAllowed))
        {
            var error = Math.Abs((option.Canary * 100m / (option.Canary + option.Stable)) - percent);
            if (error >= bestError) continue;
            (best, bestError) = (option, error);
        }

        return best;
    }

    /// <summary>The counts of a step: the nearest; where there are none (half a replica below all, and no room beside them) all but one, so that the new is not left with none.</summary>
    /// <inheritdoc cref="Nearest"/>
    internal static CanaryCounts OfShare(int replicas, decimal percent, int surge)
    {
        var nearest = Nearest(replicas, percent, surge);
        return nearest.Canary == 0 && percent > 50 && replicas > 1 ? new CanaryCounts(replicas - 1, 1) : nearest;
    }

    /// <summary>In order of preference where two are equally near.</summary>
    private static IEnumerable<CanaryCounts> Options(int replicas, decimal percent, int surge, bool extremesAllowed)
    {
        var (above, below, tied) = Around(replicas);
        if (above < replicas || extremesAllowed) yield return Of(above, replicas);
        if (!tied && (below != 0 || extremesAllowed)) yield return Of(below, replicas);
        if (surge <= 0) yield break;

        (above, below, tied) = Around(replicas + 1);
        yield return Of(above, replicas + 1);
        if (!tied && (below != 0 || extremesAllowed)) yield return Of(below, replicas + 1);

        static CanaryCounts Of(int canary, int total) => new(canary, total - canary);

        (int Above, int Below, bool Tied) Around(int total)
        {
            var exact = total * percent / 100;
            return ((int)Math.Ceiling(exact), (int)Math.Floor(exact), exact - Math.Floor(exact) == 0.5m);
        }
    }
}
