using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Traffic.Kubernetes;

/// <summary>
/// A route with weighted backends. Their lists are atomic for server-side apply, so that a JSON patch changes the weights, and the rules for headers, alone: it tests the version and
/// the names first. In force is what the route's status says of its present generation.
/// </summary>
internal sealed class WeightedRouter(IKubernetesClient client, string @namespace, ShareRoute route, RouteShape shape, HeaderRules headers) : IShareRouter
{
    public async Task<TrafficShare?> ShareAsync(CancellationToken cancellation)
    {
        if (await LookAsync(cancellation) is not { } found) return new TrafficShare(0);
        if (shape.Obstacle(found) is not null) return null;
        return RulesOf(found).Select(rule => rule.Share).Distinct().ToList() switch
        {
            // Somebody took the Service out of it: through it nothing gets to either side.
            [] => headers.Share(found, 0),
            [var percent] => headers.Share(found, percent),
            _ => TrafficShare.Unclear,
        };
    }

    public Task SetAsync(TrafficShare share, CancellationToken cancellation)
    {
        var (old, fresh) = Weights(share.Percent);
        return ChangeAsync(rule => Set(rule, old, fresh), share.Match, cancellation);
    }

    public async Task RestoreAsync(CancellationToken cancellation)
    {
        if (await LookAsync(cancellation) is not null) await ChangeAsync(Restored, null, cancellation);
    }

    /// <summary>Whole numbers in the ratio of a share.</summary>
    internal static (int Old, int New) Weights(decimal percent)
    {
        var scale = 1;
        while (scale < 10_000 && percent * scale != decimal.Truncate(percent * scale)) scale *= 10;
        var fresh = (int)Math.Round(percent * scale);
        return ((100 * scale) - fresh, fresh);
    }

    private Task ChangeAsync(Func<RouteRule, IEnumerable<JsonObject>> change, HeaderStep? match, CancellationToken cancellation)
    {
        return RouteChange.ApplyAsync(client, shape.Resource, FindAsync, Operations, cancellation);

        IReadOnlyList<JsonObject> Operations(PlainObject found)
        {
            // The rules' numbers change last.
            var operations = RulesOf(found).SelectMany(change).Concat(headers.Operations(found, match)).ToList();
            return operations.Count == 0 ? [] : [JsonPointer.Test("/metadata/resourceVersion", found.Metadata.ResourceVersion), .. operations];
        }
    }

    private IEnumerable<JsonObject> Set(RouteRule rule, int old, int fresh)
    {
        if (rule.Share == (decimal)fresh * 100 / (old + fresh)) return [];
        var weights = Weight(rule, rule.Old, old);
        return rule.New is { } present
            ? weights.Concat(Weight(rule, present, fresh))
            : weights.Append(JsonPointer.Add($"{rule.Path}/-", rule.NewBackend(route.Second, fresh)));
    }

    private IEnumerable<JsonObject> Restored(RouteRule rule)
    {
        var old = route.Weights.ElementAtOrDefault(rule.Number) is { } weight ? Weight(rule, rule.Old, Math.Max(1, weight)) : NoWeight(rule, rule.Old);
        if (rule.New is not { } present) return old;
        return old.Concat(route.Referring.ElementAtOrDefault(rule.Number) ? Weight(rule, present, 0) : [rule.Test(present), JsonPointer.Remove($"{rule.Path}/{present}")]);
    }

    private static IEnumerable<JsonObject> Weight(RouteRule rule, int index, int weight) => rule.Written(index) == weight
        ? []
        : [rule.Test(index), JsonPointer.Add($"{rule.Path}/{index}/weight", weight)];

    private static IEnumerable<JsonObject> NoWeight(RouteRule rule, int index) => rule.Written(index) is null
        ? []
        : [rule.Test(index), JsonPointer.Remove($"{rule.Path}/{index}/weight")];

    /// <summary>The rules that send traffic to the old side.</summary>
    private IEnumerable<RouteRule> RulesOf(PlainObject found) => RouteRule.Of(found, shape, @namespace, route.Backend, route.Second);

    private Task<PlainObject?> LookAsync(CancellationToken cancellation) => client.GetAsync(shape.Resource, @namespace, route.Name, cancellation);

    private async Task<PlainObject> FindAsync(CancellationToken cancellation) => await LookAsync(cancellation) ?? throw RouteErrors.RouteGone($"{shape.Resource.Kind} {route.Name}");
}
