using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Traffic.Kubernetes;

/// <summary>A Service whose selector is switched from one side to the other. In force is what its EndpointSlices say.</summary>
internal sealed class ServiceRouter(IKubernetesClient client, string @namespace, ShareRoute route) : IShareRouter
{
    public async Task<TrafficShare?> ShareAsync(CancellationToken cancellation)
    {
        if (await LookAsync(cancellation) is not { } service) return new TrafficShare(0);
        var value = (string?)service.Spec["selector"]?[route.Label];
        if (value != route.NewValue && value != route.OldValue) return null;
        return await IsInForceAsync(service, cancellation) ? new TrafficShare(value == route.NewValue ? 100 : 0) : null;
    }

    public Task SetAsync(TrafficShare share, CancellationToken cancellation)
    {
        var wanted = share.Percent >= 100 ? route.NewValue : route.OldValue;
        var path = $"/spec/selector/{JsonPointer.Escaped(route.Label)}";
        return RouteChange.ApplyAsync(client, Resources.Services, FindAsync, Switch, cancellation);

        IReadOnlyList<JsonObject> Switch(PlainObject service)
        {
            var present = (string?)service.Spec["selector"]?[route.Label];
            return present == wanted ? [] : [JsonPointer.Test(path, present), JsonPointer.Replace(path, wanted)];
        }
    }

    public async Task RestoreAsync(CancellationToken cancellation)
    {
        if (await LookAsync(cancellation) is not null) await SetAsync(new TrafficShare(0), cancellation);
    }

    private Task<PlainObject?> LookAsync(CancellationToken cancellation) => client.GetAsync(Resources.Services, @namespace, route.Name, cancellation);

    private async Task<PlainObject> FindAsync(CancellationToken cancellation) => await LookAsync(cancellation) ?? throw RouteErrors.RouteGone($"Service {route.Name}");

    /// <summary>Traffic goes to Pods of the selected side and to no others.</summary>
    private async Task<bool> IsInForceAsync(PlainObject service, CancellationToken cancellation)
    {
        var slices = await client.ListAllAsync(Resources.EndpointSlices, @namespace, new ListQuery { LabelSelector = $"kubernetes.io/service-name={route.Name}" }, cancellation);
        var selector = string.Join(',', ServiceSelector.Of(service).Select(label => $"{label.Key}={label.Value}"));
        var pods = (await client.ListAllAsync(Resources.Pods, @namespace, new ListQuery { LabelSelector = selector }, cancellation)).Items.Select(pod => pod.Metadata.Name).ToHashSet();
        var reached = slices.Items.SelectMany(slice => slice.Endpoints).Where(endpoint => endpoint.Conditions.Ready != false).Select(endpoint => endpoint.TargetRef.Name).ToList();
        return reached.Count > 0 && reached.All(pods.Contains);
    }
}
