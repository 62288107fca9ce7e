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

    /// <summary>From a revision of the history.</summary>
    public static implicit operator RevisionSource(RolloutRevision revision) => new(revision.Revision, revision);

    /// <inheritdoc/>
    public override string ToString() => $"{Number}";
}
