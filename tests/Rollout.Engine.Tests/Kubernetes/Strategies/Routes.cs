using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Tests.Kubernetes.Cluster;

namespace Rollout.Engine.Tests.Kubernetes.Strategies;

/// <summary>What stands in front of the Deployment <c>app</c>: a Service, an HTTPRoute and its Gateway, an Istio VirtualService.</summary>
internal static class Routes
{
    private static readonly Resource<PlainObject> Definitions = new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", KubernetesJson.Default.PlainObject, KubernetesJson.Default.KubernetesListPlainObject);

    public static Task ServiceAsync(Playground place, string name = "app") => place.CreateAsync(Resources.Services, new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject { ["selector"] = new JsonObject { ["app"] = "app" }, ["ports"] = new JsonArray(new JsonObject { ["port"] = 80, ["targetPort"] = 8080 }) },
    });

    /// <param name="place">Where.</param>
    /// <param name="manager">Who else wrote it; null for nobody.</param>
    /// <param name="rules">Its rules; null for one of another Service and one of <c>app</c>.</param>
    public static async Task GatewayAsync(Playground place, string? manager = null, JsonArray? rules = null)
    {
        await DefineAsync(place, Resources.HttpRoutes, "HTTPRoute");
        var route = await place.CreateAsync(Resources.HttpRoutes, new JsonObject
        {
            ["apiVersion"] = Resources.HttpRoutes.ApiVersion,
            ["kind"] = "HTTPRoute",
            ["metadata"] = new JsonObject { ["name"] = "site" },
            ["spec"] = new JsonObject
            {
                ["rules"] = rules ?? new JsonArray(
                    new JsonObject { ["backendRefs"] = new JsonArray(new JsonObject { ["name"] = "other", ["port"] = 80 }) },
                    new JsonObject { ["matches"] = new JsonArray(new JsonObject { ["path"] = new JsonObject { ["value"] = "/shop" } }), ["backendRefs"] = new JsonArray(new JsonObject { ["name"] = "app", ["port"] = 80, ["weight"] = 7 }) }),
            },
        });
        if (manager is null) return;
        var wrote = new JsonObject
        {
            ["manager"] = manager, ["operation"] = "Update", ["apiVersion"] = Resources.HttpRoutes.ApiVersion, ["time"] = "2026-01-01T00:00:00Z", ["fieldsType"] = "FieldsV1",
            ["fieldsV1"] = new JsonObject { ["f:spec"] = new JsonObject { ["f:rules"] = new JsonObject() } },
        };
        await place.PatchAsync(Resources.HttpRoutes, route.Metadata.Name, Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["managedFields"] = new JsonArray(wrote) } }));
    }

    /// <param name="place">Where.</param>
    /// <param name="subsets">Whether the sides are subsets of one Service.</param>
    /// <param name="before">Rules before that of <c>app</c>.</param>
    public static async Task IstioAsync(Playground place, bool subsets, params JsonObject[] before)
    {
        await DefineAsync(place, Resources.VirtualServices, "VirtualService");
        await DefineAsync(place, Resources.DestinationRules, "DestinationRule");
        var destination = new JsonObject { ["host"] = $"app.{place.Namespace}.svc.cluster.local" };
        if (subsets) destination["subset"] = "stable";
        await place.CreateAsync(Resources.VirtualServices, new JsonObject
        {
            ["apiVersion"] = Resources.VirtualServices.ApiVersion,
            ["kind"] = "VirtualService",
            ["metadata"] = new JsonObject { ["name"] = "site" },
            ["spec"] = new JsonObject { ["http"] = new JsonArray([.. before, new JsonObject { ["route"] = new JsonArray(new JsonObject { ["destination"] = destination }) }]) },
        });
        if (!subsets) return;
        await place.CreateAsync(Resources.DestinationRules, new JsonObject
        {
            ["apiVersion"] = Resources.DestinationRules.ApiVersion,
            ["kind"] = "DestinationRule",
            ["metadata"] = new JsonObject { ["name"] = "app" },
            ["spec"] = new JsonObject { ["host"] = "app", ["subsets"] = new JsonArray(Subset("stable", "a"), Subset("canary", "b")) },
        });
    }

    /// <summary>Accepts what is written, as a Gateway's controller does, until cancelled.</summary>
    public static async Task AcceptAsync(Playground place, CancellationToken cancellation)
    {
        try
        {
            await foreach (var change in new ListWatch<PlainObject>(place.Client, Resources.HttpRoutes, place.Namespace, new ListQuery(), TimeProvider.System, Random.Shared).RunAsync(cancellation))
            {
                var routes = change switch { Change<PlainObject>.Listed listed => listed.Items, Change<PlainObject>.Updated updated => [updated.Item], _ => [] };
                foreach (var route in routes.Where(route => (long?)route.Status["parents"]?[0]?["conditions"]?[0]?["observedGeneration"] != route.Metadata.Generation))
                {
                    var status = new JsonObject { ["parents"] = new JsonArray(new JsonObject { ["conditions"] = new JsonArray(Condition("Accepted", route), Condition("ResolvedRefs", route)) }) };
                    await place.PatchAsync(Resources.HttpRoutes, route.Metadata.Name, Patch.Merge(new JsonObject { ["status"] = status }) with { Subresource = "status" });
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The test is done.
        }
    }

    /// <summary>The weights by backend, in every rule.</summary>
    public static async Task<string> WeightsAsync<T>(Playground place, Resource<T> resource) where T : class, IKubernetesObject
    {
        var spec = ((PlainObject)(object)(await place.GetAsync(resource, "site"))!).Spec;
        var rules = (JsonArray)(spec["rules"] ?? spec["http"])!;
        return string.Join(" | ", rules.Select(rule => string.Join(' ', ((JsonArray)(rule!["backendRefs"] ?? rule["route"])!).Select(backend =>
            $"{NameOf(backend)}={backend!["weight"]}"))));
    }

    /// <summary>Its rules in order: the headers that a rule asks for, and its backends.</summary>
    public static async Task<string> RulesAsync(Playground place, Resource<PlainObject> resource)
    {
        var spec = (await place.GetAsync(resource, "site"))!.Spec;
        return string.Join(" | ", ((JsonArray)(spec["rules"] ?? spec["http"])!).OfType<JsonObject>().Select(rule => string.Join(' ', HeadersOf(rule).Concat(BackendsOf(rule)))));
    }

    public static async Task<JsonObject> SpecAsync(Playground place, Resource<PlainObject> resource) => (await place.GetAsync(resource, "site"))!.Spec;

    private static IEnumerable<string> HeadersOf(JsonObject rule) => ((JsonArray?)(rule["matches"] ?? rule["match"]) ?? []).SelectMany(match => match!["headers"] switch
    {
        JsonArray list => list.Select(header => $"{header!["name"]}={header["value"]}"),
        JsonObject byName => byName.Select(header => $"{header.Key}={header.Value!["exact"]}"),
        _ => [],
    });

    private static IEnumerable<string> BackendsOf(JsonObject rule) => ((JsonArray)(rule["backendRefs"] ?? rule["route"])!).Select(NameOf);

    private static string NameOf(JsonNode? backend) => $"{backend!["name"] ?? backend["destination"]!["subset"] ?? ((string)backend["destination"]!["host"]!).Split('.')[0]}";

    private static JsonObject Condition(string type, PlainObject route) => new()
    {
        ["type"] = type, ["status"] = "True", ["reason"] = type, ["message"] = "", ["observedGeneration"] = route.Metadata.Generation, ["lastTransitionTime"] = "2026-01-01T00:00:00Z",
    };

    private static JsonObject Subset(string name, string version) => new() { ["name"] = name, ["labels"] = new JsonObject { ["version"] = version } };

    /// <summary>On a real cluster the kind must be served first.</summary>
    private static async Task DefineAsync(Playground place, Resource<PlainObject> resource, string kind)
    {
        if (!place.IsReal) return;
        var open = new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        try
        {
            await place.Client.CreateAsync(Definitions, null, new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = $"{resource.Plural}.{resource.Group}", ["annotations"] = new JsonObject { ["api-approved.kubernetes.io"] = "unapproved, for tests" } },
                ["spec"] = new JsonObject
                {
                    ["group"] = resource.Group,
                    ["scope"] = "Namespaced",
                    ["names"] = new JsonObject { ["plural"] = resource.Plural, ["singular"] = kind.ToLowerInvariant(), ["kind"] = kind },
                    ["versions"] = new JsonArray(new JsonObject
                    {
                        ["name"] = resource.Version, ["served"] = true, ["storage"] = true,
                        ["subresources"] = new JsonObject { ["status"] = new JsonObject() },
                        ["schema"] = new JsonObject { ["openAPIV3Schema"] = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["spec"] = open, ["status"] = open.DeepClone() } } },
                    }),
                },
            }, dryRun: false, CancellationToken.None);
        }
        catch (RolloutException exists) when (exists.Kind == ErrorKind.Conflict)
        {
            // Another test was first.
        }

        while (true)
        {
            try
            {
                await place.Client.ListAsync(resource, place.Namespace, new ListQuery(), Stage.Limit);
                return;
            }
            catch (RolloutException notYet) when (notYet.Kind == ErrorKind.NotFound)
            {
                await Task.Delay(200, Stage.Limit);
            }
        }
    }
}
