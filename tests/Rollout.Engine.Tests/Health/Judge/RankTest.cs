using System.Collections.Concurrent;

namespace Rollout.Engine.Tests.Health.Judge;

/// <summary>
/// The Mann-Whitney test and the shift again, said in other words than the judge's: by ranks and the variance of the ranks that are there,
/// by counting all ways of sharing the ranks out, and by going through the differences of all pairs.
/// </summary>
internal static class RankTest
{
    /// <summary>The 99th hundredth of the normal distribution: what 98% confidence needs on either side (from printed tables).</summary>
    internal const double Z99 = 2.3263478740408408;

    private static readonly ConcurrentDictionary<(int, int), double[]> Counted = new();

    internal static double U(double[] canary, double[] baseline)
    {
        var ranks = Ranks(canary, baseline);
        return canary.Sum(sample => ranks[sample]) - canary.Length * (canary.Length + 1) / 2.0;
    }

    /// <summary>The standard deviation of the sum of n of the ranks, drawn without putting back.</summary>
    internal static double Sigma(double[] canary, double[] baseline)
    {
        var ranks = Ranks(canary, baseline);
        var all = canary.Concat(baseline).Select(sample => ranks[sample]).ToList();
        var mean = all.Average();
        double n = canary.Length, m = baseline.Length;
        return Math.Sqrt(n * m / (n + m) / (n + m - 1) * all.Sum(rank => (rank - mean) * (rank - mean)));
    }

    internal static double Z(double[] canary, double[] baseline)
    {
        var sigma = Sigma(canary, baseline);
        var distance = U(canary, baseline) - canary.Length * baseline.Length / 2.0;
        var corrected = Math.Max(0, Math.Abs(distance) - 0.5);
        return sigma == 0 ? 0 : Math.CopySign(corrected, distance) / sigma;
    }

    /// <summary>How many of the ways of sharing n + m ranks out have each U, from 0 to n m.</summary>
    private static double[] Ways(int n, int m)
    {
        if (n == 0 || m == 0) return [1];
        if (Counted.TryGetValue((n, m), out var known)) return known;

        // The greatest sample is the first side's, and greater than all m of the other; or it is the other's, and adds nothing.
        var (greatest, other) = (Ways(n - 1, m), Ways(n, m - 1));
        return Counted[(n, m)] = [.. Enumerable.Range(0, n * m + 1).Select(u => (u >= m ? greatest.ElementAtOrDefault(u - m) : 0) + other.ElementAtOrDefault(u))];
    }

    /// <summary>The two-sided probability of a U of at most this, or as far on the other side.</summary>
    internal static double ExactP(int n, int m, int u)
    {
        var ways = Ways(n, m);
        return 2 * ways.Take(u + 1).Sum() / ways.Sum();
    }

    internal static double Median(double[] canary, double[] baseline)
    {
        var all = Differences(canary, baseline);
        return (all[(all.Count - 1) / 2] + all[all.Count / 2]) / 2;
    }

    /// <summary>The lower end of the interval: the first difference behind which the test no longer rejects.</summary>
    internal static double Lower(double[] canary, double[] baseline)
    {
        var steps = Differences(canary, baseline).Distinct().ToList();
        if (Shifted(steps[0]) <= Z99) return steps[0];
        return steps.Zip(steps.Skip(1)).First(pair => Shifted((pair.First + pair.Second) / 2) <= Z99).First;

        double Shifted(double shift) => Z([.. canary.Select(sample => sample - shift)], baseline);
    }

    private static List<double> Differences(double[] canary, double[] baseline) =>
        [.. canary.SelectMany(sample => baseline.Select(other => sample - other)).Order()];

    private static Dictionary<double, double> Ranks(double[] canary, double[] baseline) => canary.Concat(baseline).Order()
        .Select((sample, index) => (sample, Rank: index + 1.0))
        .GroupBy(pair => pair.sample)
        .ToDictionary(group => group.Key, group => group.Average(pair => pair.Rank));
}
