using System.Runtime.CompilerServices;
using Rollout.Engine.Literals;

namespace Rollout.Module.Literals;

/// <summary>Reads a number as <see cref="NumberAttribute"/> does.</summary>
/// <param name="parameter">The parameter's name.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class GivenNumberAttribute([CallerMemberName] string parameter = "") : GivenAttribute<double>(parameter)
{
    private protected override double Read(object given) => NumberText.From(AsWritten.Of(given));
}
