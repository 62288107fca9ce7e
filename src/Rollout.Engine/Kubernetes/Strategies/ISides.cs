using Rollout.Engine.Kubernetes.Workloads;

namespace Rollout.Engine.Kubernetes.Strategies;

/// <summary>The old and the new side of a workload in its steps: looked at, and the one made more and the other fewer.</summary>
internal interface ISides : IAsyncDisposable
{
    /// <summary>Begins to look.</summary>
    Task BeginAsync(Workload workload, CancellationToken cancellation);

    SidesSight Look();

    /// <summary>What was just written to the workload, which its watch may not have told yet.</summary>
    void Wrote(Workload workload);

    /// <summary>Waits until something changed since the last wait, or the time is over.</summary>
    Task WaitAsync(TimeSpan limit, CancellationToken cancellation);

    /// <summary>So many Pods of the new version more than are wanted now.</summary>
    Task RaiseNewAsync(SidesSight sight, int count, CancellationToken cancellation);

    /// <summary>So many Pods of the old version fewer than are wanted now.</summary>
    Task LowerOldAsync(SidesSight sight, int count, CancellationToken cancellation);
}
