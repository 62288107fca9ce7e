namespace Rollout.Engine.Rollouts;

/// <summary>The steps of a strategy: those asked for, and those that belong to it.</summary>
internal static class StrategySteps
{
    /// <summary>What a canary does where no steps are named.</summary>
    internal const string Canary = "5%,2m,25%,5m,50%,5m";

    /// <summary>The steps in order; none for a strategy without.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="replicas">How many the workload has.</param>
    /// <exception cref="RolloutException">StepsNotApplicable, ParameterNotOfStrategy, StepNotOfBlueGreen, StepFalls, StepHasTooManyReplicas.</exception>
    internal static IReadOnlyList<RolloutStep> Of(RolloutRequest request, int replicas)
    {
        Check(request);
        var steps = request.Strategy switch
        {
            RolloutStrategy.Canary => request.Steps.Count > 0 ? request.Steps : StepText.Parse(Canary),
            RolloutStrategy.BlueGreen => BlueGreen(request, replicas),
            _ => [],
        };
        CheckNoneFalls(steps.OfType<WeightStep>().ToList(), step => step.Percent);
        CheckNoneFalls(steps.OfType<ReplicasStep>().ToList(), step => step.Replicas);
        if (steps.OfType<ReplicasStep>().FirstOrDefault(step => step.Replicas > replicas) is { } tooMany) throw StepErrors.TooManyReplicas(tooMany, replicas);
        return steps;
    }

    /// <summary>Refuses what the strategy has no use for, and would be left out without a word.</summary>
    /// <exception cref="RolloutException">StepsNotApplicable, ParameterNotOfStrategy.</exception>
    internal static void Check(RolloutRequest request)
    {
        var isStepped = request.Strategy is RolloutStrategy.Canary or RolloutStrategy.BlueGreen;
        if (request.Steps.Count > 0 && !isStepped) throw StepErrors.StepsNotApplicable(request.Strategy);
        if (request.Baseline && !isStepped) throw StepErrors.NotOfStrategy("-Baseline", request.Strategy, RolloutStrategy.Canary);
        if (request.Strategy == RolloutStrategy.BlueGreen) return;
        if (request.AutoPromote) throw StepErrors.NotOfStrategy("-AutoPromote", request.Strategy, RolloutStrategy.BlueGreen);
        if (request.ScaleDownDelay > TimeSpan.Zero) throw StepErrors.NotOfStrategy("-ScaleDownDelay", request.Strategy, RolloutStrategy.BlueGreen);
    }

    /// <summary>A complete new set without traffic, what is asked for in between, and one switch, after which the old may stay for a while.</summary>
    private static List<RolloutStep> BlueGreen(RolloutRequest request, int replicas)
    {
        if (request.Steps.FirstOrDefault(step => step is not (PauseStep or CheckStep)) is { } other) throw StepErrors.StepNotOfBlueGreen(other);

        var steps = new List<RolloutStep> { new ReplicasStep(replicas) };
        if (request.HealthChecks.Count > 0 && !request.Steps.Any(step => step is CheckStep)) steps.Add(new CheckStep([]));
        steps.AddRange(request.Steps);
        if (!request.AutoPromote && !request.Steps.Any(step => step is PauseStep)) steps.Add(new PauseStep());
        steps.Add(new WeightStep(100));
        if (request.ScaleDownDelay > TimeSpan.Zero) steps.Add(new PauseStep(request.ScaleDownDelay));
        return steps;
    }

    private static void CheckNoneFalls<T>(IReadOnlyList<T> steps, Func<T, decimal> height) where T : RolloutStep
    {
        foreach (var (before, step) in steps.Zip(steps.Skip(1)))
        {
            if (height(step) < height(before)) throw StepErrors.StepFalls(step, before);
        }
    }
}
