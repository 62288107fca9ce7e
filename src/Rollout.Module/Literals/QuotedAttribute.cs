using System.Collections;
using System.Management.Automation;

namespace Rollout.Module.Literals;

/// <summary>
/// Refuses a list that holds numbers where texts are meant: PowerShell makes 1.1 of an unquoted 1.10 in a list, and what was written
/// is lost. A single unquoted word keeps its text.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class QuotedAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var list = (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) as IList;
        foreach (var item in list ?? Array.Empty<object>())
        {
            var value = item is PSObject element ? element.BaseObject : item;
            if (value is ValueType and not bool) throw ModuleErrors.NumberNotQuoted(value);
        }

        return inputData;
    }
}
