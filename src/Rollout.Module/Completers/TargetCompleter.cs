using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Rollout.Engine.Rollouts;
using Rollout.Module.Places;

namespace Rollout.Module.Completers;

/// <summary>Completes targets with those of the Docker engine and of the cluster's namespace.</summary>
public sealed class TargetCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Of(wordToComplete, async cancellation =>
        {
            var open = new OpenPlaces(Environment.CurrentDirectory);
            var places = Completion.Places(fakeBoundParameters, open);
            var filter = new TargetFilter { Namespace = places.Namespace };
            var lists = Task.WhenAll(
                OrNoneAsync(() => places.Engine(), filter, places.Kubeconfig is not null || places.Namespace is not null, cancellation),
                OrNoneAsync(() => places.Cluster(), filter, places.DockerHost is not null, cancellation));
            open.CloseAfter(lists);
            return (await lists).SelectMany(list => list).Select(rollout => (rollout.Target, $"{rollout.Phase} {rollout.Image}"));
        });

    /// <summary>What a place has in the time there is; one that does not answer takes nothing from the other.</summary>
    private static async Task<IReadOnlyList<RolloutStatus>> OrNoneAsync(Func<IRolloutTargets> open, TargetFilter filter, bool isOut, CancellationToken cancellation)
    {
        try
        {
            return isOut ? [] : await open().ListAsync(filter, cancellation).WaitAsync(TimeSpan.FromMilliseconds(450), cancellation);
        }
        catch (Exception error) when (error is RolloutException or OperationCanceledException or TimeoutException)
        {
            return [];
        }
    }
}
