using Rollout.Engine.Kubernetes.Workloads;

namespace Rollout.Engine.Kubernetes.Strategies;

/// <summary>The checks of a rollout in steps. In a workload's record, which others can read, only those are kept that hold no secrets.</summary>
/// <param name="Steps">The steps, with their own checks.</param>
/// <param name="Whole">The checks of the whole rollout.</param>
internal sealed record StepChecks(IReadOnlyList<RolloutStep> Steps, IReadOnlyList<RolloutHealthCheck> Whole)
{
    /// <summary>True where some are known only to the shell that began the rollout, and this is another.</summary>
    public bool AreLost { get; private init; }

    /// <summary>Those that a record has.</summary>
    public static StepChecks Of(RolloutRecord record) => new(record.Stepped!.Steps, record.Checks) { AreLost = record.Stepped.HasSecretChecks };

    /// <summary>The checks to make at a step: its own, else those of the whole; where there are none either, the replicas are looked at.</summary>
    public IReadOnlyList<RolloutHealthCheck> At(int step) => Steps[step] is CheckStep { Checks: { Count: > 0 } own } ? own : Whole;

    /// <summary>The record's part of them.</summary>
    public SteppedState KeptIn(SteppedState state) => state with
    {
        Steps = [.. Steps.Select(step => step is CheckStep check ? new CheckStep(Open(check.Checks)) : step)],
        HasSecretChecks = Steps.OfType<CheckStep>().SelectMany(step => step.Checks).Concat(Whole).Any(check => !check.IsOpen),
    };

    private static IReadOnlyList<RolloutHealthCheck> Open(IEnumerable<RolloutHealthCheck> checks) => [.. checks.Where(check => check.IsOpen)];
}
