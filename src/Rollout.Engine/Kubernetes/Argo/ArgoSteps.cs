namespace Rollout.Engine.Kubernetes.Argo;

/// <summary>Where a Rollout is among its steps. Pure.</summary>
internal static class ArgoSteps
{
    private const string GoingBack = "back to the stable revision";

    /// <summary>The step it is at; null where it has none, or all are done.</summary>
    public static ArgoStep? Current(ArgoRollout rollout) =>
        rollout.Spec.Strategy.Canary is { Steps: { Count: > 0 } steps } && Index(rollout) < steps.Count ? steps[Index(rollout)] : null;

    /// <summary>The index of the step after it.</summary>
    public static int Next(ArgoRollout rollout) => Math.Min(Index(rollout) + 1, rollout.Spec.Strategy.Canary?.Steps.Count ?? 0);

    /// <summary>How long its steps and switches pause in all, as far as that is said: its rollout takes that much longer.</summary>
    public static TimeSpan Pauses(ArgoRollout rollout) =>
        (rollout.Spec.Strategy.Canary?.Steps ?? []).Aggregate(TimeSpan.FromSeconds(rollout.Spec.Strategy.BlueGreen?.AutoPromotionSeconds ?? 0), (sum, step) => sum + (step.Pause?.Length ?? TimeSpan.Zero));

    /// <summary>The weight that its steps ask for, of <see cref="Most"/>. By Argo's GetCurrentSetWeight.</summary>
    public static int Weight(ArgoRollout rollout)
    {
        if (rollout.Status.Abort) return 0;
        if (Current(rollout) is null) return Most(rollout);
        return rollout.Spec.Strategy.Canary!.Steps.Take(Index(rollout) + 1).LastOrDefault(step => step.SetWeight is not null)?.SetWeight ?? 0;
    }

    /// <summary><c>2 of 5: weight 25%</c>, <c>3 of 5: pause 5m at weight 25%</c>, <c>1 of 2: preview on shop-preview</c>; <c>back to the stable revision</c> while an abort is under way; null where there are no steps, or nothing is under way.</summary>
    public static string? Text(ArgoRollout rollout)
    {
        if (rollout.IsFullyPromoted) return null;
        if (rollout.Status.Abort) return ArgoProgress.IsBackAtStable(rollout) ? null : GoingBack;
        return rollout.Spec.Strategy switch
        {
            { Canary.Steps: { Count: > 0 } steps } => Canary(rollout, steps),
            { BlueGreen: { } blueGreen } => BlueGreen(rollout, blueGreen),
            _ => null,
        };
    }

    private static string Canary(ArgoRollout rollout, IReadOnlyList<ArgoStep> steps)
    {
        var weight = $"weight {Share(rollout, Weight(rollout))}";
        if (Current(rollout) is not { } step) return $"{steps.Count} of {steps.Count}: {weight}";
        return $"{Index(rollout) + 1} of {steps.Count}: {(step.SetWeight is null ? $"{step} at {weight}" : weight)}{InForce(rollout)}";
    }

    /// <summary>What the router sends, where that is not what the step asks for.</summary>
    private static string InForce(ArgoRollout rollout) =>
        rollout.Status.Canary.Weights?.Canary.Weight is { } sent && sent != Weight(rollout) ? $" (the router sends {Share(rollout, sent)})" : "";

    private static string Share(ArgoRollout rollout, int weight) => Most(rollout) == 100 ? $"{weight}%" : $"{weight} of {Most(rollout)}";

    private static string BlueGreen(ArgoRollout rollout, ArgoBlueGreen blueGreen)
    {
        if (rollout.Status.BlueGreen.ActiveSelector == rollout.Status.CurrentPodHash) return $"2 of 2: active on {ForeignText.Neutralise(blueGreen.ActiveService)}";
        return blueGreen.PreviewService.Length == 0 ? "1 of 2: before the switch" : $"1 of 2: preview on {ForeignText.Neutralise(blueGreen.PreviewService)}";
    }

    private static int Index(ArgoRollout rollout) => Math.Max(0, rollout.Status.CurrentStepIndex ?? 0);

    private static int Most(ArgoRollout rollout) => rollout.Spec.Strategy.Canary?.TrafficRouting?.MaxTrafficWeight ?? 100;
}
