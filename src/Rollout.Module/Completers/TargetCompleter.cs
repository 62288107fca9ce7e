using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Rollout.Module.Cmdlets;

namespace Rollout.Module.Completers;

/// <summary>Completes targets with those of the Docker engine; with nothing where it does not answer at once.</summary>
public sealed class TargetCompleter : IArgumentCompleter
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var wanted = WildcardPattern.Get($"{wordToComplete}*", WildcardOptions.IgnoreCase);
        return Targets(fakeBoundParameters)
            .Where(rollout => wanted.IsMatch(rollout.Target))
            .Select(rollout => new CompletionResult(rollout.Target, rollout.Target, CompletionResultType.ParameterValue, $"{rollout.Phase} {rollout.Image}"));
    }

    /// <summary>Completion cannot wait, and has nobody to tell of a failure.</summary>
    private static IReadOnlyList<RolloutStatus> Targets(IDictionary bound)
    {
        try
        {
            using var patience = new CancellationTokenSource(Patience);
            return Task.Run(() => ListAsync(bound, patience.Token)).WaitAsync(Patience).GetAwaiter().GetResult();
        }
        catch (Exception error) when (error is RolloutException or OperationCanceledException or TimeoutException)
        {
            return [];
        }
    }

    private static async Task<IReadOnlyList<RolloutStatus>> ListAsync(IDictionary bound, CancellationToken cancellation)
    {
        using var engine = new EngineChoice($"{bound["DockerHost"]}", $"{bound["Context"]}", Environment.CurrentDirectory).For(null);
        return await engine.Targets.ListAsync(cancellation);
    }
}
