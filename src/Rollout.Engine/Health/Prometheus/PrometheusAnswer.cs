using System.Globalization;
using System.Text.Json;

namespace Rollout.Engine.Health.Prometheus;

/// <summary>One number of a series, and when it was so.</summary>
internal readonly record struct MetricSample(DateTimeOffset At, double Value);

/// <summary>A series of an answer: its labels as Prometheus writes them, and its numbers, oldest first.</summary>
internal sealed record MetricSeries(string Labels, IReadOnlyList<MetricSample> Samples);

/// <summary>Reads what <c>/api/v1/query</c> and <c>/api/v1/query_range</c> answer: a vector, a matrix or a scalar, each as series.</summary>
internal static class PrometheusAnswer
{
    // The year 5138; in milliseconds it was 1973.
    private const double LatestTime = 1e11;

    /// <exception cref="NoAnswerException">It is a string, or no answer of Prometheus at all.</exception>
    internal static IReadOnlyList<MetricSeries> Parse(JsonElement answer)
    {
        try
        {
            if (answer.GetProperty("status").GetString() != "success") throw new NoAnswerException($"Prometheus refuses it: {Error(answer)}");
            var data = answer.GetProperty("data");
            var result = data.GetProperty("result");
            return data.GetProperty("resultType").GetString() switch
            {
                "vector" => [.. result.EnumerateArray().Select(series => new MetricSeries(Labels(series.GetProperty("metric")), [Sample(series.GetProperty("value"))]))],
                "matrix" => [.. result.EnumerateArray().Select(series => new MetricSeries(Labels(series.GetProperty("metric")), [.. series.GetProperty("values").EnumerateArray().Select(Sample)]))],
                "scalar" => [new MetricSeries("", [Sample(result)])],
                "string" => throw new NoAnswerException("the query gives a text, and only numbers can be compared") { IsFinal = true },
                var other => throw Malformed($"its result is of the unknown type '{other}'"),
            };
        }
        catch (Exception problem) when (problem is KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException or ArgumentException)
        {
            throw Malformed(problem is KeyNotFoundException ? "a part of it is missing" : problem.Message);
        }
    }

    private static MetricSample Sample(JsonElement pair)
    {
        if (pair.GetArrayLength() != 2) throw new FormatException("a sample is a time and a number");
        var seconds = pair[0].GetDouble();
        if (Math.Abs(seconds) > LatestTime) throw new FormatException($"{seconds.ToString(CultureInfo.InvariantCulture)} is no time in seconds");
        return new MetricSample(DateTimeOffset.UnixEpoch.AddSeconds(seconds), Number(pair[1].GetString()));
    }

    private static double Number(string? text) => text switch
    {
        "NaN" => double.NaN,
        "+Inf" or "Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => number,
        _ => throw new FormatException($"'{text}' is no number"),
    };

    private static string Labels(JsonElement metric)
    {
        var labels = metric.EnumerateObject().Where(label => label.Name != "__name__").Select(label => $"{label.Name}=\"{label.Value.GetString()}\"").ToList();
        var name = metric.TryGetProperty("__name__", out var given) ? given.GetString() : "";
        return labels.Count == 0 ? name ?? "" : $"{name}{{{string.Join(", ", labels)}}}";
    }

    private static string Error(JsonElement answer) => answer.TryGetProperty("error", out var error) ? $"{error}" : "it does not say why";

    private static NoAnswerException Malformed(string problem) => new($"what answered is no Prometheus, or its answer is malformed: {problem.TrimEnd('.')}");
}
