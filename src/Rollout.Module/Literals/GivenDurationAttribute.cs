using System.Runtime.CompilerServices;
using Rollout.Engine.Literals;

namespace Rollout.Module.Literals;

/// <summary>Reads a duration as <see cref="DurationAttribute"/> does.</summary>
/// <param name="parameter">The parameter's name.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class GivenDurationAttribute([CallerMemberName] string parameter = "") : GivenAttribute<TimeSpan>(parameter)
{
    private protected override TimeSpan Read(object given) => DurationText.From(AsWritten.Of(given));
}
