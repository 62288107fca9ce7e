using System.Diagnostics;
using System.Globalization;

namespace Rollout.Bench;

/// <summary>Two ways to the same end, taken in turns so that what else goes on meets both alike; medians.</summary>
/// <param name="Ours">How long Rollout took.</param>
/// <param name="Theirs">How long the other took.</param>
internal sealed record SideBySide(TimeSpan Ours, TimeSpan Theirs)
{
    private const int Fewest = 3;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    internal double Ratio => Ours / Theirs;

    /// <summary>Measures both in rounds, the one that goes first changing with each. A first round warms up and does not count.</summary>
    /// <param name="rounds">How often.</param>
    /// <param name="before">Puts things into the state both start from; not measured.</param>
    /// <param name="ours">Rollout's way.</param>
    /// <param name="theirs">The other way.</param>
    internal static async Task<SideBySide> MeasureAsync(int rounds, Func<Task> before, Func<Task> ours, Func<Task> theirs)
    {
        var took = new List<TimeSpan>[] { [], [] };
        var all = Stopwatch.StartNew();
        // On a slow or busy machine fewer rounds have to do; three always count, or the median is one chance value.
        for (var round = 0; round <= rounds && (round <= Fewest || all.Elapsed < Limit); round++)
        {
            foreach (var way in round % 2 == 0 ? new[] { 0, 1 } : [1, 0])
            {
                await before();
                var clock = Stopwatch.StartNew();
                await (way == 0 ? ours : theirs)();
                if (round > 0) took[way].Add(clock.Elapsed);
            }
        }

        return new SideBySide(Median(took[0]), Median(took[1]));
    }

    internal Figure ToFigure(string name, string other, double most) => new(
        name,
        string.Create(CultureInfo.InvariantCulture, $"{Ratio:0.00} times {other} ({Ours.TotalSeconds:0.00} s against {Theirs.TotalSeconds:0.00} s)"),
        string.Create(CultureInfo.InvariantCulture, $"at most {most:0.0} times"),
        Ratio <= most);

    private static TimeSpan Median(List<TimeSpan> times) => times.Order().ElementAt(times.Count / 2);
}
