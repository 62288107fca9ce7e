using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Traffic.Kubernetes;

/// <summary>
/// A route with weighted backends. Their lists are atomic for server-side apply, so that a JSON patch changes the weights alone: it tests the version and the names first. In
/// force is what the route's status says of its present generation.
/// </summary>
internal sealed class WeightedRouter(IKubernetesClient client, string @namespace, ShareRoute route, RouteShape shape) : IShareRouter
{
    public async Task<decimal?> ShareAsync(CancellationToken cancellation)
    {
        if (await LookAsync(cancellation) is not { } found) return 0;
        if (shape.Obstacle(found) is not null) return null;
        var shares = RulesOf(found).Select(rule => rule.Share).Distinct().ToList();
        return shares is [var share] ? share : null;
    }

    public Task SetAsync(decimal percent, CancellationToken cancellation)
    {
        var (old, fresh) = Weights(percent);
        return ChangeAsync(rule => Set(rule, old, fresh), cancellation);
    }

    public async Task RestoreAsync(CancellationToken cancellation)
    {
        if (await LookAsync(cancellation) is not null) await ChangeAsync(Restored, cancellation);
    }

    /// <summary>Whole numbers in the ratio of a share.</summary>
    internal static (int Old, int New) Weights(decimal percent)
    {
        var scale = 1;
        while (scale < 10_000 && percent * scale != decimal.Truncate(percent * scale)) scale *= 10;
        var fresh = (int)Math.Round(percent * scale);
        return ((100 * scale) - fresh, fresh);
    }

    private Task ChangeAsync(Func<Rule, IEnumerable<JsonObject>> change, CancellationToken cancellation)
    {
        return RouteChange.ApplyAsync(client, shape.Resource, FindAsync, Operations, cancellation);

        IReadOnlyList<JsonObject> Operations(PlainObject found)
        {
            var operations = RulesOf(found).SelectMany(change).ToList();
            return operations.Count == 0 ? [] : [JsonPointer.Test("/metadata/resourceVersion", found.Metadata.ResourceVersion), .. operations];
        }
    }

    private IEnumerable<JsonObject> Set(Rule rule, int old, int fresh)
    {
        if (rule.Share == (decimal)fresh * 100 / (old + fresh) && rule.New is not null) return [];
        var weights = Weight(rule, rule.Old, old);
        return rule.New is { } present
            ? weights.Concat(Weight(rule, present, fresh))
            : weights.Append(JsonPointer.Add($"{rule.Path}/-", Added(rule, fresh)));
    }

    private JsonObject Added(Rule rule, int weight)
    {
        var added = shape.Like(rule.Backend(rule.Old), route.Second);
        added["weight"] = weight;
        return added;
    }

    private IEnumerable<JsonObject> Restored(Rule rule)
    {
        var old = route.Weights.ElementAtOrDefault(rule.Number) is var weight and > 0 ? weight : 1;
        return Weight(rule, rule.Old, old).Concat(rule.New is not { } present ? [] : route.AddsReference
            ? [Identity(rule, present), JsonPointer.Remove($"{rule.Path}/{present}")]
            : Weight(rule, present, 0));
    }

    private IEnumerable<JsonObject> Weight(Rule rule, int index, int weight) => (int?)rule.Backend(index)["weight"] == weight
        ? []
        : [Identity(rule, index), JsonPointer.Add($"{rule.Path}/{index}/weight", weight)];

    private JsonObject Identity(Rule rule, int index) => JsonPointer.Test($"{rule.Path}/{index}/{shape.Identity}", rule.Backend(index)[shape.Identity]);

    /// <summary>The rules that send traffic to the old side.</summary>
    private IEnumerable<Rule> RulesOf(PlainObject found) => Rule.Of(found, shape, @namespace, route.Backend, route.Second);

    private Task<PlainObject?> LookAsync(CancellationToken cancellation) => client.GetAsync(shape.Resource, @namespace, route.Name, cancellation);

    private async Task<PlainObject> FindAsync(CancellationToken cancellation) => await LookAsync(cancellation) ?? throw RouteErrors.RouteGone($"{shape.Resource.Kind} {route.Name}");

    /// <summary>A rule that sends traffic to the old side.</summary>
    /// <param name="Number">Its number among such rules.</param>
    /// <param name="Path">Where its backends are.</param>
    /// <param name="Backends">Its backends.</param>
    /// <param name="Old">Which of them is the old side's.</param>
    /// <param name="New">Which is the new side's; null where none is.</param>
    /// <param name="Shape">The kind's.</param>
    internal sealed record Rule(int Number, string Path, JsonArray Backends, int Old, int? New, RouteShape Shape)
    {
        public decimal Share
        {
            get
            {
                var fresh = New is { } index ? WeightOf(index) : 0;
                var all = fresh + WeightOf(Old);
                return all == 0 ? 0 : fresh * 100m / all;
            }
        }

        public static IEnumerable<Rule> Of(PlainObject route, RouteShape shape, string @namespace, string backend, string second)
        {
            var number = 0;
            var rules = route.Spec[shape.Rules] as JsonArray ?? [];
            for (var i = 0; i < rules.Count; i++)
            {
                if (rules[i]?[shape.Backends] is not JsonArray backends) continue;
                var names = backends.Select(item => item is JsonObject one ? shape.Service(one, @namespace) : null).ToList();
                var old = names.IndexOf(backend);
                if (old < 0) continue;
                var fresh = names.IndexOf(second);
                yield return new Rule(number++, $"/spec/{shape.Rules}/{i}/{shape.Backends}", backends, old, fresh < 0 ? null : fresh, shape);
            }
        }

        public JsonObject Backend(int index) => (JsonObject)Backends[index]!;

        public int WeightOf(int index) => (int?)Backend(index)["weight"] ?? Shape.DefaultWeight(Backends.Count);
    }
}
