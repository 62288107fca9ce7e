using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Module.Places;

namespace Rollout.Module.Completers;

/// <summary>Completes namespaces with those of the cluster.</summary>
public sealed class NamespaceCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Of(wordToComplete, async cancellation =>
        {
            var open = new OpenPlaces(Environment.CurrentDirectory);
            var listing = ((KubernetesTargets)Completion.Places(fakeBoundParameters, open).Cluster()).NamespacesAsync(cancellation);
            open.CloseAfter(listing);
            return (await listing).Select(name => (name, name));
        });
}
