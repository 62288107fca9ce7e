using System.Text.Json;
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
        await using var stage = await Stage.SetAsync(cluster, 2);
        await Routes.ServiceAsync(stage.Place);
        await Routes.GatewayAsync(stage.Place, manager: "flagger");
        var reporter = new Registries.RecordingReporter();

        await Stage.RefusedAsync("RouteNotAccepted", () => stage.StartAsync(Stage.Request("10%") with { Docker = new() { Router = "Gateway" } }, reporter: reporter));

        Assert.Contains(reporter.Warnings, said => said.Contains("HTTPRoute 'site' are written by Flagger", StringComparison.Ordinal));
    }

    private static void AssertSays(string expected, PlainObject route)
    {
        var said = RouteWriters.Warnings(route, RouteShape.Gateway).ToList();
        if (expected.Length == 0) Assert.Empty(said);
        else Assert.Contains(expected, Assert.Single(said), StringComparison.Ordinal);
    }

    private static PlainObject Route(string metadata) => JsonSerializer.Deserialize($$$$$"""{"metadata":{"name":"site","namespace":"x",{{{{{metadata}}}}}}}""", KubernetesJson.Default.PlainObject)!;
}
