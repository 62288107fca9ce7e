using FsCheck;
using FsCheck.Fluent;

namespace Rollout.Engine.Tests.Health.Judge;

/// <summary>Generated samples of two sides, in ascending order.</summary>
internal static class Samples
{
    /// <summary>Whole numbers of a small range, so that many are equal.</summary>
    internal static Arbitrary<(double[] Canary, double[] Baseline)> WithTies { get; } = Of(
        from range in Gen.Choose(1, 12)
        from sizes in Gen.Two(Gen.Choose(1, 12))
        from canary in Gen.ListOf(Gen.Choose(-range, range), sizes.Item1)
        from baseline in Gen.ListOf(Gen.Choose(-range, range), sizes.Item2)
        select (canary.ToList(), baseline.ToList()));

    /// <summary>Whole numbers, all of which differ: powers of two apart enough that all differences of pairs differ too.</summary>
    internal static Arbitrary<(double[] Canary, double[] Baseline)> WithoutTies { get; } = Of(
        from sizes in Gen.Two(Gen.Choose(5, 9))
        from all in Gen.Shuffle(Enumerable.Range(0, 24).Select(i => 1 << i).ToArray())
        select (all.Take(sizes.Item1).ToList(), all.Skip(sizes.Item1).Take(sizes.Item2).ToList()));

    internal static double[] Sorted(params IEnumerable<double> samples) => [.. samples.Order()];

    private static Arbitrary<(double[] Canary, double[] Baseline)> Of(Gen<(List<int> Canary, List<int> Baseline)> sides) =>
        sides.Select(side => (Sorted(side.Canary.Select(i => (double)i)), Sorted(side.Baseline.Select(i => (double)i)))).ToArbitrary();
}
