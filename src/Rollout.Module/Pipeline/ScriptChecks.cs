using System.Management.Automation;
using Rollout.Engine.Rollouts;

namespace Rollout.Module.Pipeline;

/// <summary>Runs the scripts of health checks on the pipeline thread, where they see what the user sees.</summary>
internal static class ScriptChecks
{
    private static readonly Dictionary<string, HealthVerdict> Verdicts = Enum.GetValues<HealthVerdict>().ToDictionary(verdict => verdict.ToString(), StringComparer.OrdinalIgnoreCase);

    private static readonly PSVariable Strict = new("ErrorActionPreference", ActionPreference.Stop);

    /// <summary>The same checks, their scripts run for one piece of a cmdlet's work.</summary>
    internal static IReadOnlyList<RolloutHealthCheck> RunBy(WorkItem item, IReadOnlyList<RolloutHealthCheck> checks) =>
        [.. checks.Select(check => check is ScriptHealthCheck script ? script.RunBy(On(item)) : check)];

    /// <summary>The same request, the scripts of its checks and of its steps' run for one piece of a cmdlet's work.</summary>
    internal static RolloutRequest RunBy(WorkItem item, RolloutRequest request) => request with
    {
        HealthChecks = RunBy(item, request.HealthChecks),
        Steps = [.. request.Steps.Select(step => step is CheckStep check ? new CheckStep(RunBy(item, check.Checks)) : step)],
    };

    /// <summary>A check of the request that runs a script; null where there is none.</summary>
    internal static ScriptHealthCheck? FirstOf(RolloutRequest request) =>
        request.HealthChecks.Concat(request.Steps.OfType<CheckStep>().SelectMany(step => step.Checks)).OfType<ScriptHealthCheck>().FirstOrDefault();

    private static ScriptRunner On(WorkItem item) => async (check, rollout, cancellation) =>
    {
        ScriptOutcome? outcome = null;
        await item.AskAsync(() => (outcome = Run(check, rollout)) is not null).WaitAsync(cancellation);
        return outcome!;
    };

    private static ScriptOutcome Run(ScriptHealthCheck check, RolloutStatus rollout)
    {
        try
        {
            var block = check.GetBlock() as ScriptBlock ?? ScriptBlock.Create(check.Script);
            var written = block.InvokeWithContext([], [new PSVariable("_", rollout), Strict], rollout);
            return Read(written.Count == 0 ? null : written[^1]?.BaseObject);
        }
        catch (ExitException exit)
        {
            return Ended(exit.Argument);
        }
        catch (FlowControlException)
        {
            // A break or continue that leaves no loop of the script's own.
            return new ScriptOutcome(HealthVerdict.Unhealthy, "the script left without an answer, by a break or continue outside of a loop");
        }
        catch (RuntimeException error) when (error is not PipelineStoppedException)
        {
            return new ScriptOutcome(HealthVerdict.Unhealthy, $"the script failed: {error.ErrorRecord.Exception.Message}");
        }
    }

    /// <summary>Whoever writes <c>exit</c> means an exit code, as a program's.</summary>
    private static ScriptOutcome Ended(object? code) =>
        LanguagePrimitives.TryConvertTo<int>(code, out var number) && number == 0
            ? new ScriptOutcome(HealthVerdict.Healthy, "the script ended with exit code 0")
            : new ScriptOutcome(HealthVerdict.Unhealthy, $"the script ended with exit code {code}");

    /// <summary>The last thing it wrote. What is neither yes nor no says nothing: a property that does not exist must not pass for good.</summary>
    private static ScriptOutcome Read(object? last) => last switch
    {
        bool isGood => new ScriptOutcome(isGood ? HealthVerdict.Healthy : HealthVerdict.Unhealthy, $"the script wrote ${(isGood ? "true" : "false")}"),
        RolloutHealth health => new ScriptOutcome(health.Verdict, $"the script found it {health.Verdict}"),
        HealthVerdict verdict => new ScriptOutcome(verdict, $"the script wrote {verdict}"),
        string word when Verdicts.TryGetValue(word, out var verdict) => new ScriptOutcome(verdict, $"the script wrote {verdict}"),
        null => new ScriptOutcome(HealthVerdict.Inconclusive, "the script wrote nothing, neither $true nor $false"),
        _ => new ScriptOutcome(HealthVerdict.Inconclusive, $"the script wrote '{last}', neither $true nor $false"),
    };
}
