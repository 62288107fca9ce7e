using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Rollout.Module.Places;

namespace Rollout.Module.Completers;

/// <summary>Completes what can be gone back to with the history of the rollout that the command line names: -ToRevision by number, -ToImage by image.</summary>
public sealed class RevisionCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Of(wordToComplete, async cancellation =>
        {
            var open = new OpenPlaces(Environment.CurrentDirectory);
            var history = HistoryAsync(Completion.Places(fakeBoundParameters, open), fakeBoundParameters["Rollout"] ?? fakeBoundParameters["Target"], cancellation);
            open.CloseAfter(history);
            var others = (await history).Where(revision => !revision.Current);
            return parameterName == "ToImage"
                ? others.Select(revision => ($"{revision.Image}", $"revision {revision.Revision}, {revision.Verdict}")).DistinctBy(one => one.Item1)
                : others.Select(revision => ($"{revision.Revision}", $"{revision.Image}, {revision.Verdict}{(revision.ChangeCause is { } cause ? $", {cause}" : "")}"));
        });

    private static async Task<IReadOnlyList<RolloutRevision>> HistoryAsync(PlaceChoice places, object? named, CancellationToken cancellation)
    {
        var rollout = Completion.Bare(named) is RolloutStatus status ? (RolloutSource?)status : $"{named}";
        return rollout is null ? [] : await places.Find(rollout, null).HistoryAsync(cancellation);
    }
}
