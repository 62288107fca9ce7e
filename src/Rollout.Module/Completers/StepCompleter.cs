using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Rollout.Module.Completers;

/// <summary>Completes -Step with whole ways that are often gone, and with the words for one step.</summary>
public sealed class StepCompleter : IArgumentCompleter
{
    private static readonly (string Value, string Note)[] OfCanary =
    [
        ("5%,2m,25%,5m,50%,5m", "By the clock; what a canary does without -Step"),
        ("10%,check,50%,check", "Each share is checked"),
        ("20%,pause", "Held until Resume-Rollout"),
    ];

    private static readonly (string Value, string Note)[] Words =
    [
        ("check", "The checks must pass"),
        ("pause", "Held until Resume-Rollout"),
        ("pause within 1h", "Held until Resume-Rollout, for an hour at most"),
        ("5m", "Waits"),
    ];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Of(wordToComplete, $"{fakeBoundParameters["Strategy"]}" == "BlueGreen" ? Words : [.. OfCanary, .. Words]);
}
