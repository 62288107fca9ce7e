using System.Globalization;
using Rollout.Engine.Health.Prometheus;

namespace Rollout.Engine.Health;

/// <summary>
/// Asks Prometheus for a rollout's number, and for the number of requests behind it where that has to be enough. Prometheus answers an instant
/// query at its own time, so that clocks that differ do no harm.
/// </summary>
internal sealed class PrometheusProbe : IHealthProbe
{
    private readonly PrometheusHealthCheck check;
    private readonly RolloutStatus rollout;
    private readonly MetricThreshold threshold;
    private readonly PrometheusServer server;

    /// <exception cref="RolloutException">InvalidHealthCheck.</exception>
    internal PrometheusProbe(PrometheusHealthCheck check, RolloutStatus rollout, DateTimeOffset? since, TimeProvider time)
    {
        (this.check, this.rollout) = (check, rollout);
        threshold = new MetricThreshold(check.Below, check.Above, check.Unit, check.Window);
        server = new PrometheusServer(check, since, time);
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
        var (series, now) = step is { } points
            ? await server.RangeAsync(query, check.Window, points, cancellation)
            : await server.InstantAsync(query, cancellation);
        return (query == Query ? threshold : new MetricThreshold(null, double.NegativeInfinity, MetricUnit.None, check.Window)).Judge(series, now);
    }

    private string Resolve(string template) => QueryTemplate.Resolve(template, rollout, Window, check.Quantile);

    private TimeSpan Window => server.Window(check.Window);
}
