using System.Management.Automation;
using Rollout.Engine.Literals;

namespace Rollout.Module.Literals;

/// <summary>Reads a switch from a row of a file too, as true or false; empty counts as absent. PowerShell alone passes over the text 'true', and takes nothing at all for true.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FlagAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => AsWritten.Of(inputData) switch
    {
        string text when string.IsNullOrWhiteSpace(text) => false,
        string text => ChoiceText.Flag(text),
        var value => value,
    };
}
