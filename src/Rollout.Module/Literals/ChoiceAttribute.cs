using System.Runtime.CompilerServices;
using Rollout.Engine.Literals;

namespace Rollout.Module.Literals;

/// <summary>Reads one of the words of an enumeration.</summary>
/// <param name="parameter">The parameter's name.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ChoiceAttribute<T>([CallerMemberName] string parameter = "") : GivenAttribute<T>(parameter)
    where T : struct, Enum
{
    private protected override T Read(object given) => ChoiceText.From<T>(AsWritten.Of(given));
}
