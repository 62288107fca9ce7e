using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Rollout.Module.Completers;

/// <summary>Completes a parameter with the words of an enumeration.</summary>
public sealed class ChoiceCompleter<T> : IArgumentCompleter
    where T : struct, Enum
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Of(wordToComplete, [.. Enum.GetNames<T>().Select(name => (name, name))]);
}
