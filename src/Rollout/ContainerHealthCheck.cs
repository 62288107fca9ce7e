namespace Rollout;

/// <summary>Looks at the containers or Pods of the rollout themselves: running, ready, restarts since the rollout, out of memory.</summary>
public sealed record ContainerHealthCheck : RolloutHealthCheck
{
    /// <inheritdoc/>
    public override string Kind => "Container";
}
