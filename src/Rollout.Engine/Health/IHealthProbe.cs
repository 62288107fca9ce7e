namespace Rollout.Engine.Health;

/// <summary>Tries one check once, as often as it is asked to.</summary>
internal interface IHealthProbe : IDisposable
{
    /// <summary>What is asked, for the result; without secrets.</summary>
    string? Query { get; }

    /// <summary>What is wanted, for the result.</summary>
    string Threshold { get; }

    /// <summary>One try. A thing that cannot be reached is a bad try, not an exception.</summary>
    Task<HealthTry> TryAsync(CancellationToken cancellation);
}

/// <summary>What one try found.</summary>
/// <param name="Verdict">Good, bad, or that it is too early to say.</param>
/// <param name="Value">What came back.</param>
/// <param name="Message">What it means, in words that go on a sentence: <c>status 503, expected 200-299</c>.</param>
internal sealed record HealthTry(HealthVerdict Verdict, string? Value, string Message)
{
    /// <summary>True where no other try can find anything else.</summary>
    internal bool IsFinal { get; init; }

    /// <summary>True where it is too early to say because something is counted first: that uses up no patience.</summary>
    internal bool IsGathering { get; init; }

    /// <summary>True where the server that was to be asked gave no answer: that says nothing, and is not put up with for long.</summary>
    internal bool IsUnanswered { get; init; }

    /// <summary>What the judge says, where it was asked.</summary>
    internal Judgement? Judgement { get; init; }

    /// <summary>Samples that it rests on.</summary>
    internal int Samples { get; init; } = 1;

    /// <summary>A try without evidence, which means what the user said it means.</summary>
    internal static HealthTry Without(NoEvidence meaning, string? value, string message) => new(
        meaning switch { NoEvidence.Fail => HealthVerdict.Unhealthy, NoEvidence.Pass => HealthVerdict.Healthy, _ => HealthVerdict.Inconclusive },
        value,
        ForeignText.Neutralise(message));
}
