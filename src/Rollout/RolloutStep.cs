using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;

namespace Rollout;

/// <summary>One step of a canary or blue-green rollout. Its text is what -Step takes.</summary>
[JsonDerivedType(typeof(WeightStep), "weight")]
[JsonDerivedType(typeof(PauseStep), "pause")]
[JsonDerivedType(typeof(CheckStep), "check")]
[JsonDerivedType(typeof(ReplicasStep), "replicas")]
[JsonDerivedType(typeof(HeaderStep), "header")]
public abstract record RolloutStep
{
    private protected RolloutStep()
    {
    }
}

/// <summary>The new gets this share of the traffic; without a router, of the replicas.</summary>
/// <param name="Percent">From 0 to 100.</param>
public sealed record WeightStep(decimal Percent) : RolloutStep
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"weight {Percent:0.############}%");
}

/// <summary>Nothing is changed for a time, or until Resume-Rollout.</summary>
/// <param name="Duration">For how long; null means until it is resumed.</param>
/// <param name="ApprovalLimit">How long is waited for Resume-Rollout before the rollout counts as failed; null for without end.</param>
public sealed record PauseStep(TimeSpan? Duration = null, TimeSpan? ApprovalLimit = null) : RolloutStep
{
    /// <summary>True where it stays until somebody resumes it, and nobody need be at work meanwhile.</summary>
    [JsonIgnore]
    public bool IsOpenEnded => Duration is null && ApprovalLimit is null;

    /// <inheritdoc/>
    public override string ToString() => (Duration, ApprovalLimit) switch
    {
        ({ } duration, _) => $"pause {Text(duration)}",
        (null, { } limit) => $"pause within {Text(limit)}",
        _ => "pause",
    };

    private static string Text(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero) return "0s";
        var text = new StringBuilder();
        Append(duration.Days, "d");
        Append(duration.Hours, "h");
        Append(duration.Minutes, "m");
        Append(duration.Seconds, "s");
        Append((duration.Ticks % TimeSpan.TicksPerSecond) / (decimal)TimeSpan.TicksPerMillisecond, "ms");
        return text.ToString();

        void Append(decimal number, string unit)
        {
            if (number != 0) text.Append(CultureInfo.InvariantCulture, $"{number:0.####}{unit}");
        }
    }
}

/// <summary>The checks must pass before it goes on.</summary>
/// <param name="Checks">The checks; none means those of the rollout, and where that has none, a look at the new replicas.</param>
public sealed record CheckStep(IReadOnlyList<RolloutHealthCheck> Checks) : RolloutStep
{
    /// <inheritdoc/>
    public override string ToString() => "check";
}

/// <summary>So many new replicas run, whatever their share of the traffic.</summary>
/// <param name="Replicas">How many.</param>
public sealed record ReplicasStep(int Replicas) : RolloutStep
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"replicas {Replicas}");
}

/// <summary>Requests with all of these headers go to the new, whatever its share; from then on, until another such step or the end.</summary>
/// <param name="Headers">The headers' names and values; none at all: no such requests any more.</param>
public sealed record HeaderStep(IReadOnlyDictionary<string, string> Headers) : RolloutStep
{
    /// <summary>Names are the same in any case of letters, values are not.</summary>
    public bool Equals(HeaderStep? other) =>
        other is not null && Headers.Count == other.Headers.Count && Headers.All(header => other.Headers.Any(same => same.Value == header.Value && same.Key.Equals(header.Key, StringComparison.OrdinalIgnoreCase)));

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(ToString());

    /// <inheritdoc/>
    public override string ToString() => Headers.Count == 0 ? "no header" : $"header {string.Join(", ", Headers.Keys.Order(StringComparer.OrdinalIgnoreCase))}";
}
