using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Clusters = Rollout.Engine.Kubernetes.Configuration.Kubeconfig;

namespace Rollout.Module.Completers;

/// <summary>Completes contexts with those of the kubeconfig.</summary>
public sealed class ContextCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Of(wordToComplete, _ => Task.FromResult(
            Clusters.Contexts($"{fakeBoundParameters["Kubeconfig"]}", Environment.GetEnvironmentVariable).Select(context => (context, context))));
}
