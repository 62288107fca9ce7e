using System.Globalization;
using Rollout.Engine.Health.Prometheus;

namespace Rollout.Engine.Health;

/// <summary>
/// Asks Prometheus for a rollout's number, and for the number of requests behind it where that has to be enough. Prometheus answers an instant
/// query at its own time, so that clocks that differ do no harm.
/// </summary>
internal sealed class PrometheusProbe : IHealthProbe
{
    private const string Product = "Prometheus";
    private static readonly TimeSpan ShortestWindow = TimeSpan.FromSeconds(1);

    private readonly PrometheusHealthCheck check;
    private readonly RolloutStatus rollout;
    private readonly DateTimeOffset? since;
    private readonly TimeProvider time;
    private readonly MetricThreshold threshold;
    private readonly JsonServer server;

    /// <exception cref="RolloutException">InvalidHealthCheck.</exception>
    internal PrometheusProbe(PrometheusHealthCheck check, RolloutStatus rollout, DateTimeOffset? since, TimeProvider time)
    {
        (this.check, this.rollout, this.since, this.time) = (check, rollout, since, time);
        threshold = new MetricThreshold(check.Below, check.Above, check.Unit, check.Window);
        server = new JsonServer(check, Product, time);
    }

    public string? Query => Resolve(check.Query);

    public string Threshold => threshold.ToString();

    public async Task<HealthTry> TryAsync(CancellationToken cancellation)
    {
        try
        {
            var metric = AskAsync(Query!, check.Step, cancellation);
            var requests = check.RequestsQuery is { } count && check.MinimumRequests is not null ? AskAsync(Resolve(count), null, cancellation) : null;
            await Task.WhenAll(metric, requests ?? metric);
            return (requests is null ? null : TooFew(await requests)) ?? (await metric).ToTry(check.OnNoData);
        }
        catch (NoAnswerException problem)
        {
            return problem.ToTry(check.OnError);
        }
    }

    public void Dispose() => server.Dispose();

    private HealthTry? TooFew(MetricFinding requests)
    {
        var seen = double.TryParse(requests.Value, CultureInfo.InvariantCulture, out var number) ? number : 0;
        if (seen >= check.MinimumRequests) return null;
        return HealthTry.Without(check.OnNoData, null, string.Create(CultureInfo.InvariantCulture, $"too few requests: {seen:0.#} in {QueryTemplate.Duration(Window)}, and {check.MinimumRequests} are needed")) with { Samples = requests.Samples };
    }

    private async Task<MetricFinding> AskAsync(string query, TimeSpan? step, CancellationToken cancellation)
    {
        var (json, now) = step is { } points
            ? await server.AskAsync("api/v1/query_range", Range(query, points), cancellation)
            : await server.AskAsync("api/v1/query", [new("query", query)], cancellation);
        using (json)
        {
            var isMetric = query == Query;
            return (isMetric ? threshold : new MetricThreshold(null, double.NegativeInfinity, MetricUnit.None, check.Window)).Judge(PrometheusAnswer.Parse(json.RootElement), now);
        }
    }

    private IEnumerable<KeyValuePair<string, string>> Range(string query, TimeSpan step)
    {
        var now = time.GetUtcNow();
        return [new("query", query), new("start", Seconds(now - Window)), new("end", Seconds(now)), new("step", step.TotalSeconds.ToString(CultureInfo.InvariantCulture))];
    }

    private static string Seconds(DateTimeOffset at) => (at.ToUnixTimeMilliseconds() / 1000.0).ToString("0.###", CultureInfo.InvariantCulture);

    private string Resolve(string template) => QueryTemplate.Resolve(template, rollout, Window, check.Quantile);

    /// <summary>What was before the time that counts is left out of it.</summary>
    private TimeSpan Window
    {
        get
        {
            if (since is not { } begun || time.GetUtcNow() - begun >= check.Window) return check.Window;
            var whole = TimeSpan.FromSeconds(Math.Ceiling((time.GetUtcNow() - begun).TotalSeconds));
            return whole > ShortestWindow ? whole : ShortestWindow;
        }
    }
}
