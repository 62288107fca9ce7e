using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;

namespace Rollout.Engine.Kubernetes.Argo;

/// <summary>Rollouts of Argo: how they are read, changed and watched. The template of one may lie in a Deployment (spec.workloadRef); its status takes a patch of its own.</summary>
internal sealed class ArgoKind : WorkloadKind
{
    public override string Name => ArgoView.Kind;

    /// <exception cref="RolloutException">ArgoNotInstalled.</exception>
    public static async Task<ArgoRollout?> ReadAsync(IKubernetesClient client, string @namespace, string name, CancellationToken cancellation)
    {
        try
        {
            return await client.GetAsync(ArgoRollout.Resource, @namespace, name, cancellation);
        }
        catch (RolloutException e) when (KubernetesErrors.IsKindNotServed(e))
        {
            throw ArgoErrors.NotInstalled(client.Endpoint);
        }
    }

    /// <summary>Changes fields of the status, which has a subresource of its own since Argo Rollouts 0.10, and none before.</summary>
    public static async Task<ArgoRollout> PatchStatusAsync(IKubernetesClient client, ObjectMeta rollout, JsonObject status, CancellationToken cancellation)
    {
        var patch = Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = rollout.ResourceVersion, ["uid"] = rollout.Uid }, ["status"] = status });
        try
        {
            return await client.PatchAsync(ArgoRollout.Resource, rollout.Namespace, rollout.Name, patch with { Subresource = "status" }, cancellation);
        }
        catch (RolloutException e) when (KubernetesErrors.IsNotFound(e) || KubernetesErrors.IsKindNotServed(e))
        {
            return await client.PatchAsync(ArgoRollout.Resource, rollout.Namespace, rollout.Name, patch, cancellation);
        }
    }

    public override async Task<Workload?> GetAsync(IKubernetesClient client, string @namespace, string name, CancellationToken cancellation) =>
        await ReadAsync(client, @namespace, name, cancellation) is { } found ? ArgoView.Of(found, await ReferredAsync(client, found, cancellation)) : null;

    /// <summary>A cluster without Argo has none. Who may not list them is told so by the server whether they are there or not.</summary>
    public override async Task<IReadOnlyList<Workload>> ListNumberedAsync(IKubernetesClient client, string? @namespace, ListQuery query, CancellationToken cancellation)
    {
        try
        {
            var all = (await client.ListAllAsync(ArgoRollout.Resource, @namespace, query, cancellation)).Items;
            var deployments = all.Any(rollout => rollout.Spec.WorkloadRef is not null) ? (await client.ListAllAsync(Resources.Deployments, @namespace, new ListQuery(), cancellation)).Items : [];
            return [.. all.Select(rollout => ArgoView.Of(rollout, deployments.FirstOrDefault(deployment => IsReferred(rollout, deployment))))];
        }
        catch (RolloutException e) when (KubernetesErrors.IsKindNotServed(e) || e.Kind == ErrorKind.PermissionDenied)
        {
            return [];
        }
    }

    public override async Task<Workload> PatchAsync(IKubernetesClient client, Workload workload, Patch patch, CancellationToken cancellation)
    {
        var body = (JsonObject)patch.Body.DeepClone();
        if (workload.TemplateOwner is not { } owner)
        {
            var changed = await client.PatchAsync(ArgoRollout.Resource, workload.Metadata.Namespace, workload.Metadata.Name, Merge(workload, body), cancellation);
            return ArgoView.Of(changed, await ReferredAsync(client, changed, cancellation));
        }

        // The Deployment first: what the server refuses is refused before anything is written down.
        var template = Taken(body, "template");
        var deployment = template is null
            ? await client.GetAsync(Resources.Deployments, owner.Namespace, owner.Name, cancellation)
            : await client.PatchAsync(Resources.Deployments, owner.Namespace, owner.Name, OfTemplate(owner, template), cancellation);
        if (template is not null) ((JsonObject)body["metadata"]!).Remove("resourceVersion");
        return ArgoView.Of(await client.PatchAsync(ArgoRollout.Resource, workload.Metadata.Namespace, workload.Metadata.Name, Patch.Merge(body), cancellation), deployment);
    }

    public override Task<JsonObject> PreviewAsync(IKubernetesClient client, Workload workload, Patch patch, CancellationToken cancellation)
    {
        var body = (JsonObject)patch.Body.DeepClone();
        return workload.TemplateOwner is { } owner && Taken(body, "template") is { } template
            ? client.PreviewAsync(Resources.Deployments, owner.Namespace, owner.Name, OfTemplate(owner, template), cancellation)
            : client.PreviewAsync(ArgoRollout.Resource, workload.Metadata.Namespace, workload.Metadata.Name, Merge(workload, body), cancellation);
    }

    public override async Task<IReadOnlyList<Revision>> RevisionsAsync(IKubernetesClient client, Workload workload, CancellationToken cancellation)
    {
        var stable = await ReadAsync(client, workload.Metadata.Namespace, workload.Metadata.Name, cancellation) is { Status.StableRS: { Length: > 0 } hash } ? hash : null;
        var sets = await client.ListAllAsync(Resources.ReplicaSets, workload.Metadata.Namespace, new ListQuery { LabelSelector = workload.Selector.ToString() }, cancellation);
        return
        [
            .. from set in sets.Items
               where set.Metadata.IsControlledBy(workload.Metadata.Uid)
               let revision = ArgoView.Of(set)
               orderby revision.Number descending
               select revision with { IsStable = revision.PodLabel == stable },
        ];
    }

    public override Task AnnotateAsync(IKubernetesClient client, Revision revision, string key, string value, CancellationToken cancellation)
    {
        var body = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [key] = value } } };
        return client.PatchAsync(Resources.ReplicaSets, revision.Metadata.Namespace, revision.Metadata.Name, Patch.Merge(body), cancellation);
    }

    /// <summary>Steps lead to a version that is new. An undo goes to one that is known, past them: with a bad stable version they would never end.</summary>
    public override async Task<bool> FreeAsync(IKubernetesClient client, Sight sight, bool isUndo, ISet<string> freed, CancellationToken cancellation)
    {
        if (!isUndo || sight.Workload is not { Step: not null, IsPaused: false, WantedLabel: { Length: > 0 } wanted, Progress.Kind: not ProgressKind.Failed } workload) return false;
        if (!freed.Add(wanted)) return true;
        try
        {
            await PatchStatusAsync(client, workload.Metadata, new JsonObject { ["promoteFull"] = true }, cancellation);
        }
        catch (RolloutException e) when (KubernetesErrors.IsConflict(e))
        {
            // The controller wrote meanwhile: what it wrote is looked at next.
            freed.Remove(wanted);
        }

        return true;
    }

    public override WorkloadWatch Watch(ClusterWatch cluster, string @namespace) => new ArgoWatch(cluster, @namespace, new ReferredTemplate());

    internal static Task<Deployment?> ReferredAsync(IKubernetesClient client, ArgoRollout rollout, CancellationToken cancellation) =>
        rollout.Spec.WorkloadRef is { Kind: "Deployment" } reference
            ? client.GetAsync(Resources.Deployments, rollout.Metadata.Namespace, reference.Name, cancellation)
            : Task.FromResult<Deployment?>(null);

    private static bool IsReferred(ArgoRollout rollout, Deployment deployment) =>
        rollout.Spec.WorkloadRef is { Kind: "Deployment" } reference && reference.Name == deployment.Metadata.Name && rollout.Metadata.Namespace == deployment.Metadata.Namespace;

    private static Patch Merge(Workload workload, JsonObject body)
    {
        if (Taken(body, "template") is { } template) ((JsonObject)body["spec"]!)["template"] = TemplatePatch.Between(workload.Template, TemplatePatch.Applied(workload.Template, template));
        return Patch.Merge(body);
    }

    private static Patch OfTemplate(ObjectMeta owner, JsonObject template) => Patch.StrategicMerge(new JsonObject
    {
        ["metadata"] = new JsonObject { ["resourceVersion"] = owner.ResourceVersion },
        ["spec"] = new JsonObject { ["template"] = template },
    });

    /// <summary>Takes a part out of a patch's spec.</summary>
    private static JsonObject? Taken(JsonObject body, string part)
    {
        if (body["spec"]?[part] is not JsonObject taken) return null;
        ((JsonObject)body["spec"]!).Remove(part);
        return taken;
    }
}
