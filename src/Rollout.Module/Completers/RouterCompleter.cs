using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Rollout.Module.Completers;

/// <summary>Completes -Router with the routers there are.</summary>
public sealed class RouterCompleter : IArgumentCompleter
{
    private static readonly (string Value, string Note)[] Routers =
    [
        ("HAProxy", "In front of a plain Docker engine"),
        ("Gateway", "An HTTPRoute of the Gateway API, in a cluster"),
        ("Istio", "A VirtualService, in a cluster"),
        ("Service", "The Service itself, in a cluster"),
    ];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Of(wordToComplete, Routers);
}
