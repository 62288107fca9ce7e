using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;

namespace Rollout.Engine.Kubernetes.Argo;

/// <summary>Looks at a Rollout, its ReplicaSets and Pods, and at the Deployment that has its template, where one has.</summary>
internal sealed class ArgoWatch(ClusterWatch cluster, string @namespace, ReferredTemplate template) : WorkloadWatch<ArgoRollout, ReplicaSet>(
    cluster.Open(ArgoRollout.Resource, @namespace),
    template.View,
    cluster.Open(Resources.ReplicaSets, @namespace),
    ArgoView.Of,
    cluster.Open(Resources.Pods, @namespace))
{
    public override async Task BeginAsync(string uid, CancellationToken cancellation)
    {
        await base.BeginAsync(uid, cancellation);
        if (Found is { } rollout) await template.BeginAsync(cluster, rollout, Wake, cancellation);
    }

    public override async ValueTask DisposeAsync()
    {
        await template.DisposeAsync();
        await base.DisposeAsync();
    }
}

/// <summary>The Deployment whose template a Rollout takes: watched where the Rollout names one, and nothing otherwise.</summary>
internal sealed class ReferredTemplate : IAsyncDisposable
{
    private ClusterWatch.Share<Deployment>? _deployments;
    private string _uid = "";
    private Action _wake = () => { };

    public async Task BeginAsync(ClusterWatch cluster, ArgoRollout rollout, Action wake, CancellationToken cancellation)
    {
        if (await ArgoKind.ReferredAsync(cluster.Client, rollout, cancellation) is not { } deployment) return;
        (_uid, _wake, _deployments) = (deployment.Metadata.Uid, wake, cluster.Open(Resources.Deployments, deployment.Metadata.Namespace));
        _deployments.Cache.Listen(_uid, wake);
        await _deployments.Cache.Listed.WaitAsync(cancellation);
    }

    public Workload View(ArgoRollout rollout) => ArgoView.Of(rollout, _deployments?.Cache.Find(_uid));

    public async ValueTask DisposeAsync()
    {
        if (_deployments is null) return;
        _deployments.Cache.StopListening(_uid, _wake);
        await _deployments.DisposeAsync();
    }
}
