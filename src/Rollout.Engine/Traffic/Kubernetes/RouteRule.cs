using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Traffic.Kubernetes;

/// <summary>A rule of a route that sends traffic to the old side.</summary>
/// <param name="Number">Its number among such rules.</param>
/// <param name="Index">Its number among all rules.</param>
/// <param name="Body">The rule.</param>
/// <param name="Backends">Its backends.</param>
/// <param name="Old">Which of them is the old side's.</param>
/// <param name="New">Which is the new side's; null where none is.</param>
/// <param name="Shape">The kind's.</param>
internal sealed record RouteRule(int Number, int Index, JsonObject Body, JsonArray Backends, int Old, int? New, RouteShape Shape)
{
    /// <summary>Where its backends are.</summary>
    public string Path => $"/spec/{Shape.Rules}/{Index}/{Shape.Backends}";

    public decimal Share
    {
        get
        {
            var fresh = New is { } index ? WeightOf(index) : 0;
            var all = fresh + WeightOf(Old);
            return all == 0 ? 0 : fresh * 100m / all;
        }
    }

    public static IEnumerable<RouteRule> Of(PlainObject route, RouteShape shape, string @namespace, string backend, string second)
    {
        var number = 0;
        var rules = route.Spec[shape.Rules] as JsonArray ?? [];
        for (var i = 0; i < rules.Count; i++)
        {
            if (rules[i] is not JsonObject rule || rule[shape.Backends] is not JsonArray backends) continue;
            var names = backends.Select(item => item is JsonObject one ? shape.Service(one, @namespace) : null).ToList();
            var old = names.IndexOf(backend);
            if (old < 0) continue;
            var fresh = names.IndexOf(second);
            yield return new RouteRule(number++, i, rule, backends, old, fresh < 0 ? null : fresh, shape);
        }
    }

    public JsonObject Backend(int index) => (JsonObject)Backends[index]!;

    public int WeightOf(int index) => Written(index) ?? Shape.DefaultWeight(Backends.Count);

    /// <summary>The weight as it is written; null where none is.</summary>
    public int? Written(int index) => (int?)Backend(index)["weight"];

    /// <summary>The new side's backend with a weight: as it is there, else like the old side's.</summary>
    public JsonObject NewBackend(string second, int weight)
    {
        var backend = New is { } present ? (JsonObject)Backend(present).DeepClone() : Shape.Like(Backend(Old), second);
        backend["weight"] = weight;
        return backend;
    }

    /// <summary>The precondition of a change of a backend.</summary>
    public JsonObject Test(int index) => JsonPointer.Test($"{Path}/{index}/{Shape.Identity}", Backend(index)[Shape.Identity]);
}
