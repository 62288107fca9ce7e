using System.Text.Json;
using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Rollout.Engine.Tests.Kubernetes.Strategies;
using Rollout.Engine.Traffic.Kubernetes;
using Xunit;

namespace Rollout.Engine.Tests.Traffic;

/// <summary>Who else writes the weights of a route.</summary>
public sealed class RouteWritersTests
{
    [Theory]
    [InlineData("flagger", "Update", "f:rules", "", "Flagger too, which puts back")]
    [InlineData("rollouts-controller", "Update", "f:rules", "", "Argo Rollouts too, which puts back")]
    [InlineData("argocd-controller", "Apply", "f:rules", "", "Argo CD too, which puts back")]
    [InlineData("helm", "Update", "f:rules", "", "kept by helm, which sets its weights at every time")]
    [InlineData("kubectl-client-side-apply", "Update", "f:rules", "", "kept by kubectl apply")]
    [InlineData("terraform", "Apply", "f:rules", "", "kept by terraform")]
    [InlineData("our-operator", "Update", "f:rules", "", "were written by 'our-operator'")]
    [InlineData("kubectl-edit", "Update", "f:rules", "", "")]
    [InlineData("rollout", "Update", "f:rules", "", "")]
    [InlineData("flagger", "Update", "f:parentRefs", "", "")]
    [InlineData("gateway-controller", "Update", "f:rules", "status", "")]
    public void OnlyWhoWritesWeightsAndWouldDoSoAgainIsNamed(string manager, string operation, string field, string subresource, string expected)
    {
        var entry = $$$$$"""{"manager":"{{{{{manager}}}}}","operation":"{{{{{operation}}}}}","subresource":"{{{{{subresource}}}}}","fieldsV1":{"f:spec":{"{{{{{field}}}}}":{}}}}""";
        AssertSays(expected, Route($"\"managedFields\":[{entry}]"));
    }

    [Theory]
    [InlineData(""" "labels":{"app.kubernetes.io/managed-by":"Helm"} """, "kept by the Helm release 'site'")]
    [InlineData(""" "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"} """, "kept by kubectl apply")]
    [InlineData(""" "annotations":{"argocd.argoproj.io/tracking-id":"shop:HTTPRoute:x/site"},"managedFields":[{"manager":"argocd-controller","operation":"Apply","fieldsV1":{"f:spec":{"f:rules":{}}}}] """, "kept by the Argo CD application 'shop'")]
    [InlineData(""" "labels":{"app.kubernetes.io/managed-by":"Helm"},"managedFields":[{"manager":"helm","operation":"Update","fieldsV1":{"f:spec":{"f:rules":{}}}}] """, "kept by the Helm release 'site'")]
    public void MarksAndManagersOfTheSameOneAreToldOnce(string metadata, string expected) => AssertSays(expected, Route(metadata));

    /// <summary>The server itself keeps the book; in the in-process one, the test does.</summary>
    [Theory, EachCluster]
    public async Task WhoAppliedARouteIsNamedBeforeTheFirstStep(string cluster)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        await Routes.GatewayAsync(stage.Place, manager: "flagger");
        var reporter = new Registries.RecordingReporter();

        await Stage.RefusedAsync("RouteNotAccepted", () => stage.StartAsync(Stage.Request("10%") with { Docker = new() { Router = "Gateway" } }, reporter: reporter));

        Assert.Contains(reporter.Warnings, said => said.Contains("HTTPRoute 'site' are written by Flagger", StringComparison.Ordinal));
    }

    /// <summary>A server gives the weights to who wrote them last, and forgets who did before.</summary>
    [Theory, EachCluster]
    public async Task WhoWroteThemBeforeARolloutDidIsNamedBeforeTheNextToo(string cluster)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        await Routes.IstioAsync(stage.Place, subsets: false);
        await ManagedByAsync(stage, "our-operator");
        await stage.StartAsync(Stage.Request("50%") with { Docker = new() { Router = "Istio" } });
        await ManagedByAsync(stage, KubernetesClient.FieldManager);
        var reporter = new Registries.RecordingReporter();

        await stage.Target.PlanAsync(Stage.Request("50%", "app:v3"), reporter, Stage.Limit);

        Assert.Contains(reporter.Warnings, said => said.Contains("were written by 'our-operator'", StringComparison.Ordinal));
    }

    private static Task ManagedByAsync(Stage stage, string manager)
    {
        var wrote = new JsonObject
        {
            ["manager"] = manager, ["operation"] = "Update", ["apiVersion"] = Resources.VirtualServices.ApiVersion, ["time"] = "2026-01-01T00:00:00Z", ["fieldsType"] = "FieldsV1",
            ["fieldsV1"] = new JsonObject { ["f:spec"] = new JsonObject { ["f:http"] = new JsonObject() } },
        };
        return stage.Place.PatchAsync(Resources.VirtualServices, "site", Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["managedFields"] = new JsonArray(wrote) } }));
    }

    private static void AssertSays(string expected, PlainObject route)
    {
        var said = RouteWriters.Warnings(route, RouteShape.Gateway, RouteWriters.Of(route, RouteShape.Gateway, [])).ToList();
        if (expected.Length == 0) Assert.Empty(said);
        else Assert.Contains(expected, Assert.Single(said), StringComparison.Ordinal);
    }

    private static PlainObject Route(string metadata) => JsonSerializer.Deserialize($$$$$"""{"metadata":{"name":"site","namespace":"x",{{{{{metadata}}}}}}}""", KubernetesJson.Default.PlainObject)!;
}
