using System.Collections;
using System.Management.Automation;
using Rollout.Engine.Rollouts;

namespace Rollout.Module.Literals;

/// <summary>Reads steps as users write them: '5%,2m,25%' as one text or several, or hashtables. A number that PowerShell made of an unquoted 5s is refused.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class StepAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => StepText.From(Unwrap(inputData)).ToArray();

    private static object? Unwrap(object? value) => (value is PSObject wrapped ? wrapped.BaseObject : value) switch
    {
        IDictionary table => table.Keys.Cast<object>().ToDictionary(key => $"{key}", key => Unwrap(table[key]), StringComparer.OrdinalIgnoreCase),
        object[] list => list.Select(Unwrap).ToArray(),
        var plain => plain,
    };
}
