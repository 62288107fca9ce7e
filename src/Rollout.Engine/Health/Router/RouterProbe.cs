using System.Globalization;
using Rollout.Engine.Health.Prometheus;
using Rollout.Engine.Health.Router;
using Rollout.Engine.Traffic;

namespace Rollout.Engine.Health;

/// <summary>
/// Reads the router's counters again and again, and judges what they grew by. It is healthy once the window is covered, or there were
/// enough requests; too many errors in as many requests are unhealthy before that.
/// </summary>
internal sealed class RouterProbe(RouterHealthCheck check, RolloutStatus rollout, IReplicaStates replicas, TimeProvider time) : IHealthProbe
{
    private const int ServersShown = 5;

    private readonly TrafficDelta delta = new(check.Window);
    private readonly MetricThreshold share = new(check.ErrorRateBelow, null, MetricUnit.Share, check.Window);
    private readonly MetricThreshold latency = new(check.LatencyBelow?.TotalSeconds, null, MetricUnit.Seconds, check.Window);

    public string? Query => $"router statistics of {rollout.Target}, revision {rollout.Revision}, over {QueryTemplate.Duration(check.Window)}";

    public string Threshold => string.Join(", ", Wanted());

    public async Task<HealthTry> TryAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(check.Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            if (await replicas.TrafficAsync(rollout, both.Token) is not { } servers)
            {
                return HealthTry.Without(check.OnError, null, $"no router that counts stands in front of {rollout.Target}; ask Prometheus with -Prometheus") with { IsFinal = true, Samples = 0 };
            }

            delta.Add(time.GetUtcNow(), servers);
            return Judge(servers);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return HealthTry.Without(check.OnError, null, $"the router did not answer within {check.Timeout.TotalSeconds:0.###} s") with { Samples = 0 };
        }
        catch (RolloutException problem)
        {
            return HealthTry.Without(check.OnError, null, problem.Message) with { Samples = 0 };
        }
    }

    public void Dispose() { }

    private HealthTry Judge(IReadOnlyList<ServerCounters> servers)
    {
        var counted = delta.Sum();
        var (requests, errors) = (counted.Values.Sum(server => server.Requests), counted.Values.Sum(server => server.Errors));
        var isCovered = delta.Covered >= check.Window;
        var isEnough = isCovered || requests >= check.MinimumRequests;
        if (!isEnough)
        {
            var covered = $"{QueryTemplate.Duration(TimeSpan.FromSeconds(Math.Floor(delta.Covered.TotalSeconds)))} of {QueryTemplate.Duration(check.Window)} are covered, with {requests} requests";
            return new HealthTry(HealthVerdict.Inconclusive, null, covered) { IsGathering = true, Samples = 0 };
        }

        if (requests == 0 || requests < check.MinimumRequests)
        {
            return HealthTry.Without(check.OnNoData, null, $"no data: {requests} requests in {QueryTemplate.Duration(check.Window)}{(check.MinimumRequests is { } needed ? $", and {needed} are needed" : "")}");
        }

        var rate = (double)errors / requests;
        var mean = Mean(servers, counted);
        var isGood = !(rate >= check.ErrorRateBelow) && !(mean >= check.LatencyBelow?.TotalSeconds);
        var value = string.Join(", ", Found(rate, mean));
        var detail = string.Join("; ", Bad(counted));
        var message = string.Create(CultureInfo.InvariantCulture, $"{value} of {requests} requests, {(isGood ? "" : "not ")}{Threshold}{(detail.Length > 0 ? $" ({detail})" : "")}");
        return new HealthTry(isGood ? HealthVerdict.Healthy : HealthVerdict.Unhealthy, value, message) { Samples = (int)Math.Min(requests, int.MaxValue) };
    }

    private IEnumerable<string> Wanted()
    {
        if (check.ErrorRateBelow is not null) yield return $"errors {share}";
        if (check.LatencyBelow is not null) yield return $"mean response time {latency}";
    }

    private IEnumerable<string> Found(double rate, double? mean)
    {
        if (check.ErrorRateBelow is not null) yield return $"{share.Show(rate)} errors";
        if (check.LatencyBelow is not null) yield return mean is { } time ? $"{latency.Show(time)} mean response time" : "no response time";
    }

    private static IEnumerable<string> Bad(IReadOnlyDictionary<string, Counted> counted) =>
        counted.Where(server => server.Value.Errors > 0).OrderByDescending(server => server.Value.Errors).Take(ServersShown).Select(server => $"{server.Key}: {server.Value.Errors} of {server.Value.Requests}");

    /// <summary>Each server's mean, weighted by what went through it.</summary>
    private static double? Mean(IReadOnlyList<ServerCounters> servers, IReadOnlyDictionary<string, Counted> counted)
    {
        var timed = servers.Where(server => server.ResponseTime is not null && counted[server.Server].Requests > 0).ToList();
        var weight = timed.Sum(server => counted[server.Server].Requests);
        return weight == 0 ? null : timed.Sum(server => server.ResponseTime!.Value.TotalSeconds * counted[server.Server].Requests) / weight;
    }
}
