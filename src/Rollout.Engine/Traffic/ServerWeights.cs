namespace Rollout.Engine.Traffic;

/// <summary>What each server of two sides is to weigh so that the new side gets its share. A router knows whole weights from 0 to 256.</summary>
/// <param name="New">The weights of the new servers.</param>
/// <param name="Old">The weights of the old servers.</param>
internal sealed record ServerWeights(IReadOnlyList<int> New, IReadOnlyList<int> Old)
{
    /// <summary>The weight of every server where no side is preferred.</summary>
    internal const int Full = 100;

    private const int Heaviest = 256;

    /// <summary>
    /// The weights for a share. As heavy as can be, for the finest steps, and rounded so that the new never get more than their share, but for
    /// the least that a router can give them. Where one side has no servers, the other has all.
    /// </summary>
    internal static ServerWeights For(decimal percent, int fresh, int old)
    {
        if (old == 0 || (percent == 100 && fresh > 0)) return new ServerWeights(Each(Full, fresh), Each(0, old));
        if (fresh == 0 || percent == 0) return new ServerWeights(Each(0, fresh), Each(Full, old));

        decimal ofOld = Heaviest * old;
        var ofNew = Math.Floor(ofOld * percent / (100 - percent));
        if (ofNew > Heaviest * fresh)
        {
            ofNew = Heaviest * fresh;
            ofOld = Math.Ceiling(ofNew * (100 - percent) / percent);
        }

        return new ServerWeights(Spread((int)Math.Max(1, ofNew), fresh), Spread((int)ofOld, old));
    }

    private static int[] Each(int weight, int count) => [.. Enumerable.Repeat(weight, count)];

    private static int[] Spread(int total, int count) =>
        [.. Enumerable.Range(0, count).Select(index => (total / count) + (index < total % count ? 1 : 0))];
}
