using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker.Swarm;

/// <summary>The plan of an ordinary update.</summary>
/// <param name="Seen">As it was looked at.</param>
/// <param name="Wanted">The spec to be, still without the record.</param>
/// <param name="Record">What is to be written with it.</param>
/// <param name="Begun">The first decision.</param>
internal sealed record UpdatePlan(ServiceSnapshot Seen, ServiceSpec Wanted, ServiceRecord Record, RolloutDecision Begun) : RolloutPlan
{
    /// <summary>The spec that the engine is to go back to; null where it is not to go back. Written before the update, as the engine keeps only the last.</summary>
    public ServiceSpec? Base { get; init; }

    /// <summary>The registry that the nodes need credentials for; null where they keep what they have.</summary>
    public string? Registry { get; init; }

    public IReadOnlyList<RolloutHealthCheck> Checks { get; init; } = [];
}

/// <summary>The plan of an undo by the engine's own rollback.</summary>
/// <param name="Seen">As it was looked at.</param>
/// <param name="Record">What is to be written when it is done.</param>
internal sealed record RollbackPlan(ServiceSnapshot Seen, ServiceRecord Record) : RolloutPlan;

/// <summary>The plan of going on with what there is.</summary>
/// <param name="Message">What is told of it; null where it speaks for itself.</param>
internal sealed record CarryOnPlan(string? Message = null) : RolloutPlan;
