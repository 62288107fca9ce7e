namespace Rollout.Module.Literals;

/// <summary>
/// What was given for a parameter that a row of a file may fill: a value, or what is none and is refused when it is the row's turn. Of a row's
/// cell PowerShell alone passes over what it cannot convert, and what it refuses it refuses at once, in the midst of the rows that are in flight.
/// </summary>
public abstract class Given
{
    private readonly string _parameter;
    private readonly RolloutException? _problem;

    private protected Given(string parameter, RolloutException? problem) => (_parameter, _problem) = (parameter, problem);

    /// <summary>Refuses what is no value.</summary>
    /// <param name="target">Whose row it stands in; null on the command line.</param>
    /// <exception cref="RolloutException">What the parameter's reader says of it.</exception>
    internal void Check(string? target)
    {
        if (_problem is not null) throw ModuleErrors.OfParameter(_parameter, target, _problem);
    }
}

/// <inheritdoc/>
public sealed class Given<T> : Given
{
    private readonly T? _value;

    internal Given(string parameter, T value)
        : base(parameter, null) => _value = value;

    internal Given(string parameter, RolloutException problem)
        : base(parameter, problem)
    {
    }

    /// <summary>The value.</summary>
    /// <inheritdoc cref="Given.Check"/>
    internal T For(string target)
    {
        Check(target);
        return _value!;
    }
}
