using System.Management.Automation;
using System.Runtime.CompilerServices;
using Rollout.Engine.Literals;

namespace Rollout.Module.Literals;

/// <summary>
/// Reads where an object lives: as it is, with the properties that a file left of it, or as the text that a job made of it. PowerShell alone
/// passes over the text, and another place would be worked on.
/// </summary>
/// <param name="parameter">The parameter's name.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class EndpointAttribute([CallerMemberName] string parameter = "") : GivenAttribute<RolloutEndpoint>(parameter)
{
    private protected override RolloutEndpoint Read(object given) =>
        LanguagePrimitives.TryConvertTo<RolloutEndpoint>(given, out var endpoint) && endpoint != new RolloutEndpoint() ? endpoint : EndpointText.From($"{given}");
}
