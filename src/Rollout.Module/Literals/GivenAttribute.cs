using System.Management.Automation;

namespace Rollout.Module.Literals;

/// <summary>Reads what is given for a parameter, on the command line or in a row of a file. Empty counts as absent: a column may be.</summary>
/// <param name="parameter">The parameter's name.</param>
public abstract class GivenAttribute<T>(string parameter) : ArgumentTransformationAttribute
{
    /// <summary>The parameter's name.</summary>
    public string Parameter { get; } = parameter;

    /// <inheritdoc/>
    public sealed override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (value is null || (value is string text && string.IsNullOrWhiteSpace(text))) return null!;
        try
        {
            return new Given<T>(Parameter, Read(inputData));
        }
        catch (RolloutException problem)
        {
            return new Given<T>(Parameter, problem);
        }
    }

    /// <summary>Reads what is not empty.</summary>
    /// <exception cref="RolloutException">It is no value of the parameter.</exception>
    private protected abstract T Read(object given);
}
