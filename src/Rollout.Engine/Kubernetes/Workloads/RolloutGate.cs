using Rollout.Engine.Health;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>What must hold before a rollout whose Pods are all there counts as Healthy: its checks. And what is told besides: whether the digest that runs is the one that was wanted.</summary>
internal sealed class RolloutGate(WorkloadStore store, IReporter reporter)
{
    /// <summary>The outcome as it is after the checks.</summary>
    public async Task<Outcome> PassAsync(Outcome outcome, RolloutRecord record, IReadOnlyList<RolloutHealthCheck> checks, CancellationToken cancellation)
    {
        var judged = checks.Count == 0 ? outcome : await CheckedAsync(outcome, record, checks, cancellation);
        if (judged.Phase != RolloutPhase.Healthy || record.IsUndo) return judged;
        return await ConfirmedAsync(judged, record, cancellation);
    }

    private async Task<Outcome> CheckedAsync(Outcome outcome, RolloutRecord record, IReadOnlyList<RolloutHealthCheck> checks, CancellationToken cancellation)
    {
        RolloutHealth health;
        try
        {
            var workload = outcome.Sight.Workload!;
            var status = StatusOf.Build(workload, store.Client.Endpoint, record, RolloutPhase.Progressing, "Checking", "Its health is checked.") with { Desired = workload.Replaceable };
            health = await Runner(record).RunAsync(status, checks, reporter, cancellation);
        }
        catch (RolloutException problem) when (!KubernetesErrors.IsTransient(problem))
        {
            return outcome with { Phase = RolloutPhase.Failed, Reason = problem.Id, Message = problem.Message, Verdict = null };
        }

        var decided = health.ToDecisions().Aggregate(outcome, (found, decision) => found.With(decision));
        if (health.Verdict == HealthVerdict.Healthy) return decided;
        if (record.IsUndo) return Kept(decided, health.Verdict, health.Findings);
        // Evidence that does not say is no proof of health, and none against the revision either.
        HealthVerdict? verdict = health.Verdict == HealthVerdict.Unhealthy ? HealthVerdict.Unhealthy : null;
        var phase = record.OnFailure == FailureAction.Continue ? RolloutPhase.Degraded : RolloutPhase.Failed;
        return decided with { Phase = phase, Reason = "HealthCheckFailed", Message = health.Findings, Verdict = verdict };
    }

    /// <summary>An undo is never undone: where what ran before does not pass either, that is told, and nothing is held against it.</summary>
    private Outcome Kept(Outcome decided, HealthVerdict verdict, string findings)
    {
        var told = $"What runs again is {verdict} by the same checks, so that they may be what is wrong. {findings}";
        reporter.Warning($"{store.Name}: {told}");
        return decided.With(new RolloutDecision(store.Now, "Checked", told)) with { Verdict = null };
    }

    /// <summary>What the revision that is gone did is no evidence against the one that an undo went back to.</summary>
    private HealthCheckRunner Runner(RolloutRecord record) =>
        new(new PodStates(store.Cluster), store.Cluster.Time) { EndsAtFirstUnhealthy = true, Since = record.IsUndo ? store.Now : null };

    /// <summary>What runs may be named by its index, its platform's manifest or its config. Another image than the wanted one is a warning: its Pods are well.</summary>
    private async Task<Outcome> ConfirmedAsync(Outcome outcome, RolloutRecord record, CancellationToken cancellation)
    {
        if (StatusOf.Parsed(record.Image) is not { Digest: { } wanted } image) return outcome;
        var running = await RunningAsync(outcome.Sight, record.Container, cancellation);
        if (running.Count == 0) return outcome;
        var strange = running.Where(digest => digest != wanted).ToList();
        if (strange.Count > 0) strange.RemoveAll((await store.Cluster.Images.DigestsAsync(image, cancellation)).Contains);
        if (strange.Count == 0) return outcome.With(new RolloutDecision(store.Now, "DigestConfirmed", $"Its Pods run {wanted}."));

        var warning = $"The Pods of {outcome.Sight.Workload!.Title} run {string.Join(", ", strange)}, of which it is not known that it is {image}.";
        reporter.Warning(warning);
        return outcome.With(new RolloutDecision(store.Now, "DigestNotConfirmed", warning));
    }

    /// <summary>The digests that its Pods run. Pods are told of by another watch than the workload, which may not have come as far yet.</summary>
    private async Task<IReadOnlyCollection<string>> RunningAsync(Sight sight, string container, CancellationToken cancellation)
    {
        var known = RunningImage.Digests(sight.NewPods, container);
        if (known.Count > 0) return known;
        var workload = sight.Workload!;
        var query = new ListQuery { LabelSelector = workload.Selector.ToString() };
        var pods = await store.DespiteOutagesAsync(() => store.Client.ListAllAsync(Resources.Pods, workload.Metadata.Namespace, query, cancellation), reporter, cancellation);
        return RunningImage.Digests(pods.Items.Where(pod => sight.Wanted?.Owns(pod) == true), container);
    }
}
