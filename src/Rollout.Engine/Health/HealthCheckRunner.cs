namespace Rollout.Engine.Health;

/// <summary>Makes the health checks of a rollout, all at the same time, and sums them up.</summary>
/// <param name="replicas">Looks at the containers.</param>
/// <param name="time">The clock.</param>
public sealed class HealthCheckRunner(IReplicaStates replicas, TimeProvider time)
{
    /// <summary>
    /// How long every check must go on without becoming unhealthy, besides what a check itself says. Zero: each ends with its first verdict.
    /// The first that is unhealthy ends the watch.
    /// </summary>
    public TimeSpan For { get; init; }

    /// <summary>True where the first check that is unhealthy decides, and no other is waited for: something has to be undone.</summary>
    public bool EndsAtFirstUnhealthy { get; init; }

    /// <summary>
    /// What was before that is no evidence, as an undo ended it: no window reaches back behind it, and the first verdict counts, since what ran before has been watched
    /// already. Null where all counts.
    /// </summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Checks a rollout. One that has failed is unhealthy without being probed.</summary>
    /// <param name="rollout">The rollout.</param>
    /// <param name="checks">The checks; where there are none, the containers are looked at.</param>
    /// <param name="reporter">Where progress goes; each try is a verbose line.</param>
    /// <param name="cancellation">Ends it at once.</param>
    /// <returns>What each check found, and the worst of it as the verdict; each verdict is a decision of the rollout too.</returns>
    /// <exception cref="RolloutException">InvalidHealthCheck, UnknownQueryVariable: nothing was probed.</exception>
    public async Task<RolloutHealth> RunAsync(RolloutStatus rollout, IReadOnlyList<RolloutHealthCheck> checks, IReporter reporter, CancellationToken cancellation)
    {
        if (rollout.Phase == RolloutPhase.Failed) return Sum(rollout, [OfFailed(rollout)]);

        if (checks.Count == 0) checks = [new ContainerHealthCheck { Name = "containers" }];
        var probes = new List<(RolloutHealthCheck Check, IHealthProbe Probe)>();
        try
        {
            foreach (var check in checks) probes.Add((check, Probe(check, rollout)));

            using var unhealthy = new CancellationTokenSource();
            return Sum(rollout, await Task.WhenAll(probes.Select(pair => RunAsync(pair.Check, pair.Probe, rollout, unhealthy, reporter, cancellation))));
        }
        finally
        {
            probes.ForEach(pair => pair.Probe.Dispose());
        }
    }

    private async Task<HealthCheckResult> RunAsync(
        RolloutHealthCheck check, IHealthProbe probe, RolloutStatus rollout, CancellationTokenSource unhealthy, IReporter reporter, CancellationToken cancellation)
    {
        var activity = $"Checking {rollout.Target}: {check.Name}";
        using var span = new CancellationTokenSource(Since is not null ? TimeSpan.Zero : For > check.For ? For : check.For, time);
        using var watch = CancellationTokenSource.CreateLinkedTokenSource(span.Token, unhealthy.Token);
        using var hurry = CancellationTokenSource.CreateLinkedTokenSource(cancellation, EndsAtFirstUnhealthy ? unhealthy.Token : default);
        var isTold = false;
        var (tries, samples, found) = (TrySequence.None, 0, new HealthTry(HealthVerdict.Inconclusive, null, "no try was made"));
        try
        {
            while (true)
            {
                found = await probe.TryAsync(hurry.Token);
                var watching = !watch.IsCancellationRequested;
                tries = tries.With(found, watching);
                samples += found.Samples;
                reporter.Verbose($"{activity}: try {tries.Tries}: {found.Message}");
                if ((found.IsFinal ? found.Verdict : tries.Verdict(check, watching)) is { } verdict)
                {
                    if (verdict == HealthVerdict.Unhealthy) await unhealthy.CancelAsync();
                    return Result(check, probe, tries, samples, found, verdict);
                }

                if (found.IsUnanswered && !isTold) reporter.Warning($"{activity}: {found.Message}. It is asked again.");
                isTold |= found.IsUnanswered;
                reporter.Progress(new ProgressReport(activity, $"{tries.Good} good and {tries.Bad} bad in a row, {tries.Tries} tries: {found.Message}"));
                await WaitAsync(check.Interval, watching ? watch.Token : default, hurry.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Result(check, probe, tries, samples, found with { Message = $"{found.Message}; another check was unhealthy first" }, HealthVerdict.Inconclusive);
        }
        finally
        {
            reporter.Progress(new ProgressReport(activity, "", Completed: true));
        }
    }

    /// <summary>Waits for the next try; where the watch is over meanwhile, that is made at once.</summary>
    private async Task WaitAsync(TimeSpan interval, CancellationToken watch, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(watch, cancellation);
        try
        {
            await Task.Delay(interval, time, either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The last try ends the watch.
        }
    }

    private IHealthProbe Probe(RolloutHealthCheck check, RolloutStatus rollout)
    {
        HealthCheckRules.Apply(check);
        return check switch
        {
            HttpHealthCheck http => new HttpProbe(http, time),
            ContainerHealthCheck container => new ContainerProbe(container, rollout, replicas, time),
            PrometheusHealthCheck prometheus => new PrometheusProbe(prometheus, rollout, Since, time),
            BaselineHealthCheck baseline => new BaselineProbe(baseline, rollout, Since, time, Random.Shared),
            AlertHealthCheck alert => new AlertProbe(alert, rollout, Since, time),
            TcpHealthCheck tcp => new TcpProbe(tcp, time),
            CommandHealthCheck command => new CommandProbe(command, rollout, time),
            RouterHealthCheck router => new RouterProbe(router, rollout, replicas, time),
            SaturationHealthCheck saturation => new SaturationProbe(saturation, rollout, replicas, time),
            ScriptHealthCheck script => new ScriptProbe(script, rollout, script.Runner ?? throw HealthErrors.InvalidHealthCheck(check, "no PowerShell is there to run its script; without -NoWait it is"), time),
            _ => throw HealthErrors.InvalidHealthCheck(check, $"there is no check of kind '{check.Kind}'"),
        };
    }

    private static HealthCheckResult Result(RolloutHealthCheck check, IHealthProbe probe, TrySequence tries, int samples, HealthTry last, HealthVerdict verdict) => new()
    {
        Name = check.Name,
        Kind = check.Kind,
        Query = probe.Query,
        Value = last.Value,
        Threshold = probe.Threshold,
        Samples = samples,
        Verdict = verdict,
        Message = Message(tries, last, verdict),
        Judgement = last.Judgement,
    };

    private static string Message(TrySequence tries, HealthTry last, HealthVerdict verdict)
    {
        if (tries.Tries <= 1) return Sentence(last.Message);
        return verdict switch
        {
            HealthVerdict.Healthy when tries.Good > 1 || tries.AllBad == 0 => $"{tries.Good} good in a row; the last: {last.Message}",
            HealthVerdict.Healthy => $"{tries.AllGood} of {tries.Tries} good; the last: {last.Message}",
            HealthVerdict.Unhealthy when tries.Bad > 1 => $"{tries.Bad} bad in a row; the last: {last.Message}",
            HealthVerdict.Unhealthy => $"{tries.AllBad} of {tries.Tries} bad; the last: {last.Message}",
            _ => $"No verdict after {tries.Tries} tries, of which {tries.AllGood} were good; the last: {last.Message}",
        };
    }

    /// <summary>A word is capitalised, a container's name is not.</summary>
    private static string Sentence(string message) =>
        message.Length == 0 || message.TakeWhile(letter => letter != ' ').Any(letter => letter is '-' or '_' or '.' || char.IsAsciiDigit(letter)) ? message : $"{char.ToUpperInvariant(message[0])}{message[1..]}";

    private static HealthCheckResult OfFailed(RolloutStatus rollout) => new()
    {
        Name = "rollout",
        Kind = "Rollout",
        Query = rollout.Target,
        Value = nameof(RolloutPhase.Failed),
        Verdict = HealthVerdict.Unhealthy,
        Message = $"The rollout failed, so nothing was probed{(rollout.Message is { } why ? $": {why}" : ".")}",
    };

    private RolloutHealth Sum(RolloutStatus rollout, IReadOnlyList<HealthCheckResult> results)
    {
        var health = new RolloutHealth
        {
            Rollout = rollout,
            Verdict = Worst(results.Select(result => result.Verdict)),
            Checks = results,
            At = time.GetUtcNow(),
        };
        return health with { Rollout = rollout with { Decisions = [.. rollout.Decisions, .. health.ToDecisions()] } };
    }

    internal static HealthVerdict Worst(IEnumerable<HealthVerdict> verdicts)
    {
        var all = verdicts.ToHashSet();
        if (all.Contains(HealthVerdict.Unhealthy)) return HealthVerdict.Unhealthy;
        return all.Contains(HealthVerdict.Inconclusive) ? HealthVerdict.Inconclusive : HealthVerdict.Healthy;
    }
}
