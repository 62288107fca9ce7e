namespace Rollout.Engine.Kubernetes.Api;

/// <summary>Lists of any length, read page by page.</summary>
internal static class Pages
{
    /// <summary>Items a page: as kubectl has it.</summary>
    private const int Size = 500;

    /// <summary>All items, and the state they show. Where the pages grow too old to be read to the end, everything is read again at once.</summary>
    public static async Task<KubernetesList<T>> ListAllAsync<T>(this IKubernetesClient client, Resource<T> resource, string? @namespace, ListQuery query, CancellationToken cancellation)
        where T : class, IKubernetesObject
    {
        var page = await client.ListAsync(resource, @namespace, query with { Limit = Size }, cancellation);
        if (page.Metadata.Continue.Length == 0) return page;

        var items = new List<T>(page.Items);
        try
        {
            while (page.Metadata.Continue.Length > 0)
            {
                page = await client.ListAsync(resource, @namespace, query with { Limit = Size, Continue = page.Metadata.Continue }, cancellation);
                items.AddRange(page.Items);
            }
        }
        catch (RolloutException e) when (KubernetesErrors.IsExpired(e))
        {
            return await client.ListAsync(resource, @namespace, query with { Limit = 0, Continue = null }, cancellation);
        }

        return new KubernetesList<T> { Metadata = page.Metadata, Items = items };
    }
}
