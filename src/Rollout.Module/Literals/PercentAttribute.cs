using System.Collections;
using System.Globalization;
using System.Management.Automation;
using Rollout.Engine.Literals;

namespace Rollout.Module.Literals;

/// <summary>Reads a percentage as users write it: '0.5%'. A bare 0.5 is refused: it may be half a percent, or a half.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PercentAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => PercentText.From(AsWritten.Of(inputData));
}

/// <summary>What the user wrote, as far as PowerShell let it live.</summary>
internal static class AsWritten
{
    /// <summary>An unquoted 0,5% has become a list; its text tells what was meant. Null is written as nothing.</summary>
    internal static object Of(object? input)
    {
        var value = input is PSObject wrapped ? wrapped.BaseObject : input;
        return value switch
        {
            IList list => string.Join(',', list.Cast<object>().Select(item => Convert.ToString(item, CultureInfo.InvariantCulture))),
            null => "",
            _ => value,
        };
    }
}
