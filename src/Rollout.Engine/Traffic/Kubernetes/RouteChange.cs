using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Traffic.Kubernetes;

/// <summary>Changes an object that shares traffic out by a JSON patch, whose tests are its preconditions; where it changed meanwhile, it is looked at anew.</summary>
internal static class RouteChange
{
    private const int Tries = 5;

    /// <param name="client">The cluster.</param>
    /// <param name="resource">The kind.</param>
    /// <param name="find">The object as it is now.</param>
    /// <param name="operations">What is to be done to it; nothing where it is as wanted.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task ApplyAsync(
        IKubernetesClient client, Resource<PlainObject> resource, Func<CancellationToken, Task<PlainObject>> find, Func<PlainObject, IReadOnlyList<JsonObject>> operations, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var found = await find(cancellation);
            if (operations(found) is not { Count: > 0 } wanted) return;
            try
            {
                await client.PatchAsync(resource, found.Metadata.Namespace, found.Metadata.Name, Patch.Json([.. wanted]), cancellation);
                return;
            }
            catch (RolloutException e) when (KubernetesErrors.IsConflict(e) && attempt < Tries)
            {
                // Changed meanwhile.
            }
        }
    }
}
