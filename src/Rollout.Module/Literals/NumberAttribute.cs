using System.Management.Automation;
using Rollout.Engine.Literals;

namespace Rollout.Module.Literals;

/// <summary>Reads a number whose decimal sign is a point. PowerShell alone would take '0,5' for 5.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NumberAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => NumberText.From(AsWritten.Of(inputData));
}
