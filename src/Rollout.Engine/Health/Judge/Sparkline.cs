namespace Rollout.Engine.Health.Judge;

/// <summary>Samples as a line of blocks, one a column, both sides to one scale.</summary>
internal static class Sparkline
{
    private const string Blocks = "▁▂▃▄▅▆▇█";
    private const char Gap = ' ';

    /// <summary>So many columns that a line fits beside a label in 80.</summary>
    internal const int Width = 40;

    /// <summary>Draws both sides. More samples than columns are drawn as the means of neighbours; a column without a number is a gap.</summary>
    internal static (string Canary, string Baseline) Of(IReadOnlyList<double> canary, IReadOnlyList<double> baseline)
    {
        var (above, below) = (Columns(canary), Columns(baseline));
        var numbers = above.Concat(below).Where(double.IsFinite).ToList();
        if (numbers.Count == 0) return (Draw(above, 0, 0), Draw(below, 0, 0));

        var (least, most) = (numbers.Min(), numbers.Max());
        return (Draw(above, least, most), Draw(below, least, most));
    }

    private static List<double> Columns(IReadOnlyList<double> samples)
    {
        if (samples.Count <= Width) return [.. samples];
        return [.. Enumerable.Range(0, Width).Select(column => Mean(samples, column * samples.Count / Width, (column + 1) * samples.Count / Width))];
    }

    private static double Mean(IReadOnlyList<double> samples, int from, int to) =>
        Enumerable.Range(from, to - from).Select(i => samples[i]).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();

    private static string Draw(IEnumerable<double> columns, double least, double most) => string.Concat(columns.Select(value => Block(value, least, most)));

    private static char Block(double value, double least, double most)
    {
        if (!double.IsFinite(value)) return Gap;
        var share = most > least ? (value - least) / (most - least) : 0;
        return Blocks[(int)Math.Round(share * (Blocks.Length - 1))];
    }
}
