namespace Rollout.Engine.Health;

/// <summary>Makes the health checks of a rollout, all at the same time, and sums them up.</summary>
/// <param name="replicas">Looks at the containers.</param>
/// <param name="time">The clock.</param>
public sealed class HealthCheckRunner(IReplicaStates replicas, TimeProvider time)
{
    /// <summary>
    /// How long every check must go on without becoming unhealthy. Zero: each ends with its first verdict. The first that is unhealthy
    /// ends the watch.
    /// </summary>
    public TimeSpan For { get; init; }

    /// <summary>Checks a rollout. One that has failed is unhealthy without being probed.</summary>
    /// <param name="rollout">The rollout.</param>
    /// <param name="checks">The checks; where there are none, the containers are looked at.</param>
    /// <param name="reporter">Where progress goes; each try is a verbose line.</param>
    /// <param name="cancellation">Ends it at once.</param>
    /// <returns>What each check found, and the worst of it as the verdict.</returns>
    /// <exception cref="RolloutException">InvalidHealthCheck: nothing was probed.</exception>
    public async Task<RolloutHealth> RunAsync(RolloutStatus rollout, IReadOnlyList<RolloutHealthCheck> checks, IReporter reporter, CancellationToken cancellation)
    {
        if (rollout.Phase == RolloutPhase.Failed) return Sum(rollout, [OfFailed(rollout)]);

        if (checks.Count == 0) checks = [new ContainerHealthCheck { Name = "containers" }];
        var probes = new List<(RolloutHealthCheck Check, IHealthProbe Probe)>();
        try
        {
            foreach (var check in checks) probes.Add((check, Probe(check, rollout)));

            using var watch = new CancellationTokenSource(For, time);
            return Sum(rollout, await Task.WhenAll(probes.Select(pair => RunAsync(pair.Check, pair.Probe, rollout, watch, reporter, cancellation))));
        }
        finally
        {
            probes.ForEach(pair => pair.Probe.Dispose());
        }
    }

    private async Task<HealthCheckResult> RunAsync(
        RolloutHealthCheck check, IHealthProbe probe, RolloutStatus rollout, CancellationTokenSource watch, IReporter reporter, CancellationToken cancellation)
    {
        var activity = $"Checking {rollout.Target}: {check.Name}";
        try
        {
            for (var tries = TrySequence.None; ;)
            {
                var found = await probe.TryAsync(cancellation);
                var watching = !watch.IsCancellationRequested;
                tries = tries.With(found.Verdict, watching);
                reporter.Verbose($"{activity}: try {tries.Tries}: {found.Message}");
                if (tries.Verdict(check, watching) is { } verdict)
                {
                    if (verdict == HealthVerdict.Unhealthy) await watch.CancelAsync();
                    return Result(check, probe, tries, found, verdict);
                }

                reporter.Progress(new ProgressReport(activity, $"{tries.Good} good and {tries.Bad} bad in a row, {tries.Tries} tries: {found.Message}"));
                await Task.Delay(check.Interval, time, cancellation);
            }
        }
        finally
        {
            reporter.Progress(new ProgressReport(activity, "", Completed: true));
        }
    }

    private IHealthProbe Probe(RolloutHealthCheck check, RolloutStatus rollout)
    {
        if (check.SuccessesNeeded < 1) throw HealthErrors.InvalidHealthCheck(check, "it needs at least 1 good answer");
        if (check.FailureLimit < 1) throw HealthErrors.InvalidHealthCheck(check, "its failure limit is at least 1");
        if (check.Timeout <= TimeSpan.Zero) throw HealthErrors.InvalidHealthCheck(check, "a try's timeout is longer than nothing");
        if (check.Interval < TimeSpan.Zero) throw HealthErrors.InvalidHealthCheck(check, "the time between two tries is not negative");

        return check switch
        {
            HttpHealthCheck http => new HttpProbe(http, time),
            ContainerHealthCheck container => new ContainerProbe(container, rollout, replicas, time),
            _ => throw HealthErrors.InvalidHealthCheck(check, $"there is no check of kind '{check.Kind}'"),
        };
    }

    private static HealthCheckResult Result(RolloutHealthCheck check, IHealthProbe probe, TrySequence tries, HealthTry last, HealthVerdict verdict) => new()
    {
        Name = check.Name,
        Kind = check.Kind,
        Query = probe.Query,
        Value = last.Value,
        Threshold = probe.Threshold,
        Samples = tries.Tries,
        Verdict = verdict,
        Message = verdict switch
        {
            HealthVerdict.Healthy => $"{tries.Good} good in a row; the last: {last.Message}",
            HealthVerdict.Unhealthy => $"{tries.Bad} bad in a row; the last: {last.Message}",
            _ => $"No verdict after {tries.Tries} tries, of which {tries.AllGood} were good; the last: {last.Message}",
        },
    };

    private static HealthCheckResult OfFailed(RolloutStatus rollout) => new()
    {
        Name = "rollout",
        Kind = "Rollout",
        Query = rollout.Target,
        Value = nameof(RolloutPhase.Failed),
        Verdict = HealthVerdict.Unhealthy,
        Message = $"The rollout failed, so nothing was probed{(rollout.Message is { } why ? $": {why}" : ".")}",
    };

    private RolloutHealth Sum(RolloutStatus rollout, IReadOnlyList<HealthCheckResult> results) => new()
    {
        Rollout = rollout,
        Verdict = Worst(results.Select(result => result.Verdict)),
        Checks = results,
        At = time.GetUtcNow(),
    };

    internal static HealthVerdict Worst(IEnumerable<HealthVerdict> verdicts)
    {
        var all = verdicts.ToHashSet();
        if (all.Contains(HealthVerdict.Unhealthy)) return HealthVerdict.Unhealthy;
        return all.Contains(HealthVerdict.Inconclusive) ? HealthVerdict.Inconclusive : HealthVerdict.Healthy;
    }
}
