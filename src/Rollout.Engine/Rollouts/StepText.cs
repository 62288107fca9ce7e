using System.Collections;
using System.Globalization;
using Rollout.Engine.Literals;

namespace Rollout.Engine.Rollouts;

/// <summary>
/// Steps as users write them: <c>5%,2m,25%,pause,check</c> as one text or several, or tables with one of Weight, Pause, Check, Replicas and Header. A
/// step's own text (<c>weight 5%</c>, <c>pause 2m</c>, <c>pause within 1h</c>, <c>replicas 2</c>) is read too.
/// </summary>
public static class StepText
{
    // As routes take them.
    private const int LongestHeaderName = 256;
    private const int LongestHeaderValue = 4096;

    /// <summary>Reads what PowerShell made of what the user wrote (without its PSObject).</summary>
    /// <param name="value">A text, a table, a step, or a list of such.</param>
    /// <exception cref="RolloutException">InvalidStep, InvalidPercentage, InvalidDuration; for a number, with the advice to quote.</exception>
    public static IReadOnlyList<RolloutStep> From(object? value) => value switch
    {
        null => [],
        RolloutStep step => [step],
        string text => Parse(text),
        TimeSpan duration => [new PauseStep(duration)],
        IDictionary table => [FromTable(table)],
        IEnumerable list => [.. list.Cast<object?>().SelectMany(From)],

        // PowerShell makes [int16]5 of an unquoted 5s and a decimal of 1d: what was meant is lost.
        _ => throw StepErrors.InvalidStep(value, $"it has come as a value of type {value.GetType().Name}, so quote it"),
    };

    /// <summary>Reads one or several steps, with commas between.</summary>
    /// <exception cref="RolloutException">InvalidStep, InvalidPercentage, InvalidDuration.</exception>
    public static IReadOnlyList<RolloutStep> Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return string.IsNullOrWhiteSpace(text) ? [] : [.. text.Split(',').Select(ParseOne)];
    }

    /// <summary>Writes steps so that <see cref="Parse"/> reads them again; checks of their own and headers have no text.</summary>
    public static string Write(IEnumerable<RolloutStep> steps) => string.Join(',', steps);

    private static RolloutStep ParseOne(string text)
    {
        var words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return words.Select(word => word.ToLowerInvariant()).ToArray() switch
        {
            ["pause"] => new PauseStep(),
            ["check"] => new CheckStep([]),
            ["pause", var duration] => new PauseStep(DurationText.Parse(duration)),
            ["pause", "within", var limit] => new PauseStep(null, Limit(limit)),
            ["weight", var weight] => Weight(weight),
            ["replicas", var count] => Replicas(int.TryParse(count, out var number) ? number : text),
            [var weight] when weight.EndsWith('%') => Weight(weight),
            [var duration] when char.IsAsciiDigit(duration[0]) => new PauseStep(DurationText.Parse(duration)),
            _ => throw StepErrors.InvalidStep(text, "it is neither a percentage, a duration, 'pause' nor 'check'"),
        };
    }

    private static RolloutStep FromTable(IDictionary table)
    {
        var names = table.Keys.Cast<object>().Select(key => $"{key}").ToList();
        if (names.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1) is { } twice) throw StepErrors.InvalidStep(twice.Key, "it is there twice");
        var fields = table.Keys.Cast<object>().ToDictionary(key => $"{key}", key => table[key], StringComparer.OrdinalIgnoreCase);
        fields.Remove("ApprovalLimit", out var limit);
        if (fields.Count != 1) throw StepErrors.InvalidStep(string.Join("; ", fields.Keys), "a table has one of Weight, Pause, Check, Replicas and Header");

        var (kind, value) = fields.First();
        if (limit is not null && !kind.Equals("Pause", StringComparison.OrdinalIgnoreCase)) throw StepErrors.InvalidStep(kind, "ApprovalLimit goes with Pause=$true");
        return kind.ToUpperInvariant() switch
        {
            "WEIGHT" when value is not null => Weight(value),
            "PAUSE" => Pause(value, limit),
            "CHECK" => new CheckStep(Checks(value)),
            // JSON's whole numbers are long.
            "REPLICAS" => Replicas(value is string or long && int.TryParse($"{value}", NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : value),
            "HEADER" => new HeaderStep(Headers(value)),
            _ => throw StepErrors.InvalidStep(kind, "a table has one of Weight, Pause, Check, Replicas and Header"),
        };
    }

    private static WeightStep Weight(object value) => new(PercentText.From(value) * 100);

    private static PauseStep Pause(object? value, object? limit) => value switch
    {
        true => new PauseStep(null, limit is null ? null : Limit(limit)),
        null or false => throw StepErrors.InvalidStep("Pause", "it is $true or a duration"),
        _ when limit is not null => throw StepErrors.InvalidStep("Pause", "ApprovalLimit goes with Pause=$true"),
        _ => new PauseStep(DurationText.From(value)),
    };

    /// <summary>Nobody can approve of anything in no time.</summary>
    private static TimeSpan Limit(object value) =>
        DurationText.From(value) is var limit && limit > TimeSpan.Zero ? limit : throw StepErrors.InvalidStep(value, "the time to approve in is longer than 0 s");

    private static IReadOnlyList<RolloutHealthCheck> Checks(object? value) => value switch
    {
        true => [],
        RolloutHealthCheck check => [check],
        IEnumerable list when list.Cast<object?>().ToList() is var items && items.Count > 0 && items.All(item => item is RolloutHealthCheck) => [.. items.Cast<RolloutHealthCheck>()],
        _ => throw StepErrors.InvalidStep("Check", "it is $true or what New-RolloutHealthCheck emits"),
    };

    private static ReplicasStep Replicas(object? value) =>
        value is int and > 0 ? new ReplicasStep((int)value) : throw StepErrors.InvalidStep(value, "Replicas is a whole number above 0");

    /// <summary>None at all: no header match any more.</summary>
    private static Dictionary<string, string> Headers(object? value)
    {
        if (value is not IDictionary table) throw StepErrors.InvalidStep("Header", "it is a table of names and values");
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var key in table.Keys)
        {
            var name = $"{key}";
            if (!IsHeaderName(name)) throw StepErrors.InvalidStep("Header", $"'{ForeignText.Neutralise(name)}' is not the name of a header");
            var text = HeaderValue(name, table[key]);
            if (!headers.TryAdd(name, text)) throw StepErrors.InvalidStep("Header", $"'{name}' is there twice");
        }

        return headers;
    }

    /// <summary>A text that a request can have: of $true PowerShell makes True, of a list the name of its type.</summary>
    private static string HeaderValue(string name, object? value)
    {
        if (value is not (null or string or int or long)) throw StepErrors.InvalidStep("Header", $"the value of '{name}' has come as {value.GetType().Name}, so quote it: '{name}'='true'");
        var text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        if (text.Length is 0 or > LongestHeaderValue) throw StepErrors.InvalidStep("Header", $"the value of '{name}' has {text.Length} characters, and it needs 1 to {LongestHeaderValue}");
        if (text.Any(char.IsControl)) throw StepErrors.InvalidStep("Header", $"the value of '{name}' has control characters");
        // Whoever reads a request takes the blanks around a value away.
        return text == text.Trim() ? text : throw StepErrors.InvalidStep("Header", $"the value of '{name}' begins or ends with blanks, as no request's does");
    }

    /// <summary>A token of HTTP.</summary>
    private static bool IsHeaderName(string name) =>
        name.Length is > 0 and <= LongestHeaderName && name.All(letter => char.IsAsciiLetterOrDigit(letter) || "!#$%&'*+-.^_`|~".Contains(letter, StringComparison.Ordinal));
}
