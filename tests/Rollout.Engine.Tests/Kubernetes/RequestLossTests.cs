using System.Text.Json;
using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Strategies;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Rollout.Engine.Traffic.Kubernetes;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes;

/// <summary>What would drop requests while Pods are replaced: each risk alone, and none where nothing is wrong.</summary>
public sealed class RequestLossTests
{
    private const string Good = """{"name":"main","image":"app:v1","ports":[{"containerPort":80}],"readinessProbe":{"tcpSocket":{"port":80}},"lifecycle":{"preStop":{"sleep":{"seconds":5}}}}""";

    [Theory]
    [InlineData(Good, 30, "")]
    [InlineData("""{"name":"main","ports":[{"containerPort":80}],"lifecycle":{"preStop":{"exec":{"command":["sleep","5"]}}}}""", 30, "no readinessProbe")]
    [InlineData("""{"name":"main","ports":[{"containerPort":80}],"readinessProbe":{"tcpSocket":{"port":80}}}""", 30, "no preStop")]
    [InlineData("""{"name":"main","readinessProbe":{"exec":{"command":["true"]}}}""", 30, "")]
    [InlineData(Good, 5, "sleeps for all of the 5 s")]
    [InlineData(Good, 0, "without any time to end")]
    public void AContainerThatIsAskedTooSoonOrTooLate(string container, int grace, string expected) =>
        AssertSays(expected, Risks(Deployment(3, container, grace)));

    [Fact]
    public void ThePortOfAContainerNeedNotBeNamedWhereAServiceSelectsIt() =>
        AssertSays("no preStop", Risks(Deployment(3, """{"name":"main","readinessProbe":{"exec":{"command":["true"]}}}"""), services: [Service("shop", """{"app":"app"}""")]));

    [Theory]
    [InlineData("deployment", 1, "25%", "25%", "")]
    [InlineData("deployment", 1, "0", "1", "has 1 replica, of which 1 may be missing")]
    [InlineData("deployment", 3, "0", "100%", "has 3 replicas, of which 3 may be missing")]
    [InlineData("deployment", 3, "1", "2", "")]
    [InlineData("statefulset", 1, "", "", "for a while none serves. Take more replicas.")]
    [InlineData("statefulset", 2, "", "", "")]
    [InlineData("daemonset", 2, "0", "2", "for a while none serves")]
    [InlineData("daemonset", 1, "1", "0", "")]
    [InlineData("daemonset", 1, "0", "1", "for a while none serves")]
    public void NoneServesForAWhile(string kind, int replicas, string surge, string unavailable, string expected)
    {
        var workload = kind switch
        {
            "deployment" => Deployment(replicas, Good, strategy: $$$$$"""{"type":"RollingUpdate","rollingUpdate":{"maxSurge":{{{{{Json(surge)}}}}},"maxUnavailable":{{{{{Json(unavailable)}}}}}}}"""),
            "statefulset" => Workload.Of(Object("StatefulSet", replicas, Good, 30, KubernetesJson.Default.StatefulSet)),
            _ => Workload.Of(Object("DaemonSet", replicas, Good, 30, KubernetesJson.Default.DaemonSet, $$$$$""","updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":{{{{{Json(surge)}}}}},"maxUnavailable":{{{{{Json(unavailable)}}}}}}}""")),
        };
        AssertSays(expected, Risks(workload));
    }

    /// <summary>A selector that is switched reaches those who send requests a moment later; a router that has weights sends none any more.</summary>
    [Theory]
    [InlineData("Service", "no preStop")]
    [InlineData("Gateway", "")]
    public void AnOldPodBehindARouter(string router, string expected) => AssertSays(expected, Risks(
        Deployment(3, """{"name":"main","ports":[{"containerPort":80}],"readinessProbe":{"tcpSocket":{"port":80}}}"""), steps: "pause", route: new ShareRoute { Router = router, Label = "app", NewValue = "app-green" }));

    [Theory]
    [InlineData("", "")]
    [InlineData("50%", "may have no Pod missing")]
    public void ADaemonSetWithASurgeLosesItsPodsOfANodeInStepsAlone(string steps, string expected) => AssertSays(expected, Risks(
        Workload.Of(Object("DaemonSet", 2, Good, 30, KubernetesJson.Default.DaemonSet, ""","updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1,"maxUnavailable":0}}""")), steps: steps));

    [Fact]
    public void WhatWasAskedForCounts()
    {
        AssertSays("for a while none serves", Risks(Deployment(2, Good), request => request with { MaxSurge = "0", MaxUnavailable = "2" }));
        AssertSays("strategy Recreate", Risks(Deployment(2, Good, strategy: """{"type":"Recreate"}""")));
        Assert.Empty(Risks(Deployment(0, """{"name":"main"}""")));
    }

    [Theory]
    [InlineData("\"minAvailable\":2", "")]
    [InlineData("\"minAvailable\":3", "leaves 2 of 3 at times")]
    [InlineData("\"minAvailable\":\"90%\"", "leaves 2 of 3 at times")]
    [InlineData("\"minAvailable\":4", "wants 4 available Pods")]
    [InlineData("\"maxUnavailable\":1", "")]
    [InlineData("\"maxUnavailable\":\"50%\"", "")]
    [InlineData("\"maxUnavailable\":0", "leaves 2 of 3 at times")]
    public void ABudgetThatCannotBeMet(string rule, string expected)
    {
        var budgets = (string[])[$$$$$"""{"metadata":{"name":"mine"},"spec":{"selector":{"matchExpressions":[{"key":"app","operator":"In","values":["app"]}]},{{{{{rule}}}}}}}""", """{"metadata":{"name":"anothers"},"spec":{"selector":{"matchLabels":{"app":"other"}},"minAvailable":9}}"""];
        AssertSays(expected, Risks(Deployment(3, Good, strategy: """{"type":"RollingUpdate","rollingUpdate":{"maxSurge":0,"maxUnavailable":1}}"""), budgets: [.. budgets.Select(text => JsonSerializer.Deserialize(text, KubernetesJson.Default.PodDisruptionBudget)!)]));
    }

    /// <summary>The Service that is switched names the label by which the sides differ; another that does not, sends requests to the new set before the switch.</summary>
    [Theory]
    [InlineData("""{"app":"app"}""", "")]
    [InlineData("""{"tier":"web","app":"app"}""", "")]
    [InlineData("""{"tier":"web"}""", "The Service 'another' selects the Pods of both sides")]
    [InlineData("""{"tier":"db"}""", "")]
    public void AServiceThatSelectsBothSides(string selector, string expected)
    {
        var route = new ShareRoute { Router = "Service", Name = "shop", Backend = "shop", Second = "app-green", Label = "app", OldValue = "app", NewValue = "app-green" };
        AssertSays(expected, Risks(Deployment(3, Good), services: [Service("shop", """{"app":"app"}"""), Service("another", selector)], steps: "pause", route: route));
    }

    [Theory]
    [InlineData("25%,50%", "")]
    [InlineData("5%", "the new get 20 %, 1 of 5. Take more replicas, or put a router in front")]
    public void AShareThatCannotBeHad(string steps, string expected) => AssertSays(expected, Risks(Deployment(4, Good), steps: steps));

    [Theory, EachCluster]
    public async Task ItIsSaidBeforeTheFirstStep(string cluster)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var bare = new JsonObject { ["template"] = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = "app" } }, ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = "app:v1" }) } } };
        var target = await TargetSteps.DeployedAsync(place, "deployment", "app:v1", bare);
        await place.CreateAsync(Resources.PodDisruptionBudgets, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "strict" },
            ["spec"] = new JsonObject { ["minAvailable"] = 3, ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = "app" } } },
        });
        var reporter = new Registries.RecordingReporter();

        await target.PlanAsync(new RolloutRequest { Image = ((ImageSource?)"app:v2")! }, reporter, TargetSteps.Limit);

        Assert.Collection(reporter.Warnings, said => Assert.Contains("no readinessProbe", said, StringComparison.Ordinal), said => Assert.Contains("'strict' wants 3 available Pods", said, StringComparison.Ordinal));
    }

    private static void AssertSays(string expected, IReadOnlyList<string> risks)
    {
        if (expected.Length == 0) Assert.Empty(risks);
        else Assert.Contains(expected, Assert.Single(risks), StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Risks(
        Workload workload, Func<RolloutRequest, RolloutRequest>? with = null, IReadOnlyList<PlainObject>? services = null, IReadOnlyList<PodDisruptionBudget>? budgets = null, string steps = "", ShareRoute? route = null)
    {
        var request = new RolloutRequest { Image = ((ImageSource?)"app:v2")!, Steps = StepText.Parse(steps) };
        var change = new ImageChange(workload, "main", ImageReference.Parse("app:v2"), with?.Invoke(request) ?? request) { Target = new TargetName("deployment", "app"), Description = "" };
        RolloutPlan plan = steps.Length == 0 ? change : new SteppedChange(change, new StepChecks(request.Steps, []), new SteppedState { Route = route }) { Target = change.Target, Description = "" };
        return [.. RequestLoss.Of(plan)!.Risks(services ?? [], budgets ?? [])];
    }

    private static Workload Deployment(int replicas, string container, int grace = 30, string strategy = """{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1,"maxUnavailable":0}}""") =>
        Workload.Of(Object("Deployment", replicas, container, grace, KubernetesJson.Default.Deployment, $",\"strategy\":{strategy}"));

    private static T Object<T>(string kind, int replicas, string container, int grace, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, string more = "") => JsonSerializer.Deserialize(
        $$$$$"""
        {"kind":"{{{{{kind}}}}}","metadata":{"name":"app","namespace":"shop","generation":1},"status":{"observedGeneration":1,"desiredNumberScheduled":{{{{{replicas}}}}}},
         "spec":{"replicas":{{{{{replicas}}}}},"template":{"metadata":{"labels":{"app":"app","tier":"web"}},"spec":{"terminationGracePeriodSeconds":{{{{{grace}}}}},"containers":[{{{{{container}}}}}]}}{{{{{more}}}}}}}
        """, type)!;

    private static PlainObject Service(string name, string selector) => JsonSerializer.Deserialize($$$$$"""{"metadata":{"name":"{{{{{name}}}}}"},"spec":{"selector":{{{{{selector}}}}}}}""", KubernetesJson.Default.PlainObject)!;

    private static string Json(string share) => share.EndsWith('%') ? $"\"{share}\"" : share;
}
