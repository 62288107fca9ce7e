using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Rollout.Engine.Traffic.Kubernetes;
using Xunit;

namespace Rollout.Engine.Tests.Traffic;

/// <summary>The rules for header matches, in made-up routes of both kinds: put in, exchanged, taken out.</summary>
public sealed class HeaderRulesTests
{
    private const string Space = "finance";
    private static readonly HeaderStep[] Steps = [Header(("x-canary", "true")), Header(("X-Canary", "true"), ("X-Team", "blue")), Header(("x-team", "red"))];

    [Theory]
    [InlineData("Gateway")]
    [InlineData("Istio")]
    public void HoweverOneFollowsAnotherTheRouteIsTheSameAgainInTheEnd(string router) => Prop.ForAll(
        RoutesOf(router).Where(route => ListOf(router, route).OfType<JsonObject>().Any(rule => IsServing(router, rule))).SelectMany(route => Gen.Choose(-1, Steps.Length - 1).ListOf(5).Select(order => (route, order))).ToArbitrary(),
        world =>
        {
            var (original, order) = world;
            var now = (JsonObject)original.DeepClone();
            foreach (var step in order.Select(at => at < 0 ? null : Steps[at]))
            {
                now = Patched(router, now, step);
                Require(Rules(router).Share(Object(now), 5) == new TrafficShare(5, step), $"{step} is not told");
                var (own, others) = Parted(router, now);
                Require(JsonNode.DeepEquals(new JsonArray([.. others.Select(rule => rule.DeepClone())]), ListOf(router, original)), "another's rule was touched");
                Require(own.Count == (step is null ? 0 : others.Count(rule => IsServing(router, rule))), "not a rule for each");
            }

            Require(JsonNode.DeepEquals(Patched(router, now, null), original), "it is not as it was");
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("Gateway")]
    [InlineData("Istio")]
    public void EachIsRightInFrontOfWhatItIsACopyOf(string router) => Prop.ForAll(RoutesOf(router).ToArbitrary(), original =>
    {
        var rules = ListOf(router, Patched(router, original, Steps[1])).OfType<JsonObject>().ToList();
        for (var i = 0; i < rules.Count; i++)
        {
            if (!IsServing(router, rules[i])) continue;
            var (own, copied) = (rules[i - 1], rules[i]);
            Require(!IsServing(router, own) && own["name"] is null && JsonNode.DeepEquals(own["timeout"], copied["timeout"]), "something else is in front of it");
            var (matches, before) = (Matches(router, own), Matches(router, copied));
            Require(matches.Count == Math.Max(1, before.Count), "matches were lost");
            Require(matches.All(match => Headers(match).IsSupersetOf(["x-canary=true", "x-team=blue"])), "a match takes requests without the headers");
            Require(matches.Zip(before).All(pair => Headers(pair.First).IsSupersetOf(Headers(pair.Second)) && JsonNode.DeepEquals(pair.First["path"], pair.Second["path"])), "a match takes more than before");
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void WhatTheServerFillsInIsNoChange() => Prop.ForAll(RoutesOf("Gateway").ToArbitrary(), original =>
    {
        var now = Patched("Gateway", original, Steps[0]);
        foreach (var rule in ListOf("Gateway", now).OfType<JsonObject>())
        {
            foreach (var match in Matches("Gateway", rule)) match["path"] ??= new JsonObject { ["type"] = "PathPrefix", ["value"] = "/" };
            foreach (var backend in rule["backendRefs"]!.AsArray().OfType<JsonObject>()) (backend["group"], backend["kind"]) = ("", "Service");
        }

        Require(Rules("Gateway").Operations(Object(now), Steps[0]).Count == 0, "it is written again");
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void WithoutAHeaderMatchAmongTheStepsNoRuleIsItsOwn()
    {
        var route = Object(new JsonObject { ["spec"] = new JsonObject { ["rules"] = new JsonArray(new JsonObject { ["backendRefs"] = new JsonArray(new JsonObject { ["name"] = "shop-canary" }) }) } });
        var rules = new HeaderRules(RouteShape.Gateway, Space, Route("Gateway"), [new WeightStep(5), Header()]);
        Assert.Equal((0, new TrafficShare(5)), (rules.Operations(route, null).Count, rules.Share(route, 5)));
    }

    private static HeaderRules Rules(string router) => new(RouteShape.Find(router)!, Space, Route(router), Steps);

    private static ShareRoute Route(string router) => new() { Router = router, Name = "site", Backend = "shop", Second = "shop-canary" };

    private static JsonObject Patched(string router, JsonObject route, HeaderStep? step)
    {
        JsonArray operations = [.. Rules(router).Operations(Object(route), step)];
        return Patches.Apply("application/json-patch+json", (JsonObject)route.DeepClone(), operations);
    }

    private static PlainObject Object(JsonObject route) => route.Deserialize(KubernetesJson.Default.PlainObject)!;

    private static JsonArray ListOf(string router, JsonObject route) => (JsonArray)route["spec"]![router == "Gateway" ? "rules" : "http"]!;

    private static (List<JsonObject> Own, List<JsonObject> Others) Parted(string router, JsonObject route)
    {
        var rules = ListOf(router, route).OfType<JsonObject>().ToLookup(rule => Backends(router, rule) is ["shop-canary"]);
        return ([.. rules[true]], [.. rules[false]]);
    }

    private static bool IsServing(string router, JsonObject rule) => Backends(router, rule).Contains("shop");

    private static List<string> Backends(string router, JsonObject rule) =>
        [.. ((JsonArray?)rule[router == "Gateway" ? "backendRefs" : "route"] ?? []).Select(backend => $"{backend!["name"] ?? backend["destination"]!["host"]}")];

    private static List<JsonObject> Matches(string router, JsonObject rule) => [.. ((JsonArray?)rule[router == "Gateway" ? "matches" : "match"] ?? []).OfType<JsonObject>()];

    private static HashSet<string> Headers(JsonObject match) => [.. match["headers"] switch
    {
        JsonArray list => list.Select(header => $"{header!["name"]}={header["value"]}".ToLowerInvariant()),
        JsonObject byName => byName.Select(header => $"{header.Key}={header.Value!["exact"]}"),
        _ => [],
    }];

    /// <summary>Rules of the old side, of both, of others and of nobody, with and without matches.</summary>
    private static Gen<JsonObject> RoutesOf(string router) =>
        from count in Gen.Choose(0, 6)
        from rules in RuleOf(router).ListOf(count)
        select new JsonObject { ["spec"] = new JsonObject { [router == "Gateway" ? "rules" : "http"] = new JsonArray([.. rules.Select(rule => rule.DeepClone())]) } };

    private static Gen<JsonObject> RuleOf(string router) =>
        from services in Gen.Elements("shop", "shop shop-canary", "other", "other more", "")
        from matches in MatchOf(router).ListOf().Select(list => list.Take(3))
        from weight in Gen.Choose(0, 100)
        from name in Gen.Elements("", "main")
        select Rule(router, services.Split(' ', StringSplitOptions.RemoveEmptyEntries), [.. matches], weight, name);

    private static JsonObject Rule(string router, string[] services, JsonObject[] matches, int weight, string name)
    {
        var rule = new JsonObject { ["timeout"] = "5s" };
        if (name.Length > 0) rule["name"] = name;
        if (matches.Length > 0) rule[router == "Gateway" ? "matches" : "match"] = new JsonArray([.. matches.Select(match => match.DeepClone())]);
        var backends = services.Select(service => router == "Gateway" ? new JsonObject { ["name"] = service } : new JsonObject { ["destination"] = new JsonObject { ["host"] = service } }).ToList();
        if (backends.Count > 0) backends[0]["weight"] = weight;
        rule[router == "Gateway" ? "backendRefs" : "route"] = new JsonArray([.. backends]);
        return rule;
    }

    private static Gen<JsonObject> MatchOf(string router) =>
        from path in Gen.Elements("", "/a", "/b")
        from header in Gen.Elements("", "x-b", "x-c")
        select Match(router, path, header);

    private static JsonObject Match(string router, string path, string header)
    {
        var match = new JsonObject();
        if (path.Length > 0) match["path"] = path;
        if (header.Length > 0) match["headers"] = router == "Gateway" ? new JsonArray(new JsonObject { ["name"] = header, ["value"] = "1" }) : new JsonObject { [header] = new JsonObject { ["exact"] = "1" } };
        return match;
    }

    private static HeaderStep Header(params (string Name, string Value)[] headers) => new(headers.ToDictionary(header => header.Name, header => header.Value));

    private static void Require(bool holds, string what) => Assert.True(holds, what);
}
