using System.Runtime.CompilerServices;
using Rollout.Engine.Literals;

namespace Rollout.Module.Literals;

/// <summary>Reads a whole number within bounds.</summary>
/// <param name="least">The smallest.</param>
/// <param name="most">The greatest.</param>
/// <param name="parameter">The parameter's name.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class WholeNumberAttribute(int least, int most, [CallerMemberName] string parameter = "") : GivenAttribute<int>(parameter)
{
    /// <summary>The smallest.</summary>
    public int Least { get; } = least;

    /// <summary>The greatest.</summary>
    public int Most { get; } = most;

    private protected override int Read(object given) => WholeNumberText.From(AsWritten.Of(given), Least, Most);
}
