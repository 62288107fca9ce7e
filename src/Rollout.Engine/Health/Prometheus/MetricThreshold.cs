using System.Globalization;

namespace Rollout.Engine.Health.Prometheus;

/// <summary>
/// Compares the series of an answer with what is wanted. Every number counts, and the worst decides. NaN (nothing divided by nothing) is no
/// number; a series whose last number is older than <paramref name="MaximumAge"/> is stale and says nothing; where nothing is left, there is no data.
/// </summary>
/// <param name="Below">Each number must be below this.</param>
/// <param name="Above">Each number must be above this.</param>
/// <param name="Unit">How numbers are shown.</param>
/// <param name="MaximumAge">The age of a number that still says something.</param>
internal sealed record MetricThreshold(double? Below, double? Above, MetricUnit Unit, TimeSpan MaximumAge)
{
    internal MetricFinding Judge(IReadOnlyList<MetricSeries> answer, DateTimeOffset now)
    {
        if (answer.Count == 0) return MetricFinding.None("no series matches the query");
        if (answer.FirstOrDefault(series => series.Samples.Count > 0 && series.Samples[^1].At - now > MaximumAge) is not null) return MetricFinding.None("the answer is from the future; compare the clocks");

        var fresh = answer.Where(series => series.Samples.Count > 0 && now - series.Samples[^1].At <= MaximumAge).ToList();
        if (fresh.Count == 0) return MetricFinding.None($"the newest sample is stale, older than {QueryTemplate.Duration(MaximumAge)}");

        var numbers = fresh.SelectMany(series => series.Samples.Select(sample => (series.Labels, sample.Value))).Where(number => !double.IsNaN(number.Value)).ToList();
        if (numbers.Count == 0) return MetricFinding.None("there is no number but NaN, as where nothing is divided by nothing: there was no traffic");

        var worst = numbers.MinBy(number => Margin(number.Value));
        var which = fresh.Count > 1 && worst.Labels.Length > 0 ? $" for {worst.Labels}, the worst of {fresh.Count} series" : "";
        var left = answer.Count - fresh.Count is var stale and > 0 ? $"; {stale} series are stale" : "";
        var isGood = Margin(worst.Value) > 0;
        return new MetricFinding(isGood, Show(worst.Value), $"{Show(worst.Value)}{which}{left}, {(isGood ? "" : "not ")}{this}", numbers.Count);
    }

    /// <summary>A number as its unit has it: <c>0.12%</c>, <c>312 ms</c>, <c>4.5 s</c>.</summary>
    internal string Show(double number) => Unit switch
    {
        MetricUnit.Share when double.IsFinite(number) => string.Create(CultureInfo.InvariantCulture, $"{number * 100:0.####}%"),
        MetricUnit.Seconds when Math.Abs(number) < 1 => string.Create(CultureInfo.InvariantCulture, $"{number * 1000:0.##} ms"),
        MetricUnit.Seconds when double.IsFinite(number) => string.Create(CultureInfo.InvariantCulture, $"{number:0.###} s"),
        _ => number.ToString("0.######", CultureInfo.InvariantCulture),
    };

    public override string ToString() => (Below, Above) switch
    {
        ({ } below, { } above) => $"above {Show(above)} and below {Show(below)}",
        ({ } below, null) => $"below {Show(below)}",
        (null, { } above) => $"above {Show(above)}",
        _ => "",
    };

    /// <summary>How far a number is on the good side; what is on the line is not.</summary>
    private double Margin(double number) => Math.Min(Below - number ?? double.PositiveInfinity, number - Above ?? double.PositiveInfinity);
}

/// <summary>What an answer came to.</summary>
/// <param name="IsGood">Whether every number is as wanted; null where there is no data.</param>
/// <param name="Value">The worst number.</param>
/// <param name="Message">In words that go on a sentence.</param>
/// <param name="Samples">Numbers that were looked at.</param>
internal sealed record MetricFinding(bool? IsGood, string? Value, string Message, int Samples)
{
    internal static MetricFinding None(string why) => new(null, null, $"no data: {why}", 0);

    /// <summary>The try it is.</summary>
    internal HealthTry ToTry(NoEvidence onNoData) => IsGood is not { } isGood
        ? HealthTry.Without(onNoData, Value, Message) with { Samples = Samples }
        : new HealthTry(isGood ? HealthVerdict.Healthy : HealthVerdict.Unhealthy, Value, ForeignText.Neutralise(Message)) { Samples = Samples };
}
