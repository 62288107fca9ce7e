using System.Management.Automation;
using Rollout.Engine.Literals;

namespace Rollout.Module.Literals;

/// <summary>Reads a duration as users write it: '5m', '90s', a TimeSpan, a whole number of seconds. PowerShell alone would take 300 for 300 ticks.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DurationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        DurationText.From(AsWritten.Of(inputData));
}
