using System.Collections.Concurrent;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>
/// Whether a change that is begun may also be followed, judged and taken back: asked before anything is changed, as a missing right would leave a release that nobody
/// looks after. Once for each kind in a namespace, however large the fleet.
/// </summary>
internal sealed class GrantedRights(IKubernetesClient client)
{
    private readonly ConcurrentDictionary<(string Kind, string Namespace), Lazy<Task>> _asked = [];

    /// <exception cref="RolloutException">KubernetesForbidden: names the first right that is missing.</exception>
    public async Task CheckAsync(string kind, string @namespace, CancellationToken cancellation)
    {
        var place = (kind, @namespace);
        var asked = _asked.GetOrAdd(place, _ => new Lazy<Task>(() => AskAsync(kind, @namespace)));
        try
        {
            await asked.Value.WaitAsync(cancellation);
        }
        catch (RolloutException e) when (KubernetesErrors.IsTransient(e))
        {
            // That says nothing of the rights: the next one asks again.
            _asked.TryRemove(KeyValuePair.Create(place, asked));
            throw;
        }
    }

    private async Task AskAsync(string kind, string @namespace)
    {
        var answers = await Task.WhenAll(Needed(kind, @namespace).Select(async right => (Right: right, IsGranted: await MayAsync(right))));
        if (answers.FirstOrDefault(answer => !answer.IsGranted).Right is { } missing) throw WorkloadErrors.RightMissing(missing);
    }

    private async Task<bool> MayAsync(ResourceAttributes right)
    {
        try
        {
            return await client.MayAsync(right, CancellationToken.None);
        }
        catch (RolloutException e) when (!KubernetesErrors.IsTransient(e))
        {
            // Where that may not be asked, the change itself shows it.
            return true;
        }
    }

    private static IEnumerable<ResourceAttributes> Needed(string kind, string @namespace) =>
        from item in ((string Resource, string Group, string[] Verbs)[])
        [
            (kind + "s", kind == "rollout" ? "argoproj.io" : "apps", ["list", "watch", "patch"]),
            (kind is "deployment" or "rollout" ? "replicasets" : "controllerrevisions", "apps", ["list", "watch", "patch"]),
            ("pods", "", kind == "statefulset" ? ["list", "watch", "delete"] : ["list", "watch"]),
            ("leases", "coordination.k8s.io", ["create", "patch", "delete"]),
        ]
        from verb in item.Verbs
        select new ResourceAttributes(verb, item.Group, item.Resource, @namespace);
}
