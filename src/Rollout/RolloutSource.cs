namespace Rollout;

/// <summary>
/// What -Rollout takes: a rollout as a cmdlet emits it, or the target of one as text, <c>deployment/shop</c>. Has no public constructor,
/// so that no other object binds as a rollout by accident.
/// </summary>
public sealed class RolloutSource
{
    private RolloutSource(string target, RolloutStatus? status)
    {
        Target = target;
        Status = status;
    }

    /// <summary>The target.</summary>
    public string Target { get; }

    /// <summary>The rollout, where one was given; null where it was only named.</summary>
    public RolloutStatus? Status { get; }

    /// <summary>From a rollout.</summary>
    public static implicit operator RolloutSource(RolloutStatus rollout) => new(rollout.Target, rollout);

    /// <summary>From a target as text; empty text counts as absent.</summary>
    public static implicit operator RolloutSource?(string? text) => string.IsNullOrWhiteSpace(text) ? null : new(text, null);

    /// <inheritdoc/>
    public override string ToString() => Target;
}
