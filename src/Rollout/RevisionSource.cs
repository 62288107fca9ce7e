using System.Globalization;

namespace Rollout;

/// <summary>
/// What -ToRevision takes: a revision's number, or a revision as the history lists it, which names its workload too. Has no public
/// constructor, so that no other object binds as a revision by accident.
/// </summary>
public sealed class RevisionSource
{
    private RevisionSource(int number, RolloutRevision? revision)
    {
        Number = number;
        Revision = revision;
    }

    /// <summary>The revision's number.</summary>
    public int Number { get; }

    /// <summary>The revision, where one was given; null for a bare number.</summary>
    public RolloutRevision? Revision { get; }

    /// <summary>From a number.</summary>
    public static implicit operator RevisionSource(int number) => new(number, null);

    /// <summary>From a number as JSON has it.</summary>
    public static implicit operator RevisionSource(long number) => new(checked((int)number), null);

    /// <summary>From a number as a prompt or a CSV file has it; empty text counts as absent.</summary>
    /// <exception cref="FormatException">It is no number.</exception>
    public static implicit operator RevisionSource?(string? text) =>
        string.IsNullOrWhiteSpace(text) ? null : new(int.Parse(text, NumberStyles.Integer, CultureInfo.InvariantCulture), null);

    /// <summary>From a revision of the history.</summary>
    public static implicit operator RevisionSource(RolloutRevision revision) => new(revision.Revision, revision);

    /// <inheritdoc/>
    public override string ToString() => $"{Number}";
}
