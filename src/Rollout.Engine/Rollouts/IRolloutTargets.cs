using Rollout.Engine.Health;

namespace Rollout.Engine.Rollouts;

/// <summary>A place that holds workloads: a Docker engine, or a cluster. The cmdlets know only this and <see cref="IRolloutTarget"/>.</summary>
public interface IRolloutTargets
{
    /// <summary>The place.</summary>
    RolloutEndpoint Endpoint { get; }

    /// <summary>Looks at a workload's replicas for its health.</summary>
    IReplicaStates ReplicaStates { get; }

    /// <summary>One workload, whether it is there already or not. Nothing is sent yet.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="namespace">Its namespace; null for the context's, and on a Docker engine, which has none.</param>
    /// <exception cref="RolloutException">InvalidTarget: the name is of another platform, or none that a workload can have. NamespaceNotApplicable.</exception>
    IRolloutTarget Find(TargetName name, string? @namespace = null);

    /// <summary>Waits for a sign of life: any answer at all. Nothing is asked of the user for it.</summary>
    Task ReachAsync(CancellationToken cancellation);

    /// <summary>Every workload, or those that the filter lets through.</summary>
    Task<IReadOnlyList<RolloutStatus>> ListAsync(TargetFilter filter, CancellationToken cancellation);

    /// <summary>Looks at what rollouts need here: reach, version, rights. What is wrong is an answer, not an exception.</summary>
    /// <param name="namespace">The namespace that rights are asked for; null for the context's.</param>
    /// <param name="cancellation">Ends it at once.</param>
    IAsyncEnumerable<EnvironmentCheck> CheckAsync(string? @namespace, CancellationToken cancellation);
}

/// <summary>Which workloads are listed. What a place does not know (an engine has no namespaces) does not limit it.</summary>
public sealed record TargetFilter
{
    /// <summary>All of the context's namespace.</summary>
    public static TargetFilter None { get; } = new();

    /// <summary>The namespace; null for the context's.</summary>
    public string? Namespace { get; init; }

    /// <summary>Of every namespace.</summary>
    public bool AllNamespaces { get; init; }

    /// <summary>By labels, as kubectl's -l takes it: <c>app=shop</c>.</summary>
    public string? Selector { get; init; }
}
