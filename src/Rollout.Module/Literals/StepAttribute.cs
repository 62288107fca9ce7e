using System.Collections;
using System.Management.Automation;
using System.Runtime.CompilerServices;
using Rollout.Engine.Rollouts;

namespace Rollout.Module.Literals;

/// <summary>Reads steps as users write them: '5%,2m,25%' as one text or several, or tables, also as they come from JSON. A number that PowerShell made of an unquoted 5s is refused.</summary>
/// <param name="parameter">The parameter's name.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class StepAttribute([CallerMemberName] string parameter = "") : GivenAttribute<RolloutStep[]>(parameter)
{
    private protected override RolloutStep[] Read(object given) => [.. StepText.From(Unwrap(given))];

    private static object? Unwrap(object? value) => value switch
    {
        // What ConvertFrom-Json makes of a table.
        PSObject { BaseObject: PSCustomObject } table => table.Properties.ToDictionary(field => field.Name, field => Unwrap(field.Value), StringComparer.Ordinal),
        PSObject wrapped => Unwrap(wrapped.BaseObject),
        IDictionary table => table.Keys.Cast<object>().ToDictionary(key => $"{key}", key => Unwrap(table[key]), StringComparer.Ordinal),
        string text => text,
        IEnumerable list => list.Cast<object?>().Select(Unwrap).ToArray(),
        var plain => plain,
    };
}
