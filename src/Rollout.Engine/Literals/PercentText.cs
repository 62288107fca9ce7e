using System.Globalization;
using System.Text.RegularExpressions;

namespace Rollout.Engine.Literals;

/// <summary>Percentages as users write them: <c>0.5%</c>, from 0% to 100%. The sign belongs to it, so that 0.5 is never taken for 50%.</summary>
public static partial class PercentText
{
    /// <summary>Reads what PowerShell made of what the user wrote (without its PSObject).</summary>
    /// <returns>The share: 0.005 for <c>0.5%</c>.</returns>
    /// <exception cref="RolloutException">InvalidPercentage; for a number, with the advice to quote.</exception>
    public static decimal From(object value) =>
        value is string text ? Parse(text) : throw LiteralErrors.InvalidPercentage(value, $"it has come as a number of type {value.GetType().Name}, so quote it, with its sign");

    /// <summary>Reads a text.</summary>
    /// <returns>The share: 0.005 for <c>0.5%</c>.</returns>
    /// <exception cref="RolloutException">InvalidPercentage.</exception>
    public static decimal Parse(string text)
    {
        var trimmed = text.Trim();
        if (trimmed.Contains(',', StringComparison.Ordinal)) throw LiteralErrors.InvalidPercentage(text, "the decimal sign is a point, whatever the culture");
        if (!trimmed.EndsWith('%')) throw LiteralErrors.InvalidPercentage(text, "it has no percent sign");
        if (!Percentage().IsMatch(trimmed)) throw LiteralErrors.InvalidPercentage(text, "it is no number before a percent sign");

        var percent = decimal.Parse(trimmed.AsSpan(0, trimmed.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
        return percent <= 100 ? percent / 100 : throw LiteralErrors.InvalidPercentage(text, "it is more than 100%");
    }

    [GeneratedRegex(@"\A[0-9]{1,12}(?:\.[0-9]{1,12})?%\z")]
    private static partial Regex Percentage();
}
