using System.Globalization;

namespace Rollout.Engine.Health.Prometheus;

/// <summary>A Prometheus that is asked for series, now or over a time.</summary>
/// <param name="check">The check that asks.</param>
/// <param name="since">When the time that counts began; null for ever.</param>
/// <param name="time">The clock.</param>
internal sealed class PrometheusServer(WebHealthCheck check, DateTimeOffset? since, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan ShortestWindow = TimeSpan.FromSeconds(1);

    private readonly JsonServer server = new(check, "Prometheus", time);

    /// <summary>The time to look back at: what was before the time that counts is left out of it.</summary>
    internal TimeSpan Window(TimeSpan wanted)
    {
        if (since is not { } begun || time.GetUtcNow() - begun >= wanted) return wanted;
        var whole = TimeSpan.FromSeconds(Math.Ceiling((time.GetUtcNow() - begun).TotalSeconds));
        return whole > ShortestWindow ? whole : ShortestWindow;
    }

    /// <summary>The series as they are now, and when the server says that is.</summary>
    /// <exception cref="NoAnswerException">It gave no answer that can be used.</exception>
    internal Task<(IReadOnlyList<MetricSeries> Series, DateTimeOffset At)> InstantAsync(string query, CancellationToken cancellation) =>
        AskAsync("api/v1/query", [new("query", query)], cancellation);

    /// <summary>The series over the time to look back at.</summary>
    /// <exception cref="NoAnswerException">It gave no answer that can be used.</exception>
    internal Task<(IReadOnlyList<MetricSeries> Series, DateTimeOffset At)> RangeAsync(string query, TimeSpan window, TimeSpan step, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        return AskAsync(
            "api/v1/query_range",
            [new("query", query), new("start", Seconds(now - Window(window))), new("end", Seconds(now)), new("step", step.TotalSeconds.ToString(CultureInfo.InvariantCulture))],
            cancellation);
    }

    public void Dispose() => server.Dispose();

    private async Task<(IReadOnlyList<MetricSeries> Series, DateTimeOffset At)> AskAsync(string path, KeyValuePair<string, string>[] form, CancellationToken cancellation)
    {
        var (json, at) = await server.AskAsync(path, form, cancellation);
        using (json) return (PrometheusAnswer.Parse(json.RootElement), at);
    }

    private static string Seconds(DateTimeOffset at) => (at.ToUnixTimeMilliseconds() / 1000.0).ToString("0.###", CultureInfo.InvariantCulture);
}
