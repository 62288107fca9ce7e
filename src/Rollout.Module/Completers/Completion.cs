using System.Collections;
using System.Management.Automation;
using Rollout.Module.Places;

namespace Rollout.Module.Completers;

/// <summary>What every completer does: asks for at most half a second, says nothing of failures, and offers what begins as the user did.</summary>
internal static class Completion
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>The values that fit, with a word on each.</summary>
    internal static IEnumerable<CompletionResult> Of(string word, Func<CancellationToken, Task<IEnumerable<(string Value, string Note)>>> ask) => Of(word, [.. Ask(ask)]);

    /// <inheritdoc cref="Of(string, Func{CancellationToken, Task{IEnumerable{ValueTuple{string, string}}}})"/>
    internal static IEnumerable<CompletionResult> Of(string word, IReadOnlyList<(string Value, string Note)> known)
    {
        var wanted = WildcardPattern.Get($"{word.Trim('\'', '"')}*", WildcardOptions.IgnoreCase);
        return known.Where(found => wanted.IsMatch(found.Value))
            .Select(found => new CompletionResult(Quoted(found.Value), found.Value, CompletionResultType.ParameterValue, found.Note));
    }

    /// <summary>PowerShell makes a list of what has a comma, two words of what has a space, and a number of 5m.</summary>
    private static string Quoted(string value) => value.AsSpan().IndexOfAny(' ', ',') >= 0 || char.IsAsciiDigit(value[0]) && !value.All(char.IsAsciiDigit) ? $"'{value}'" : value;

    /// <summary>The place that the command line so far names.</summary>
    internal static PlaceChoice Places(IDictionary bound, OpenPlaces open) => new(open)
    {
        DockerHost = Text(bound, "DockerHost"),
        Context = Text(bound, "Context"),
        Kubeconfig = Text(bound, "Kubeconfig"),
        Namespace = Text(bound, "Namespace"),
    };

    /// <summary>A value without what PowerShell wraps it in.</summary>
    internal static object? Bare(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;

    /// <summary>A parameter of the command line so far; null where it has none.</summary>
    internal static string? Text(IDictionary bound, string name) => $"{bound[name]}" is { Length: > 0 } text ? text : null;

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
