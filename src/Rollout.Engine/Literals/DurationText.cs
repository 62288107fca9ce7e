using System.Globalization;
using System.Text.RegularExpressions;

namespace Rollout.Engine.Literals;

/// <summary>
/// Durations as users write them: <c>5m</c>, <c>90s</c>, <c>1h30m</c>, <c>500ms</c>, <c>1.5h</c>, a TimeSpan or its text (<c>00:05:00</c>), or a bare
/// whole number in seconds. Units are d, h, m, s, ms, the larger first, in any case. None is longer than ten years, so that one from now on is a date.
/// </summary>
public static partial class DurationText
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3_653);

    /// <summary>Reads what PowerShell made of what the user wrote (without its PSObject).</summary>
    /// <param name="value">A TimeSpan, a text, an int or a long.</param>
    /// <exception cref="RolloutException">InvalidDuration; for a number that PowerShell made of an unquoted <c>5s</c> or <c>1d</c>, with that advice.</exception>
    public static TimeSpan From(object value) => value switch
    {
        TimeSpan duration => Bounded(duration, duration.ToString()),
        string text => Parse(text),
        int or long => FromSeconds(Convert.ToDecimal(value, CultureInfo.InvariantCulture), Convert.ToString(value, CultureInfo.InvariantCulture)!),

        // PowerShell makes [int16]5 of an unquoted 5s, a decimal of 1d, a BigInteger of 5n: what was meant is lost.
        _ => throw LiteralErrors.InvalidDuration(value, $"it has come as a number of type {value.GetType().Name}, so quote it"),
    };

    /// <summary>Reads a text.</summary>
    /// <exception cref="RolloutException">InvalidDuration.</exception>
    public static TimeSpan Parse(string text)
    {
        var trimmed = text.Trim();
        if (trimmed.Contains(',', StringComparison.Ordinal)) throw LiteralErrors.InvalidDuration(text, "the decimal sign is a point, whatever the culture");
        if (trimmed.Contains(':', StringComparison.Ordinal))
        {
            return TimeSpan.TryParseExact(trimmed, "c", CultureInfo.InvariantCulture, out var duration)
                ? Bounded(duration, text)
                : throw LiteralErrors.InvalidDuration(text, "it is no [d.]hh:mm:ss");
        }

        if (trimmed.Length > 0 && trimmed.All(char.IsAsciiDigit)) return FromSeconds(ToNumber(trimmed, text), text);
        if (Units().Match(trimmed) is not { Success: true, Length: > 0 } match) throw LiteralErrors.InvalidDuration(text, "it is no number with a unit");

        var seconds = Part("d", 86_400) + Part("h", 3_600) + Part("m", 60) + Part("s", 1) + Part("ms", 0.001m);
        return FromSeconds(seconds, text);

        decimal Part(string unit, decimal length) => match.Groups[unit] is { Success: true } group ? ToNumber(group.Value, text) * length : 0;
    }

    private static decimal ToNumber(string digits, string text) =>
        digits.Length <= 15 ? decimal.Parse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) : throw LiteralErrors.InvalidDuration(text, "it is too long");

    private static TimeSpan FromSeconds(decimal seconds, string text)
    {
        if (seconds < 0) throw LiteralErrors.InvalidDuration(text, "it is negative");
        return seconds <= (decimal)Longest.TotalSeconds ? TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond)) : throw LiteralErrors.InvalidDuration(text, "it is longer than ten years");
    }

    private static TimeSpan Bounded(TimeSpan duration, string text) =>
        duration < TimeSpan.Zero ? throw LiteralErrors.InvalidDuration(text, "it is negative")
        : duration > Longest ? throw LiteralErrors.InvalidDuration(text, "it is longer than ten years")
        : duration;

    private const string Number = @"[0-9]+(?:\.[0-9]+)?";

    [GeneratedRegex($@"\A(?:(?<d>{Number})d)?(?:(?<h>{Number})h)?(?:(?<m>{Number})m)?(?:(?<s>{Number})s)?(?:(?<ms>{Number})ms)?\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Units();
}
