using System.Globalization;

namespace Rollout.Engine.Literals;

/// <summary>Whole numbers as users write them, within bounds.</summary>
public static class WholeNumberText
{
    /// <summary>Reads what PowerShell made of what the user wrote (without its PSObject).</summary>
    /// <param name="value">A text or a number.</param>
    /// <param name="least">The smallest there may be.</param>
    /// <param name="most">The greatest.</param>
    /// <exception cref="RolloutException">InvalidNumber. PowerShell alone would take 2.7 for 3, and '2,5' for 25.</exception>
    public static int From(object value, int least, int most) =>
        int.TryParse(Convert.ToString(value, CultureInfo.InvariantCulture), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw LiteralErrors.InvalidWholeNumber(value, least, most);
}
