namespace Rollout.Engine.Rollouts;

internal static class SameStatus
{
    /// <summary>Whether who follows it sees no difference. Lists compare by identity in a record; decisions only grow, so their number tells.</summary>
    internal static bool LooksLike(this RolloutStatus status, RolloutStatus? other) =>
        other is not null && status.Decisions.Count == other.Decisions.Count && status with { Decisions = [] } == other with { Decisions = [] };
}
