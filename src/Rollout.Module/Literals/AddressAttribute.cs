using System.Collections;
using System.Management.Automation;
using Rollout.Engine.Literals;

namespace Rollout.Module.Literals;

/// <summary>Reads an address. PowerShell alone would repeat one that is none in its error, with the password that may stand in it.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class AddressAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return AddressText.From(value is IList { Count: > 1 } ? value : AsWritten.Of(value))!;
    }
}
