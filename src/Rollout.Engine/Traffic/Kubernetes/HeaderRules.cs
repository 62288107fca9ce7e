using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Traffic.Kubernetes;

/// <summary>
/// The rules by which requests with certain headers go to the new side. Each is a copy of a rule that serves both sides, with the headers in its matches, right in front of it, so
/// that what other rules take before it they take as before. They are known by their backend: no other rule has the new side alone, or the rollout is refused.
/// </summary>
/// <param name="shape">The kind of route.</param>
/// <param name="namespace">Its namespace.</param>
/// <param name="route">The sides.</param>
/// <param name="steps">The rollout's steps: where none of them is a header match, no rule is its own.</param>
internal sealed class HeaderRules(RouteShape shape, string @namespace, ShareRoute route, IReadOnlyList<RolloutStep> steps)
{
    private readonly IReadOnlyList<HeaderStep> _matches = [.. steps.OfType<HeaderStep>().Where(step => step.Headers.Count > 0).Distinct()];

    /// <summary>Refuses what the route has no place for.</summary>
    /// <exception cref="RolloutException">RouteRuleTaken, RouteHeaderTaken, RouteFull; and what the cluster refuses.</exception>
    public async Task CheckAsync(IKubernetesClient client, PlainObject found, CancellationToken cancellation)
    {
        if (_matches.Count == 0) return;
        var name = $"{shape.Resource.Kind} '{found.Metadata.Name}'";
        if (RulesOf(found).Any(IsOurs)) throw RouteErrors.RuleTaken(name, route.Second);
        var serving = Serving(found).Values.ToList();
        foreach (var match in _matches)
        {
            var taken = match.Headers.Keys.SelectMany(header => serving.SelectMany(MatchesOf).Select(each => shape.Taken(each, header))).OfType<string>();
            if (taken.FirstOrDefault() is { } problem) throw RouteErrors.HeaderTaken(name, problem);
            CheckRoom(name, found, serving, match);
            // The server itself knows best what it takes.
            await client.PreviewAsync(shape.Resource, @namespace, found.Metadata.Name, Patch.Json([.. Operations(found, match)]), cancellation);
        }
    }

    /// <summary>A share of the traffic with the header match that the route has besides.</summary>
    public TrafficShare Share(PlainObject found, decimal percent) =>
        _matches.Prepend(null).Where(match => Operations(found, match).Count == 0).Select(match => new TrafficShare(percent, match)).FirstOrDefault() ?? TrafficShare.Unclear;

    /// <summary>What is to be done that the rules for a header match are there and no others of ours; with null, that none are.</summary>
    public IReadOnlyList<JsonObject> Operations(PlainObject found, HeaderStep? match)
    {
        if (_matches.Count == 0) return [];
        var (rules, serving, operations) = (RulesOf(found), Serving(found), new List<JsonObject>());
        JsonObject? wanted = null;
        // From the last on, so that the numbers of those before stay what they are.
        for (var i = rules.Count - 1; i >= 0; i--)
        {
            if (wanted is not null && IsOurs(rules[i]) && shape.IsAs(rules[i], wanted))
            {
                wanted = null;
                continue;
            }

            Put(i + 1);
            if (IsOurs(rules[i])) operations.AddRange(Removal(i, rules[i]));
            else if (match is not null && serving.TryGetValue(i, out var rule)) wanted = Copy(rule, match);
        }

        Put(0);
        return operations;

        void Put(int index)
        {
            if (wanted is null) return;
            operations.AddRange([serving[index].Test(serving[index].Old), JsonPointer.Add($"/spec/{shape.Rules}/{index}", wanted)]);
            wanted = null;
        }
    }

    private List<JsonObject> RulesOf(PlainObject found) => [.. (found.Spec[shape.Rules] as JsonArray ?? []).Select(rule => rule as JsonObject ?? [])];

    private Dictionary<int, RouteRule> Serving(PlainObject found) => RouteRule.Of(found, shape, @namespace, route.Backend, route.Second).ToDictionary(rule => rule.Index);

    private bool IsOurs(JsonObject rule) => rule[shape.Backends] is JsonArray { Count: 1 } backends && backends[0] is JsonObject backend && shape.Service(backend, @namespace) == route.Second;

    private JsonObject[] Removal(int index, JsonObject rule) =>
        [JsonPointer.Test($"/spec/{shape.Rules}/{index}/{shape.Backends}/0/{shape.Identity}", rule[shape.Backends]![0]![shape.Identity]), JsonPointer.Remove($"/spec/{shape.Rules}/{index}")];

    private JsonObject Copy(RouteRule rule, HeaderStep match)
    {
        var copy = (JsonObject)rule.Body.DeepClone();
        // A name is one rule's only.
        copy.Remove("name");
        copy[shape.Matches] = new JsonArray([.. MatchesOf(rule).Select(each => shape.With(each, match))]);
        copy[shape.Backends] = new JsonArray(rule.NewBackend(route.Second, shape.DefaultWeight(1)));
        return copy;
    }

    /// <summary>A rule without any takes all requests.</summary>
    private IEnumerable<JsonObject> MatchesOf(RouteRule rule) => (rule.Body[shape.Matches] as JsonArray ?? []).OfType<JsonObject>().DefaultIfEmpty([]);

    private void CheckRoom(string name, PlainObject found, List<RouteRule> serving, HeaderStep match)
    {
        if (shape.AtMost is not { } most) return;
        var rules = RulesOf(found);
        var matches = rules.Sum(rule => (rule[shape.Matches] as JsonArray)?.Count ?? 0) + serving.Sum(rule => MatchesOf(rule).Count());
        var headers = serving.SelectMany(MatchesOf).Max(each => (each["headers"] as JsonArray)?.Count ?? 0) + match.Headers.Count;
        if (rules.Count + serving.Count > most.Rules) throw RouteErrors.Full(name, $"{rules.Count + serving.Count} rules, and it can have {most.Rules}");
        if (matches > most.Matches) throw RouteErrors.Full(name, $"{matches} matches, and it can have {most.Matches}");
        if (headers > most.Headers) throw RouteErrors.Full(name, $"{headers} headers in a match, and it can have {most.Headers}");
    }
}
