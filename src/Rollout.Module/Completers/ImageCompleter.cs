using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Rollout.Module.Places;

namespace Rollout.Module.Completers;

/// <summary>Completes images with those of the Docker engine.</summary>
public sealed class ImageCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Of(wordToComplete, async cancellation =>
        {
            using var engine = new EngineChoice(Completion.Text(fakeBoundParameters, "DockerHost"), null).For(null);
            return (await engine.Client.Images.ReferencesAsync(null, cancellation)).Select(image => ($"{image}", "On the Docker engine"));
        });
}
