using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Rollout.Module.Completers;

/// <summary>Completes health checks with the variables that hold some.</summary>
public sealed class CheckCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        var variables = shell.AddCommand("Get-Variable").Invoke<PSVariable>();
        return Completion.Of(wordToComplete, [.. variables.Select(variable => (Variable: variable, Checks: ChecksOf(variable.Value))).Where(one => one.Checks.Length > 0).Select(one => ($"${one.Variable.Name}", one.Checks))]);
    }

    private static string ChecksOf(object? value) =>
        string.Join(", ", (value as IEnumerable<object> ?? [value!]).Take(100).Select(Completion.Bare).OfType<RolloutHealthCheck>().Select(check => check.Name));
}
