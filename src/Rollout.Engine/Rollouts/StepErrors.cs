using System.Globalization;

namespace Rollout.Engine.Rollouts;

/// <summary>The failures of steps and strategies.</summary>
internal static class StepErrors
{
    internal static RolloutException InvalidStep(object? step, string problem) => new(
        "InvalidStep",
        ErrorKind.Syntax,
        $"'{Convert.ToString(step, CultureInfo.InvariantCulture)}' is not a step: {problem}.",
        "Write -Step '5%,2m,25%,pause,check', or a list of hashtables: @{Weight='5%'}, @{Pause='2m'}, @{Pause=$true; ApprovalLimit='1h'}, @{Check=$check}, @{Replicas=2}, @{Header=@{Name='value'}}.",
        step);

    internal static RolloutException StepFalls(RolloutStep step, RolloutStep before) => new(
        "StepFalls",
        ErrorKind.InvalidInput,
        $"The step '{step}' is below '{before}' before it: a rollout goes forward only.",
        "Put the steps in rising order; Stop-Rollout goes back.",
        step.ToString());

    internal static RolloutException StepsNotApplicable(RolloutStrategy strategy) => new(
        "StepsNotApplicable",
        ErrorKind.InvalidInput,
        $"-Strategy {strategy} has no steps.",
        "Use -Strategy Canary with -Step, or leave -Step out.",
        strategy);

    internal static RolloutException NotOfStrategy(string parameter, RolloutStrategy strategy, RolloutStrategy other) => new(
        "ParameterNotOfStrategy",
        ErrorKind.InvalidInput,
        $"{parameter} has no meaning with -Strategy {strategy}.",
        $"Leave it out, or use -Strategy {other}.",
        parameter);

    internal static RolloutException StepNotOfBlueGreen(RolloutStep step) => new(
        "StepNotOfBlueGreen",
        ErrorKind.InvalidInput,
        $"The step '{step}' cannot be part of a blue-green rollout, which has one switch: its steps come between the complete new set and that switch.",
        "Give -Step pauses and checks alone, or use -Strategy Canary.",
        step.ToString());

    internal static RolloutException TooManyReplicas(ReplicasStep step, int replicas) => new(
        "StepHasTooManyReplicas",
        ErrorKind.InvalidInput,
        $"The step '{step}' wants more than the workload's {replicas} replicas.",
        $"Give at most {replicas}, or raise -Replicas.",
        step.ToString());

    internal static RolloutException StepNotSupported(string workload, RolloutStep step, string why, string mend) => new(
        "StepNotSupported",
        ErrorKind.NotSupported,
        $"'{workload}' cannot be rolled out with the step '{step}': {why}.",
        mend,
        step.ToString());

    internal static RolloutException UnderWay(string workload, RolloutStrategy strategy, string step) => new(
        "SteppedRolloutUnderWay",
        ErrorKind.Busy,
        $"A {strategy} rollout of '{workload}' is at step {step}.",
        "Bring it to its end (Resume-Rollout -Full) or take it back (Stop-Rollout) first.",
        workload);

    internal static RolloutException BaselineNotSupported(string workload, string why) => new(
        "BaselineNotSupported",
        ErrorKind.NotSupported,
        $"'{workload}' cannot have a baseline: {why}.",
        "Leave -Baseline out, and compare the new with what runs.",
        workload);
}
