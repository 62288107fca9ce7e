using System.Globalization;

namespace Rollout.Engine.Health;

/// <summary>
/// Reads what the replicas use of their limits again and again. One below the line is enough to know that it has not been above it all the time; one
/// that is above is looked at until it has been so for long enough.
/// </summary>
internal sealed class SaturationProbe(SaturationHealthCheck check, RolloutStatus rollout, IReplicaStates replicas, TimeProvider time) : IHealthProbe
{
    private readonly Dictionary<(string Replica, LimitedResource Resource), DateTimeOffset> aboveSince = [];

    public string? Query => $"{string.Join(" and ", check.Resources)} of {rollout.Target}, revision {rollout.Revision}, by their limits";

    public string Threshold => $"not above {Show(check.Share)} for {QueryTemplate.Duration(check.Window)}";

    public async Task<HealthTry> TryAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(check.Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await replicas.UsageAsync(rollout, both.Token) is { } usage
                ? Judge(usage, time.GetUtcNow())
                : HealthTry.Without(check.OnError, null, $"nothing says what {rollout.Target} uses; ask Prometheus with -Prometheus") with { IsFinal = true, Samples = 0 };
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return HealthTry.Without(check.OnError, null, $"the platform did not answer within {check.Timeout.TotalSeconds:0.###} s") with { IsUnanswered = true, Samples = 0 };
        }
        catch (RolloutException problem)
        {
            return HealthTry.Without(check.OnError, null, $"{problem.Message} {problem.Mend}") with { IsFinal = problem.Id == "MetricsNotServed", IsUnanswered = true, Samples = 0 };
        }
    }

    public void Dispose() { }

    private HealthTry Judge(IReadOnlyList<ReplicaUsage> usage, DateTimeOffset now)
    {
        if (usage.Count == 0) return new HealthTry(HealthVerdict.Inconclusive, null, "no replica has been measured yet") { Samples = 0 };
        var measured = usage.SelectMany(replica => check.Resources.Select(resource => (Key: (replica.Name, resource), Share: replica.ShareOf(resource)))).Where(one => one.Share is not null).ToList();
        if (measured.Count == 0) return HealthTry.Without(check.OnNoData, null, $"no data: no replica has a limit of {string.Join(" or ", check.Resources)}") with { IsFinal = true, Samples = 0 };

        foreach (var (key, share) in measured)
        {
            if (share > check.Share) aboveSince.TryAdd(key, now);
            else aboveSince.Remove(key);
        }

        // Replicas that are gone are above nothing.
        foreach (var gone in aboveSince.Keys.Except(measured.Select(one => one.Key)).ToList()) aboveSince.Remove(gone);
        var worst = measured.OrderBy(one => aboveSince.GetValueOrDefault(one.Key, DateTimeOffset.MaxValue)).ThenByDescending(one => one.Share).First();
        var (name, of) = worst.Key;
        var value = $"{Show(worst.Share!.Value)} {of}";
        if (!aboveSince.TryGetValue(worst.Key, out var since)) return Found(HealthVerdict.Healthy, $"{name} uses {Show(worst.Share.Value)} of its {of} limit, the most of {usage.Count} replicas");

        var span = now - since;
        return span >= check.Window
            ? Found(HealthVerdict.Unhealthy, $"{name} has used more than {Show(check.Share)} of its {of} limit for {QueryTemplate.Duration(check.Window)}, {Show(worst.Share.Value)} by now")
            : Found(HealthVerdict.Inconclusive, $"{name} has used more than {Show(check.Share)} of its {of} limit for {Math.Floor(span.TotalSeconds):0} s so far, {Show(worst.Share.Value)} by now") with { IsGathering = true };

        HealthTry Found(HealthVerdict verdict, string message) => new(verdict, value, message) { Samples = measured.Count };
    }

    private static string Show(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.#}%");
}
