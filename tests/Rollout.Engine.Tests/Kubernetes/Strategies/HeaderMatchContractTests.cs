using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Rollout.Engine.Tests.Registries;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes.Strategies;

/// <summary>Canaries that get the requests with certain headers, on each cluster: however they end, the route is what it was before.</summary>
public sealed class HeaderMatchContractTests
{
    private static readonly HeaderStep Canary = Header(("x-canary", "true"));
    private static readonly HeaderStep Team = Header(("X-Team", "blue"), ("x-canary", "always"));
    private static readonly HeaderStep None = Header();

    [Theory]
    [EachClusterWith("Promote")]
    [EachClusterWith("Resume")]
    [EachClusterWith("Stop")]
    [EachClusterWith("Undo")]
    public async Task AGatewayHasARuleForTheHeadersUntilTheEnd(string cluster, string how)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        using var done = new CancellationTokenSource();
        await Routes.GatewayAsync(stage.Place, rules: GatewayRules());
        var gateway = Routes.AcceptAsync(stage.Place, done.Token);
        await stage.Place.UntilAsync(Resources.HttpRoutes, "site", route => route.Status.Count > 0);
        var before = await stage.Place.GetAsync(Resources.HttpRoutes, "site");

        var held = await stage.StartAsync(Routed("Gateway", Canary, new PauseStep(), new WeightStep(25), new PauseStep()));

        Assert.Equal((RolloutPhase.Paused, "2 of 4: pause", 1), (held.Phase, held.Step, held.Updated));
        Assert.Contains("Requests with the header x-canary go to the new.", held.Message, StringComparison.Ordinal);
        Assert.Equal("x-old=1 other | x-canary=true x-b=1 x-canary=true app-canary | x-b=1 app | other", await Routes.RulesAsync(stage.Place, Resources.HttpRoutes));
        var (own, copied) = ((JsonObject)(await stage.Place.GetAsync(Resources.HttpRoutes, "site"))!.Spec["rules"]![1]!, (JsonObject)before!.Spec["rules"]![1]!);
        Assert.True(JsonNode.DeepEquals(copied["filters"], own["filters"]) && JsonNode.DeepEquals(copied["timeouts"], own["timeouts"]) && own["name"] is null, own.ToJsonString());
        Assert.Equal("1", $"{own["backendRefs"]![0]!["weight"]}");

        held = await stage.DoAsync(RolloutVerb.Resume);
        Assert.Equal("4 of 4: pause", held.Step);
        Assert.Equal("other= | app-canary=1 | app=75 app-canary=25 | other=", await Routes.WeightsAsync(stage.Place, Resources.HttpRoutes));
        Assert.Contains("x-canary", (await stage.Target.ReadAsync(Stage.Limit))!.Message, StringComparison.Ordinal);

        var status = how == "Undo" ? await stage.UndoAsync() : await stage.DoAsync(Enum.Parse<RolloutVerb>(how));

        Assert.True(status.Succeeded, $"{status.Phase} {status.Reason}: {status.Message}");
        var after = (await stage.Place.GetAsync(Resources.HttpRoutes, "site"))!.Spec;
        Assert.True(JsonNode.DeepEquals(before.Spec, after), after.ToJsonString());
        await stage.AssertAllRunsAsync(how is "Promote" or "Resume" ? "v2" : "v1", 2);
        await done.CancelAsync();
        await gateway;
    }

    [Theory]
    [EachClusterWith(false)]
    [EachClusterWith(true)]
    public async Task IstioHasItInFrontOfTheRuleThatItIsACopyOfAndALaterOneTakesItsPlace(string cluster, bool subsets)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        var admin = new JsonObject { ["match"] = new JsonArray(new JsonObject { ["uri"] = new JsonObject { ["prefix"] = "/admin" } }), ["route"] = new JsonArray(new JsonObject { ["destination"] = new JsonObject { ["host"] = "admin" } }) };
        await Routes.IstioAsync(stage.Place, subsets, admin);
        var before = await Routes.SpecAsync(stage.Place, Resources.VirtualServices);
        var (old, fresh) = subsets ? ("stable", "canary") : ("app", "app-canary");

        await stage.StartAsync(Routed("Istio", Canary, new PauseStep(), Team, new PauseStep(), new WeightStep(10), None, new PauseStep()));
        Assert.Equal($"admin | x-canary=true {fresh} | {old}", await Routes.RulesAsync(stage.Place, Resources.VirtualServices));
        await stage.DoAsync(RolloutVerb.Resume);
        Assert.Equal($"admin | x-canary=always x-team=blue {fresh} | {old}", await Routes.RulesAsync(stage.Place, Resources.VirtualServices));
        var held = await stage.DoAsync(RolloutVerb.Resume);
        Assert.Equal($"admin | {old} {fresh}", await Routes.RulesAsync(stage.Place, Resources.VirtualServices));
        Assert.DoesNotContain("Requests with", held.Message, StringComparison.Ordinal);

        Assert.Equal(RolloutPhase.Healthy, (await stage.DoAsync(RolloutVerb.Resume)).Phase);
        AssertSame(before, await Routes.SpecAsync(stage.Place, Resources.VirtualServices));
        await stage.AssertAllRunsAsync("v2", 2);
    }

    [Theory, EachCluster]
    public async Task ItIsHeldAndLetGoAtTheStepItself(string cluster)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        using var done = new CancellationTokenSource();
        await Routes.GatewayAsync(stage.Place);
        var gateway = Routes.AcceptAsync(stage.Place, done.Token);
        await stage.Place.UntilAsync(Resources.HttpRoutes, "site", route => route.Status.Count > 0);
        var before = await Routes.SpecAsync(stage.Place, Resources.HttpRoutes);
        await stage.StartAsync(Routed("Gateway", new PauseStep(), Canary, new PauseStep()));
        // Nobody says any more whether what is written is in force.
        await done.CancelAsync();
        await gateway;

        var rollout = stage.DoAsync(RolloutVerb.Resume);
        await stage.Place.UntilAsync(Resources.HttpRoutes, "site", route => route.Spec["rules"]!.AsArray().Count == 3);
        var suspended = await stage.DoAsync(RolloutVerb.Suspend);
        Assert.Equal((RolloutPhase.Paused, "2 of 3: header x-canary"), (suspended.Phase, suspended.Step));
        Assert.DoesNotContain("Requests with", suspended.Message, StringComparison.Ordinal);
        Assert.Equal("2 of 3: header x-canary", (await rollout).Step);

        using var again = new CancellationTokenSource();
        gateway = Routes.AcceptAsync(stage.Place, again.Token);
        Assert.Equal("3 of 3: pause", (await stage.DoAsync(RolloutVerb.Resume)).Step);
        Assert.Equal("other | x-canary=true app-canary | app", await Routes.RulesAsync(stage.Place, Resources.HttpRoutes));
        Assert.Equal(RolloutPhase.Undone, (await stage.DoAsync(RolloutVerb.Stop)).Phase);
        AssertSame(before, await Routes.SpecAsync(stage.Place, Resources.HttpRoutes));
        await again.CancelAsync();
        await gateway;
    }

    /// <summary>The shell dies at the n-th status it tells; another does what is asked of it.</summary>
    [Theory]
    [EachClusterWith("Resume", false)]
    [EachClusterWith("Stop", true)]
    [EachClusterWith("Promote", true)]
    public async Task AShellMayDieAtEveryStep(string cluster, string how, bool subsets)
    {
        for (var dying = 1; ; dying += cluster == "real" ? 4 : 1)
        {
            await using var stage = await Stage.BehindAServiceAsync(cluster);
            await Routes.IstioAsync(stage.Place, subsets);
            var before = await Routes.SpecAsync(stage.Place, Resources.VirtualServices);
            var told = 0;
            using var dies = new CancellationTokenSource();
            try
            {
                await stage.StartAsync(Routed("Istio", Canary, new WeightStep(50), Team, new PauseStep(TimeSpan.FromMilliseconds(50))), _ => { if (++told == dying) dies.Cancel(); }, dies.Token);
                Assert.True(dying > 5, $"only {dying} times");
                return;
            }
            catch (OperationCanceledException)
            {
                // The shell is dead; another goes on.
            }

            await CarriedAsync(stage, how);
            AssertSame(before, await Routes.SpecAsync(stage.Place, Resources.VirtualServices));
        }
    }

    /// <summary>Before or after any write, of the route too: what another shell makes of it leaves the route as it was.</summary>
    [Theory]
    [InlineData("Resume", false)]
    [InlineData("Resume", true)]
    [InlineData("Stop", false)]
    [InlineData("Stop", true)]
    [InlineData("Undo", false)]
    [InlineData("Undo", true)]
    [InlineData("Promote", false)]
    [InlineData("Promote", true)]
    public async Task AShellMayDieAtEveryWrite(string how, bool isDone)
    {
        var writes = await DeadAtAsync(null, how, isDone);
        Assert.True(writes > 10, $"only {writes}");
        await Task.WhenAll(Enumerable.Range(0, writes).Select(at => DeadAtAsync(at, how, isDone)));
    }

    [Fact]
    public async Task WhoChangesTheRouteAtTheSameTimeIsNotWrittenOver()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var stage = await Stage.BehindAServiceAsync(new Playground(cluster.Client(), "default", isReal: false));
        await Routes.IstioAsync(stage.Place, subsets: false);
        var writes = 0;
        cluster.Next(request =>
        {
            // Between the look and the write another rule comes before all, or the one that is copied changes.
            if (IsWriteOfRoute(request) && ++writes is 1 or 2 or 4) cluster.Store.Change(new Key("networking.istio.io/virtualservices", "default", "site"), site =>
            {
                var rules = site["spec"]!["http"]!.AsArray();
                if (writes == 2) rules[^1]!["timeout"] = "7s";
                else rules.Insert(0, new JsonObject { ["route"] = new JsonArray(new JsonObject { ["destination"] = new JsonObject { ["host"] = $"other{writes}" } }) });
                return site;
            });
            return false;
        }, new Fault.EndWatch());

        await stage.StartAsync(Routed("Istio", Canary, new PauseStep()));
        Assert.Equal("other1 | x-canary=true app-canary | app", await Routes.RulesAsync(stage.Place, Resources.VirtualServices));
        Assert.Equal("7s", $"{(await stage.Place.GetAsync(Resources.VirtualServices, "site"))!.Spec["http"]![1]!["timeout"]}");
        Assert.Equal(RolloutPhase.Undone, (await stage.DoAsync(RolloutVerb.Stop)).Phase);
        Assert.Equal(("other4 | other1 | app", 5), (await Routes.RulesAsync(stage.Place, Resources.VirtualServices), writes));
    }

    [Theory, EachCluster]
    public async Task WhoKeepsTakingItOutEndsIt(string cluster)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        await Routes.IstioAsync(stage.Place, subsets: false);
        var rollout = stage.StartAsync(Routed("Istio", Canary, new PauseStep(TimeSpan.FromMinutes(10))));
        for (var times = 0; times < 6 && !rollout.IsCompleted; times++)
        {
            var put = stage.Place.UntilAsync(Resources.VirtualServices, "site", route => rollout.IsCompleted || route.Spec["http"]!.AsArray().Count == 2);
            if (await Task.WhenAny(put, rollout) == rollout) break;
            await stage.Place.PatchAsync(Resources.VirtualServices, "site", Patch.Json([Remove("/spec/http/0")]));
            // The one at work looks when something of the workload changes.
            await stage.Place.PatchAsync(Resources.Deployments, "app", Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["turn"] = $"{times}" } } }));
        }

        Assert.Equal((RolloutPhase.Undone, "RouterSharesNotKept"), await rollout is { } status ? (status.Phase, status.Reason) : default);
        Assert.Equal("app", await Routes.RulesAsync(stage.Place, Resources.VirtualServices));
    }

    [Theory, EachCluster]
    public async Task WhatSomebodyElseMadeOfItIsWrittenAnewAndGoesAtTheEnd(string cluster)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        await Routes.IstioAsync(stage.Place, subsets: true);
        var before = await Routes.SpecAsync(stage.Place, Resources.VirtualServices);
        await stage.StartAsync(Routed("Istio", Canary, new PauseStep(), new WeightStep(10), new PauseStep()));
        var edit = () => new JsonObject { ["op"] = "add", ["path"] = "/spec/http/0/match/0/headers", ["value"] = new JsonObject { ["x-other"] = new JsonObject { ["exact"] = "1" } } };
        await stage.Place.PatchAsync(Resources.VirtualServices, "site", Patch.Json([edit()]));

        await stage.DoAsync(RolloutVerb.Resume);
        Assert.Equal("x-canary=true canary | stable canary", await Routes.RulesAsync(stage.Place, Resources.VirtualServices));
        await stage.Place.PatchAsync(Resources.VirtualServices, "site", Patch.Json([edit()]));
        await stage.DoAsync(RolloutVerb.Stop);
        AssertSame(before, await Routes.SpecAsync(stage.Place, Resources.VirtualServices));
    }

    [Theory, EachCluster]
    public async Task WhatSomebodyElseTakesOutWhileItIsHeldIsToldAndPutBackByWhoeverHoldsItAgain(string cluster)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        await Routes.IstioAsync(stage.Place, subsets: false);
        await stage.StartAsync(Routed("Istio", Canary, new WeightStep(10), new PauseStep()));
        var stepping = await Routes.SpecAsync(stage.Place, Resources.VirtualServices);
        foreach (var edit in (JsonObject[])[Remove("/spec/http/0"), new JsonObject { ["op"] = "replace", ["path"] = "/spec/http/1/route/1/weight", ["value"] = 3 }])
        {
            await stage.Place.PatchAsync(Resources.VirtualServices, "site", Patch.Json([edit]));

            var listed = Assert.Single(await stage.Targets.ListAsync(new TargetFilter { Namespace = stage.Place.Namespace }, Stage.Limit));
            foreach (var told in (RolloutStatus[])[(await stage.Target.ReadAsync(Stage.Limit))!, listed, await stage.Target.CarryOnAsync(null, SilentReporter.Instance, Stage.Limit)])
            {
                Assert.Equal((RolloutPhase.Paused, "RouterOutOfSync", "3 of 3: pause"), (told.Phase, told.Reason, told.Step));
                Assert.DoesNotContain("Requests with", told.Message, StringComparison.Ordinal);
            }

            var held = await stage.DoAsync(RolloutVerb.Suspend);

            Assert.Equal((RolloutPhase.Paused, "Suspended", "3 of 3: pause"), (held.Phase, held.Reason, held.Step));
            Assert.Contains("Requests with the header x-canary go to the new.", held.Message, StringComparison.Ordinal);
            AssertSame(stepping, await Routes.SpecAsync(stage.Place, Resources.VirtualServices));
        }
    }

    [Theory, EachCluster]
    public async Task WhatSomebodyElseTakesOutWhereAShellDiedIsNotSaidToBeInForce(string cluster)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        await Routes.IstioAsync(stage.Place, subsets: false);
        using var dies = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stage.StartAsync(Routed("Istio", Canary, new PauseStep(TimeSpan.FromHours(1))), status => { if (status.Step == "2 of 2: pause 1h") dies.Cancel(); }, dies.Token));
        Assert.Contains("Requests with the header x-canary go to the new.", (await stage.Target.ReadAsync(Stage.Limit))!.Message, StringComparison.Ordinal);
        await stage.Place.PatchAsync(Resources.VirtualServices, "site", Patch.Json([Remove("/spec/http/0")]));

        var told = (await stage.Target.ReadAsync(Stage.Limit))!;

        Assert.Equal("Abandoned", told.Reason);
        Assert.DoesNotContain("Requests with", told.Message, StringComparison.Ordinal);
    }

    [Theory, EachCluster]
    public async Task WhatAGatewayHasNotTakenOnIsToldWhileItIsHeld(string cluster)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        using var done = new CancellationTokenSource();
        await Routes.GatewayAsync(stage.Place);
        var gateway = Routes.AcceptAsync(stage.Place, done.Token);
        await stage.Place.UntilAsync(Resources.HttpRoutes, "site", route => route.Status.Count > 0);
        await stage.StartAsync(Routed("Gateway", Canary, new PauseStep()));
        await done.CancelAsync();
        await gateway;
        await stage.Place.PatchAsync(Resources.HttpRoutes, "site", Patch.Json([Remove("/spec/rules/1")]));

        var told = (await stage.Target.ReadAsync(Stage.Limit))!;

        Assert.Equal((RolloutPhase.Paused, "RouteNotInForce"), (told.Phase, told.Reason));
        Assert.DoesNotContain("Requests with", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhoMayNotLookAtTheRouteIsToldTheRest()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var stage = await Stage.BehindAServiceAsync(new Playground(cluster.Client(), "default", isReal: false));
        await Routes.IstioAsync(stage.Place, subsets: false);
        await stage.StartAsync(Routed("Istio", Canary, new PauseStep()));
        cluster.Allows = (_, resource, _) => resource != "networking.istio.io/virtualservices";

        Assert.Equal((RolloutPhase.Paused, "Pause"), await stage.Target.ReadAsync(Stage.Limit) is { } told ? (told.Phase, told.Reason) : default);
    }

    [Theory, EachCluster]
    public async Task WhatSomebodyElsePutsBackOnTheWayBackIsTakenOutAgain(string cluster)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        using var done = new CancellationTokenSource();
        await Routes.GatewayAsync(stage.Place);
        var gateway = Routes.AcceptAsync(stage.Place, done.Token);
        await stage.Place.UntilAsync(Resources.HttpRoutes, "site", route => route.Status.Count > 0);
        var before = await Routes.SpecAsync(stage.Place, Resources.HttpRoutes);
        await stage.StartAsync(Routed("Gateway", Canary, new WeightStep(10), new PauseStep()));
        var stepping = await Routes.SpecAsync(stage.Place, Resources.HttpRoutes);
        // Nobody says any more whether what is written is in force.
        await done.CancelAsync();
        await gateway;

        var stop = stage.DoAsync(RolloutVerb.Stop);
        await stage.Place.UntilAsync(Resources.HttpRoutes, "site", route => JsonNode.DeepEquals(route.Spec, before));
        await stage.Place.PatchAsync(Resources.HttpRoutes, "site", Patch.Merge(new JsonObject { ["spec"] = stepping }));
        using var again = new CancellationTokenSource();
        gateway = Routes.AcceptAsync(stage.Place, again.Token);

        Assert.Equal(RolloutPhase.Undone, (await stop).Phase);
        AssertSame(before, await Routes.SpecAsync(stage.Place, Resources.HttpRoutes));
        await again.CancelAsync();
        await gateway;
    }

    [Theory, EachCluster]
    public async Task AGatewayThatDoesNotAnswerHoldsUpTheWayBackForAsLongAsWasAskedForAndNoLonger(string cluster)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        using var done = new CancellationTokenSource();
        await Routes.GatewayAsync(stage.Place);
        var gateway = Routes.AcceptAsync(stage.Place, done.Token);
        await stage.Place.UntilAsync(Resources.HttpRoutes, "site", route => route.Status.Count > 0);
        await stage.StartAsync(Routed("Gateway", Canary, new PauseStep()));
        await done.CancelAsync();
        await gateway;

        var reporter = new RecordingReporter();
        await Stage.RefusedAsync("RouteNotAccepted", async () =>
            await stage.Target.ApplyAsync(await stage.Target.PlanAsync(new RolloutCommand(RolloutVerb.Stop) { Timeout = TimeSpan.FromSeconds(1) }, SilentReporter.Instance, Stage.Limit), null, reporter, Stage.Limit));
        // It is no outage of the control plane, which would be tried again for minutes.
        Assert.Empty(reporter.Warnings);
        Assert.NotNull(await stage.Place.GetAsync(Resources.Deployments, "app-canary"));
    }

    [Theory]
    [EachClusterWith(RolloutVerb.Stop)]
    [EachClusterWith(RolloutVerb.Resume)]
    public async Task ARouteThatSomebodyTookTheServiceOutOfHoldsUpNoWayBack(string cluster, RolloutVerb verb)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        await Routes.IstioAsync(stage.Place, subsets: false);
        await stage.StartAsync(Routed("Istio", Canary, new PauseStep(), new WeightStep(10), new PauseStep()));
        var elsewhere = new JsonArray(new JsonObject { ["route"] = new JsonArray(new JsonObject { ["destination"] = new JsonObject { ["host"] = "elsewhere" } }) });
        await stage.Place.PatchAsync(Resources.VirtualServices, "site", Patch.Merge(new JsonObject { ["spec"] = new JsonObject { ["http"] = elsewhere } }));

        var back = await stage.DoAsync(verb);

        Assert.Equal((RolloutPhase.Undone, verb == RolloutVerb.Stop ? null : "RouterSharesNotKept"), (back.Phase, back.Reason));
        Assert.Equal("elsewhere", await Routes.RulesAsync(stage.Place, Resources.VirtualServices));
        await stage.AssertAllRunsAsync("v1", 2);
    }

    [Theory, EachCluster]
    public async Task AWorkloadDeletedMeanwhileLeavesTheRouteAsItWas(string cluster)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        await Routes.IstioAsync(stage.Place, subsets: true);
        var before = await Routes.SpecAsync(stage.Place, Resources.VirtualServices);
        var rollout = stage.StartAsync(Routed("Istio", Canary, new WeightStep(10), new PauseStep(TimeSpan.FromMinutes(10))));
        await stage.Place.UntilAsync(Resources.VirtualServices, "site", site => site.Spec["http"]!.AsArray() is { Count: 2 } rules && rules[1]!["route"]!.AsArray().Count == 2);

        await stage.Place.Client.DeleteAsync(Resources.Deployments, stage.Place.Namespace, "app", null, Stage.Limit);

        Assert.Equal((RolloutPhase.Failed, "Deleted"), await rollout is { } status ? (status.Phase, status.Reason) : default);
        AssertSame(before, await Routes.SpecAsync(stage.Place, Resources.VirtualServices));
    }

    [Theory, EachCluster]
    public async Task WhatARouteHasNoPlaceForIsRefusedBeforeAnythingIsDone(string cluster)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        await Stage.RefusedAsync("StepNotSupported", () => stage.StartAsync(Routed(null, Canary)));
        await Stage.RefusedAsync("StepNotSupported", () => stage.StartAsync(Routed("Service", Canary)));
        await Stage.RefusedAsync("StepNotOfBlueGreen", () => stage.StartAsync(Routed("Service", Canary) with { Strategy = RolloutStrategy.BlueGreen }));

        var of = (string name) => new JsonArray(new JsonObject { ["name"] = name, ["port"] = 80 });
        var rule = (string name, JsonArray matches) => new JsonObject { ["matches"] = matches, ["backendRefs"] = of(name) };
        var header = (int number) => new JsonObject { ["name"] = $"x-{number}", ["value"] = "1" };
        (string Id, JsonArray Rules)[] routes =
        [
            ("RouteFull", [rule("app", []), .. Enumerable.Range(0, 15).Select(_ => rule("other", []))]),
            ("RouteFull", [rule("app", [new JsonObject { ["headers"] = new JsonArray([.. Enumerable.Range(0, 16).Select(header)]) }])]),
            ("RouteFull", [rule("app", [.. Enumerable.Range(0, 65).Select(_ => new JsonObject())])]),
            ("RouteHeaderTaken", [rule("app", [new JsonObject { ["headers"] = new JsonArray(new JsonObject { ["name"] = "X-Canary", ["value"] = "1" }) }])]),
            ("RouteRuleTaken", [rule("app", []), rule("app-canary", [])]),
        ];
        using var done = new CancellationTokenSource();
        await Routes.GatewayAsync(stage.Place);
        var gateway = Routes.AcceptAsync(stage.Place, done.Token);
        foreach (var (id, rules) in routes)
        {
            var written = await stage.Place.PatchAsync(Resources.HttpRoutes, "site", Patch.Merge(new JsonObject { ["spec"] = new JsonObject { ["rules"] = rules } }));
            await stage.Place.UntilAsync(Resources.HttpRoutes, "site", route => (long?)route.Status["parents"]?[0]?["conditions"]?[0]?["observedGeneration"] == written.Metadata.Generation);
            await Stage.RefusedAsync(id, () => stage.StartAsync(Routed("Gateway", new PauseStep(), Canary)));
            Assert.Equal(written.Metadata.Generation, (await stage.Place.GetAsync(Resources.HttpRoutes, "site"))!.Metadata.Generation);
        }

        await Routes.IstioAsync(stage.Place, subsets: false);
        await Stage.RefusedAsync("RouteHeaderTaken", () => stage.StartAsync(Routed("Istio", Header(("Authority", "shop")))));
        Assert.Equal(1, (await stage.Place.GetAsync(Resources.Deployments, "app"))!.Metadata.Generation);
        await done.CancelAsync();
        await gateway;
    }

    [Theory]
    [EachClusterWith("statefulset")]
    [EachClusterWith("daemonset")]
    public async Task WhatIsReplacedInPlaceHasNone(string cluster, string kind)
    {
        await using var place = await Clusters.PlaygroundAsync(cluster);
        var target = await TargetSteps.DeployedAsync(place, kind, "app:v1");
        Assert.Contains("replaced in place", (await Stage.RefusedAsync("StepNotSupported", () => target.PlanAsync(Routed(null, Canary), SilentReporter.Instance, Stage.Limit))).Message, StringComparison.Ordinal);
    }

    [Theory, EachCluster]
    public async Task WhatIfShowsItAndChangesNothing(string cluster)
    {
        await using var stage = await Stage.BehindAServiceAsync(cluster);
        await Routes.IstioAsync(stage.Place, subsets: false);
        var before = await stage.Place.GetAsync(Resources.VirtualServices, "site");
        var target = stage.Target;
        var plan = await target.PlanAsync(Routed("Istio", Team, new PauseStep()), SilentReporter.Instance, Stage.Limit);

        Assert.Contains("in the steps header x-canary, X-Team,pause", plan.Description, StringComparison.Ordinal);
        Assert.Contains("VirtualService site: requests with the header x-canary, X-Team -> app-canary", await target.PreviewAsync(plan, Stage.Limit));
        Assert.Equal(before!.Metadata.ResourceVersion, (await stage.Place.GetAsync(Resources.VirtualServices, "site"))!.Metadata.ResourceVersion);
    }

    /// <summary>A rollout of its own whose shell dies before or after a write of it; null for none. How many writes it had.</summary>
    private static async Task<int> DeadAtAsync(int? at, string how, bool isDone)
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var stage = await Stage.BehindAServiceAsync(new Playground(cluster.Client(), "default", isReal: false));
        await Routes.IstioAsync(stage.Place, subsets: how is "Stop" or "Promote");
        var before = await Routes.SpecAsync(stage.Place, Resources.VirtualServices);
        using var dies = new CancellationTokenSource();
        var writes = 0;
        Task? killing = null;
        cluster.Next(request =>
        {
            if (!IsWrite(request) || writes++ != at) return false;
            killing = dies.CancelAsync();
            return true;
        }, isDone ? new Fault.CutAfter() : new Fault.CutBefore());
        try
        {
            await stage.StartAsync(Routed("Istio", Canary, new WeightStep(50), Team, None, Canary), null, dies.Token);
        }
        catch (OperationCanceledException)
        {
            await killing!;
            // Where nothing was written yet, there is nothing to carry on.
            if ((await stage.Target.ReadAsync(Stage.Limit))!.StartedAt is not null) await CarriedAsync(stage, how);
        }

        AssertSame(before, await Routes.SpecAsync(stage.Place, Resources.VirtualServices));
        return writes;
    }

    /// <summary>A shell that finds it where another left it.</summary>
    private static async Task CarriedAsync(Stage stage, string how)
    {
        var found = (await stage.Target.ReadAsync(Stage.Limit))!;
        if (found.Phase is RolloutPhase.Healthy) return;
        var status = how == "Undo" ? await stage.UndoAsync() : await stage.DoAsync(Enum.Parse<RolloutVerb>(how));
        Assert.True(status.Succeeded, $"{how} at {found.Step}: {status.Phase} {status.Reason}: {status.Message}");
        await stage.AssertAllRunsAsync(how is "Resume" or "Promote" ? "v2" : "v1", 2);
    }

    private static void AssertSame(JsonObject before, JsonObject after) => Assert.True(JsonNode.DeepEquals(before, after), after.ToJsonString());

    /// <summary>One of another Service for a header of its own, one of <c>app</c> with much that is to stay, and one for all the rest.</summary>
    private static JsonArray GatewayRules()
    {
        var path = new JsonObject { ["type"] = "PathPrefix", ["value"] = "/shop" };
        return
        [
            new JsonObject { ["matches"] = new JsonArray(new JsonObject { ["headers"] = new JsonArray(new JsonObject { ["name"] = "x-old", ["value"] = "1" }) }), ["backendRefs"] = new JsonArray(new JsonObject { ["name"] = "other", ["port"] = 80 }) },
            new JsonObject
            {
                ["name"] = "shop",
                ["matches"] = new JsonArray(
                    new JsonObject { ["path"] = path },
                    new JsonObject { ["path"] = path.DeepClone(), ["method"] = "GET", ["headers"] = new JsonArray(new JsonObject { ["type"] = "Exact", ["name"] = "x-b", ["value"] = "1" }) }),
                ["filters"] = new JsonArray(new JsonObject { ["type"] = "RequestHeaderModifier", ["requestHeaderModifier"] = new JsonObject { ["add"] = new JsonArray(new JsonObject { ["name"] = "x-from", ["value"] = "site" }) } }),
                ["timeouts"] = new JsonObject { ["request"] = "10s" },
                ["backendRefs"] = new JsonArray(new JsonObject { ["name"] = "app", ["port"] = 80, ["weight"] = 7 }),
            },
            new JsonObject { ["backendRefs"] = new JsonArray(new JsonObject { ["name"] = "other", ["port"] = 80 }) },
        ];
    }

    private static RolloutRequest Routed(string? router, params RolloutStep[] steps) => Stage.Request("") with { Steps = steps, Docker = new DockerWorkload { Router = router } };

    private static HeaderStep Header(params (string Name, string Value)[] headers) => new(headers.ToDictionary(header => header.Name, header => header.Value));

    private static JsonObject Remove(string path) => new() { ["op"] = "remove", ["path"] = path };

    private static bool IsWrite(HttpRequest request) =>
        request.Method != "GET" && !request.Query.ContainsKey("dryRun") && request.Path.Value!.Contains("/default/", StringComparison.Ordinal) && !request.Path.Value.Contains("/leases", StringComparison.Ordinal);

    private static bool IsWriteOfRoute(HttpRequest request) => IsWrite(request) && request.Path.Value!.Contains("/virtualservices", StringComparison.Ordinal);
}
