using System.Globalization;

namespace Rollout.Engine.Literals;

/// <summary>Numbers as users write them: <c>0.5</c>, <c>-3</c>, <c>1e6</c>, whatever the culture.</summary>
public static class NumberText
{
    /// <summary>Reads what PowerShell made of what the user wrote (without its PSObject).</summary>
    /// <exception cref="RolloutException">InvalidNumber.</exception>
    public static double From(object value) => value switch
    {
        string text => Parse(text),
        byte or short or int or long or float or double or decimal => Finite(Convert.ToDouble(value, CultureInfo.InvariantCulture), value),
        _ => throw LiteralErrors.InvalidNumber(value, "it is none that can be compared"),
    };

    private static double Parse(string text)
    {
        if (text.Contains(',', StringComparison.Ordinal)) throw LiteralErrors.InvalidNumber(text, "the decimal sign is a point, whatever the culture");
        return double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? Finite(number, text)
            : throw LiteralErrors.InvalidNumber(text, "it has other characters");
    }

    private static double Finite(double number, object value) => double.IsFinite(number) ? number : throw LiteralErrors.InvalidNumber(value, "it is not finite");
}
