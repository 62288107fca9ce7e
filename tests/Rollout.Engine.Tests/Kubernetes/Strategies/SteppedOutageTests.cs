using Microsoft.AspNetCore.Http;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes.Strategies;

/// <summary>Rollouts in steps while the control plane is away.</summary>
public sealed class SteppedOutageTests
{
    private const string BlueGreen = "blue-green";
    private const string Headers = "header match";
    private static readonly HttpHealthCheck Failing = new() { Name = "site", Uri = new Uri("http://127.0.0.1:9/"), FailureLimit = 1, Interval = TimeSpan.FromMilliseconds(10) };
    private static readonly RolloutRequest BadCanary = Stage.Request("") with { Steps = [new WeightStep(34), new WeightStep(67), new CheckStep([Failing])] };

    [Theory]
    [InlineData("deployment", false)]
    [InlineData("deployment", true)]
    [InlineData("statefulset", false)]
    [InlineData("statefulset", true)]
    [InlineData("daemonset", false)]
    [InlineData("daemonset", true)]
    [InlineData(BlueGreen, false)]
    [InlineData(BlueGreen, true)]
    [InlineData(Headers, false)]
    [InlineData(Headers, true)]
    public async Task WhicheverWriteMeetsAnOutageItEndsAsWithoutOne(string what, bool isDone)
    {
        Fault fault = isDone ? new Fault.CutAfter() : new Fault.CutBefore();
        var (undisturbed, writes) = await EndAsync(what, null, fault);
        Assert.StartsWith(what is BlueGreen or Headers ? "Healthy v2" : "Undone v1", undisturbed, StringComparison.Ordinal);

        var ends = await Task.WhenAll(Enumerable.Range(0, writes).Select(at => EndAsync(what, at, fault)));

        Assert.All(ends, end => Assert.Equal(undisturbed, end.End));
    }

    [Fact]
    public async Task WhereItStaysAwayTheNextShellTurnsABadCanaryBack()
    {
        await using var cluster = await TestCluster.StartAsync();
        var place = new Playground(cluster.Client(), "default", isReal: false);
        await TargetSteps.DeployedAsync(place, "deployment", "app:v1");
        var time = new ManualTime();
        await using var stage = new Stage(place, time: time);
        var seen = new List<RolloutStatus>();

        var error = await Assert.ThrowsAsync<RolloutException>(() => stage.StartAsync(BadCanary, status =>
        {
            seen.Add(status);
            cluster.IsAway = status.Step == "3 of 3: check";
        }, reporter: new Impatient(time)));

        Assert.Equal("KubernetesNotReachable", error.Id);
        Assert.Equal((RolloutPhase.Progressing, "3 of 3: check"), (seen[^1].Phase, seen[^1].Step));
        cluster.IsAway = false;
        Assert.Equal("Abandoned", (await stage.Target.ReadAsync(Stage.Limit))!.Reason);
        Assert.Equal(RolloutPhase.Undone, (await stage.DoAsync(RolloutVerb.Resume)).Phase);
        Assert.Equal((2, null, null), await stage.CountsAsync());
    }

    /// <summary>How a rollout of its own ends, told in words, and how many writes it took.</summary>
    /// <param name="what">A Deployment's strategy, or the kind of another workload.</param>
    /// <param name="at">Which write meets the fault; null for none.</param>
    /// <param name="fault">The fault.</param>
    private static async Task<(string End, int Writes)> EndAsync(string what, int? at, Fault fault)
    {
        await using var cluster = await TestCluster.StartAsync();
        var place = new Playground(cluster.Client(), "default", isReal: false);
        var kind = what is BlueGreen or Headers ? "deployment" : what;
        await TargetSteps.DeployedAsync(place, kind, "app:v1", new() { ["replicas"] = 3 });
        if (what is BlueGreen or Headers) await Routes.ServiceAsync(place);
        if (what == Headers) await Routes.IstioAsync(place, subsets: false);
        await using var stage = new Stage(place, kind);
        var writes = 0;
        cluster.Next(request => IsWrite(request) && writes++ == at, fault);

        var request = what switch
        {
            BlueGreen => Stage.Request("") with { Strategy = RolloutStrategy.BlueGreen, AutoPromote = true },
            Headers => Stage.Request("") with { Steps = [new HeaderStep(new Dictionary<string, string> { ["x"] = "1" }), new WeightStep(34)], Docker = new() { Router = "Istio" } },
            _ => BadCanary,
        };
        var status = await stage.StartAsync(request);

        var (stable, canary, _) = kind == "deployment" ? await stage.CountsAsync() : default;
        var rules = what == Headers ? $" behind {await Routes.RulesAsync(place, Resources.VirtualServices)}" : "";
        return ($"{status.Phase} {status.Image!.Tag}, {stable} and {canary ?? 0} replicas{rules}: {string.Join(' ', status.Decisions.Select(decision => decision.Action))}", writes);
    }

    /// <summary>Neither the leases between shells nor the namespace's end are part of the rollout.</summary>
    private static bool IsWrite(HttpRequest request) =>
        request.Method != "GET" && !request.Query.ContainsKey("dryRun") && request.Path.Value!.Contains("/default/", StringComparison.Ordinal) && !request.Path.Value.Contains("/leases", StringComparison.Ordinal);

    /// <summary>Three minutes have passed whenever it is warned.</summary>
    private sealed class Impatient(ManualTime time) : IReporter
    {
        public void Progress(ProgressReport report) { }

        public void Warning(string message) => time.Advance(TimeSpan.FromMinutes(3));

        public void Verbose(string message) { }
    }
}
