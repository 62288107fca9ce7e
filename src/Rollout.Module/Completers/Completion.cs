using System.Collections;
using System.Management.Automation;
using Rollout.Module.Places;

namespace Rollout.Module.Completers;

/// <summary>What every completer does: asks for at most half a second, says nothing of failures, and offers what begins as the user did.</summary>
internal static class Completion
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>The values that fit, with a word on each.</summary>
    internal static IEnumerable<CompletionResult> Of(string word, Func<CancellationToken, Task<IEnumerable<(string Value, string Note)>>> ask)
    {
        var wanted = WildcardPattern.Get($"{word.Trim('\'', '"')}*", WildcardOptions.IgnoreCase);
        return Ask(ask).Where(found => wanted.IsMatch(found.Value)).Select(found => new CompletionResult(found.Value, found.Value, CompletionResultType.ParameterValue, found.Note));
    }

    /// <summary>The place that the command line so far names.</summary>
    internal static PlaceChoice Places(IDictionary bound, OpenPlaces open) => new(open)
    {
        DockerHost = Text(bound, "DockerHost"),
        Context = Text(bound, "Context"),
        Kubeconfig = Text(bound, "Kubeconfig"),
        Namespace = Text(bound, "Namespace"),
    };

    private static string? Text(IDictionary bound, string name) => $"{bound[name]}" is { Length: > 0 } text ? text : null;

    /// <summary>Completion cannot wait, and has nobody to tell of a failure.</summary>
    private static IEnumerable<(string Value, string Note)> Ask(Func<CancellationToken, Task<IEnumerable<(string Value, string Note)>>> ask)
    {
        try
        {
            using var patience = new CancellationTokenSource(Patience);
            return Task.Run(() => ask(patience.Token)).WaitAsync(Patience).GetAwaiter().GetResult();
        }
        catch (Exception error) when (error is RolloutException or OperationCanceledException or TimeoutException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
