using System.Text.Json.Nodes;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>A PodDisruptionBudget (policy/v1): how many Pods may be missing when nodes are emptied.</summary>
public sealed record PodDisruptionBudget : IKubernetesObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; set => field = value ?? new(); } = new();
    /// <summary>What is wanted.</summary>
    public PodDisruptionBudgetSpec Spec { get; set => field = value ?? new(); } = new();
}

/// <summary>spec of a PodDisruptionBudget: one of the two, each a number or a percentage.</summary>
public sealed record PodDisruptionBudgetSpec
{
    /// <summary>Whose Pods; null for none.</summary>
    public LabelSelector? Selector { get; set; }
    /// <summary>Pods available at least.</summary>
    public JsonNode? MinAvailable { get; set; }
    /// <summary>Pods missing at most.</summary>
    public JsonNode? MaxUnavailable { get; set; }
}
