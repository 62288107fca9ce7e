using Rollout.Engine.Health.Alerts;

namespace Rollout.Engine.Health;

/// <summary>Asks for the alerts that fire, and counts those that began with the rollout or after it.</summary>
internal sealed class AlertProbe : IHealthProbe
{
    private const int Shown = 5;

    private readonly AlertHealthCheck check;
    private readonly DateTimeOffset? since;
    private readonly IReadOnlyList<AlertMatcher> matchers;
    private readonly JsonServer server;

    /// <exception cref="RolloutException">InvalidHealthCheck.</exception>
    internal AlertProbe(AlertHealthCheck check, RolloutStatus rollout, DateTimeOffset? since, TimeProvider time)
    {
        this.check = check;
        this.since = since ?? rollout.StartedAt;
        matchers = [.. check.Matchers.Select(matcher => AlertMatcher.Parse(QueryTemplate.Resolve(matcher, rollout)))];
        server = new JsonServer(check, check.Source.ToString(), time);
    }

    public string? Query => matchers.Count == 0 ? "alerts" : $"alerts{{{string.Join(", ", matchers)}}}";

    public string Threshold => since is { } begun ? $"none that fires since {begun:u}" : "none that fires";

    public async Task<HealthTry> TryAsync(CancellationToken cancellation)
    {
        try
        {
            var firing = (await AskAsync(cancellation)).Where(alert => matchers.All(matcher => matcher.Matches(alert.Labels))).ToList();
            var counted = firing.Where(alert => since is null || alert.Since >= since).OrderBy(alert => alert.Since).ToList();
            var old = firing.Count - counted.Count is var before and > 0 ? $"; {before} that fired before the rollout do not count" : "";
            return counted.Count == 0
                ? new HealthTry(HealthVerdict.Healthy, "0", $"no alert fires{old}")
                : new HealthTry(HealthVerdict.Unhealthy, $"{counted.Count}", ForeignText.Neutralise($"{string.Join("; ", counted.Take(Shown).Select(Describe))}{(counted.Count > Shown ? $"; and {counted.Count - Shown} more" : "")}{old}"));
        }
        catch (NoAnswerException problem)
        {
            return problem.ToTry(check.OnError);
        }
    }

    public void Dispose() => server.Dispose();

    private async Task<IReadOnlyList<FiringAlert>> AskAsync(CancellationToken cancellation)
    {
        if (check.Source == AlertSource.Prometheus)
        {
            var (own, _) = await server.AskAsync("api/v1/alerts", null, cancellation);
            using (own) return FiringAlert.OfPrometheus(own.RootElement);
        }

        var filter = string.Concat(matchers.Select(matcher => $"&filter={Uri.EscapeDataString(matcher.ToString())}"));
        var (json, _) = await server.AskAsync($"api/v2/alerts?active=true&silenced=false&inhibited=false&unprocessed=false{filter}", null, cancellation);
        using (json) return FiringAlert.OfAlertmanager(json.RootElement);
    }

    private static string Describe(FiringAlert alert) => $"{alert.Name} fires since {alert.Since:u}{(alert.Summary.Length > 0 ? $" ({alert.Summary})" : "")}";
}
