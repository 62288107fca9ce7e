namespace Rollout;

/// <summary>One decision: what was looked at, what was found, what was done.</summary>
/// <param name="At">When.</param>
/// <param name="Action">What was done: <c>Started</c>, <c>Completed</c>, <c>Undone</c>, <c>Checked</c>.</param>
/// <param name="Message">Why, in a sentence.</param>
/// <param name="Verdict">The health verdict that led to it, where one did.</param>
public sealed record RolloutDecision(DateTimeOffset At, string Action, string Message, HealthVerdict? Verdict = null)
{
    // It is kept with the workload, where room is short.
    private const int TextKept = 600;

    /// <summary>What a check asked: the resolved query.</summary>
    public string? Query { get; init; }

    /// <summary>What came back.</summary>
    public string? Value { get; init; }

    /// <summary>What was wanted.</summary>
    public string? Threshold { get; init; }

    /// <summary>How many samples the verdict rests on; null where there was no check.</summary>
    public int? Samples { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Verdict is null ? $"{Action}: {Message}" : $"{Action} ({Verdict}): {Message}";

    /// <summary>A check's verdict, in short.</summary>
    internal static RolloutDecision Of(HealthCheckResult result, DateTimeOffset at) => new(at, "Checked", Short($"{result.Name}: {result.Message ?? result.Verdict.ToString()}")!, result.Verdict)
    {
        Query = Short(result.Query),
        Value = Short(result.Value),
        Threshold = Short(result.Threshold),
        Samples = result.Samples,
    };

    private static string? Short(string? text) => text is { Length: > TextKept } ? $"{text[..TextKept]}..." : text;
}
