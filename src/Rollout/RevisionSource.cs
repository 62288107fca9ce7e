namespace Rollout;

/// <summary>
/// What -ToRevision takes: a revision's number, or a revision as the history lists it, which names its workload too. Has no public
/// constructor, so that no other object binds as a revision by accident.
/// </summary>
public sealed class RevisionSource
{
    private RevisionSource(int number, string? target)
    {
        Number = number;
        Target = target;
    }

    /// <summary>The revision's number.</summary>
    public int Number { get; }

    /// <summary>The workload's target; null for a bare number.</summary>
    public string? Target { get; }

    /// <summary>From a number.</summary>
    public static implicit operator RevisionSource(int number) => new(number, null);

    /// <summary>From a revision of the history.</summary>
    public static implicit operator RevisionSource(RolloutRevision revision) => new(revision.Revision, revision.Target);

    /// <inheritdoc/>
    public override string ToString() => $"{Number}";
}
