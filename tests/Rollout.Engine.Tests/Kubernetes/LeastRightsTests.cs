using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Kubernetes.Argo;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Rollout.Engine.Tests.Kubernetes;

/// <summary>docs/rbac.yaml holds exactly what is needed: with it everything works, and without any one right of it something does not.</summary>
public sealed class LeastRightsTests
{
    private static CancellationToken Limit => TestLimit.FromNow;

    private static readonly string[] Kinds = ["deployment", "statefulset", "daemonset", "rollout"];

    // A failure is told without these, only with less of an explanation.
    private static readonly string[] Helpful = ["get pods/log", "list events", "list autoscaling/horizontalpodautoscalers", "list policy/poddisruptionbudgets"];

    [Fact]
    public async Task EveryRightIsUsedAndNoOtherIsNeeded()
    {
        var listed = Rights();
        await using var cluster = await TestCluster.StartAsync();
        var used = new HashSet<string>();
        cluster.Allows = (verb, resource, _) =>
        {
            var right = $"{verb} {resource}";
            lock (used) used.Add(right);
            return listed.Contains(right);
        };

        foreach (var kind in Kinds) Deploy(cluster, kind);
        using var client = cluster.Client();
        var targets = new KubernetesTargets(client, TimeProvider.System, new Random(1)) { Images = AnyImage.Instance };
        await targets.ListAsync(new TargetFilter { Namespace = "default" }, Limit);
        foreach (var kind in Kinds)
        {
            var target = targets.Find(new TargetName(kind, "my-" + kind), "default");
            await UntilDoneAsync(target);
            var plan = await target.PlanAsync(new RolloutRequest { Image = ((ImageSource?)"app:crash")!, Timeout = TestLimit.Time }, SilentReporter.Instance, Limit);
            Assert.Equal(RolloutPhase.Undone, (await target.ApplyAsync(plan, null, SilentReporter.Instance, Limit)).Phase);
        }

        // A lease that ran out is changed, not made.
        cluster.Locked(() => cluster.Store.Create(new Key("coordination.k8s.io/leases", "default", "rollout-deployment-my-deployment"), new JsonObject { ["spec"] = new JsonObject { ["holderIdentity"] = "x" } }, dryRun: false));
        var again = targets.Find(new TargetName("deployment", "my-deployment"), "default");
        await again.ApplyAsync(await again.PlanAsync(new RolloutRequest { Image = ((ImageSource?)"app:v2")! }, SilentReporter.Instance, Limit), null, SilentReporter.Instance, Limit);

        // What its Pods use; none is measured yet.
        cluster.Locked(() => cluster.Store.Create(new Key("metrics.k8s.io/pods", "default", "any"), [], dryRun: false));
        Assert.Empty((await targets.ReplicaStates.UsageAsync((await again.ReadAsync(Limit))!, Limit))!);

        // Past a pause that waits for somebody.
        var canary = targets.Find(new TargetName("rollout", "my-rollout"), "default");
        await canary.ApplyAsync(await canary.PlanAsync(new RolloutRequest { Image = ((ImageSource?)"app:v2")! }, SilentReporter.Instance, Limit), null, SilentReporter.Instance, Limit);
        await canary.ApplyAsync(await canary.PlanAsync(new RolloutCommand(RolloutVerb.Resume), SilentReporter.Instance, Limit), null, SilentReporter.Instance, Limit);
        var steps = await again.PlanAsync(new RolloutRequest { Image = ((ImageSource?)"app:v3")!, Strategy = RolloutStrategy.Canary, Steps = [new WeightStep(50)] }, SilentReporter.Instance, Limit);
        Assert.Equal(RolloutPhase.Healthy, (await again.ApplyAsync(steps, null, SilentReporter.Instance, Limit)).Phase);
        Route(cluster);
        foreach (var router in (string[])["Service", "Gateway", "Istio"])
        {
            var request = new RolloutRequest
            {
                Image = ((ImageSource?)$"app:{router}")!,
                Strategy = router == "Service" ? RolloutStrategy.BlueGreen : RolloutStrategy.Canary,
                Steps = router == "Service" ? [] : [new WeightStep(50)],
                AutoPromote = router == "Service",
                Docker = new DockerWorkload { Router = router, RouterEndpoint = router == "Gateway" ? "site" : null },
            };
            Assert.Equal(RolloutPhase.Healthy, (await again.ApplyAsync(await again.PlanAsync(request, SilentReporter.Instance, Limit), null, SilentReporter.Instance, Limit)).Phase);
        }

        var found = await again.PlanAsync(new RolloutRequest { Image = ((ImageSource?)"app:v4")!, Strategy = RolloutStrategy.Canary, Docker = new DockerWorkload { Router = "Gateway" } }, SilentReporter.Instance, Limit);
        Assert.Contains("weight 5%", found.Description, StringComparison.Ordinal);

        Assert.Empty(used.Except(listed));
        Assert.Empty(listed.Except(used));
    }

    [Theory]
    [InlineData("list apps/deployments")]
    [InlineData("watch apps/deployments")]
    [InlineData("patch apps/deployments")]
    [InlineData("list apps/replicasets")]
    [InlineData("watch apps/replicasets")]
    [InlineData("patch apps/replicasets")]
    [InlineData("list pods")]
    [InlineData("watch pods")]
    [InlineData("create coordination.k8s.io/leases")]
    [InlineData("patch coordination.k8s.io/leases")]
    [InlineData("delete coordination.k8s.io/leases")]
    public async Task WithoutARightThatItsEndNeedsNothingIsBegun(string missing)
    {
        await using var cluster = await TestCluster.StartAsync();
        Deploy(cluster, "deployment");
        cluster.Allows = (verb, resource, _) => $"{verb} {resource}" != missing;
        using var client = cluster.Client();
        var target = new KubernetesTargets(client, TimeProvider.System, new Random(1)) { Images = AnyImage.Instance }.Find(new TargetName("deployment", "my-deployment"), "default");

        var error = await Assert.ThrowsAsync<RolloutException>(() => target.PlanAsync(new RolloutRequest { Image = ((ImageSource?)"app:v2")! }, SilentReporter.Instance, Limit));

        Assert.Equal("KubernetesForbidden", error.Id);
        Assert.Contains($"{missing.Split(' ')[0]} {missing.Split(' ', '/')[^1]}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(cluster.Requests, request => request.StartsWith("PATCH", StringComparison.Ordinal) || request.Contains("/leases", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AServerThatIsBusyWhenItIsAskedForARightIsAskedAgain()
    {
        await using var cluster = await TestCluster.StartAsync();
        Deploy(cluster, "deployment");
        cluster.Next(request => request.Path.Value!.EndsWith("/selfsubjectaccessreviews", StringComparison.Ordinal), new Fault.Answer(503));
        using var client = cluster.Client();
        var target = new KubernetesTargets(client, TimeProvider.System, new Random(1)) { Images = AnyImage.Instance }.Find(new TargetName("deployment", "my-deployment"), "default");

        var plan = await target.PlanAsync(new RolloutRequest { Image = ((ImageSource?)"app:v2")! }, SilentReporter.Instance, Limit);

        Assert.Contains("app:v2", plan.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutWhatIsOnlyHelpfulAFailureIsStillTold()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Allows = (verb, resource, _) => !Helpful.Contains($"{verb} {resource}");
        Deploy(cluster, "deployment");
        using var client = cluster.Client();
        var target = new KubernetesTargets(client, TimeProvider.System, new Random(1)) { Images = AnyImage.Instance }.Find(new TargetName("deployment", "my-deployment"), "default");
        await UntilDoneAsync(target);

        var plan = await target.PlanAsync(new RolloutRequest { Image = ((ImageSource?)"app:crash")!, OnFailure = FailureAction.Continue }, SilentReporter.Instance, Limit);

        Assert.Equal("CrashLoopBackOff", (await target.ApplyAsync(plan, null, SilentReporter.Instance, Limit)).Reason);
    }

    private static void Deploy(TestCluster cluster, string kind) => cluster.Locked(() =>
    {
        var (resource, name) = (kind == "rollout" ? Controllers.Rollouts : $"apps/{kind}s", "my-" + kind);
        var body = Playground.Workload(name, "app:v1");
        if (kind == "rollout") body["spec"]!["strategy"] = JsonNode.Parse(ArgoPlace.OnePause);
        cluster.Store.Create(new Key(resource, "default", name), Controllers.WithDefaults(resource, body), dryRun: false);
    });

    /// <summary>A Service, and routes to it that are in force whatever is written.</summary>
    private static void Route(TestCluster cluster) => cluster.Locked(() =>
    {
        Put("services", "shop", """{"spec":{"selector":{"app":"my-deployment"},"ports":[{"port":80}]}}""");
        Put("gateway.networking.k8s.io/httproutes", "site", """
            {"spec":{"rules":[{"backendRefs":[{"name":"shop","weight":1}]}]},
             "status":{"parents":[{"conditions":[{"type":"Accepted","status":"True","observedGeneration":99},{"type":"ResolvedRefs","status":"True","observedGeneration":99}]}]}}
            """);
        Put("networking.istio.io/virtualservices", "site", """{"spec":{"http":[{"route":[{"destination":{"host":"shop","subset":"stable"}}]}]}}""");
        Put("networking.istio.io/destinationrules", "shop", """{"spec":{"host":"shop","subsets":[{"name":"stable","labels":{"version":"a"}},{"name":"canary","labels":{"version":"b"}}]}}""");

        void Put(string resource, string name, string body) => cluster.Store.Create(new Key(resource, "default", name), (JsonObject)JsonNode.Parse(body)!, dryRun: false);
    });

    private static async Task UntilDoneAsync(IRolloutTarget target)
    {
        await foreach (var status in target.WatchAsync(Limit))
        {
            if (status is { Phase: RolloutPhase.Healthy, Desired: > 0 }) return;
        }
    }

    private static HashSet<string> Rights()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Rollout.sln"))) directory = directory.Parent!;
        var yaml = new YamlStream();
        using var reader = File.OpenText(Path.Combine(directory.FullName, "docs", "rbac.yaml"));
        yaml.Load(reader);
        var rules = (YamlSequenceNode)yaml.Documents[0].RootNode["rules"];
        return
        [
            .. from rule in rules
               from string @group in Texts(rule["apiGroups"])
               from string resource in Texts(rule["resources"])
               from string verb in Texts(rule["verbs"])
               select $"{verb} {(@group.Length == 0 ? "" : @group + "/")}{resource}",
        ];
    }

    private static IEnumerable<string> Texts(YamlNode list) => ((YamlSequenceNode)list).Select(item => ((YamlScalarNode)item).Value ?? "");
}
