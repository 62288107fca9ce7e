using System.Text.Json.Nodes;
using Rollout.Engine.Health;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Docker;
using Rollout.Engine.Tests.Engines;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Xunit;
using static Rollout.Engine.Tests.Kubernetes.Cluster.TargetSteps;

namespace Rollout.Engine.Tests.Health;

/// <summary>What is used of CPU and memory limits, by the platform's own measure.</summary>
[Trait("Needs", "docker")]
public sealed class SaturationTests(DockerEngineFixture engine) : IClassFixture<DockerEngineFixture>
{
    private static readonly SaturationHealthCheck Check = new() { Name = "saturation", Interval = TimeSpan.FromSeconds(5), Timeout = TimeSpan.FromMinutes(1) };

    [Theory]
    [InlineData(0.85, HealthVerdict.Healthy)]
    [InlineData(0.86, HealthVerdict.Unhealthy)]
    [InlineData(2.5, HealthVerdict.Unhealthy)]
    public async Task Above_the_line_for_all_of_the_window_is_unhealthy_and_on_it_is_well(double share, HealthVerdict verdict)
    {
        var (result, seconds) = await RunAsync(Check, _ => [new ReplicaUsage("shop-1", 0.1, null), new ReplicaUsage("shop-2", null, share)]);
        Assert.Equal((verdict, verdict == HealthVerdict.Healthy ? 0 : 300), (result.Verdict, seconds));
        Assert.Contains("hop-2 ", result.Message, StringComparison.Ordinal);
        Assert.EndsWith("% Memory", result.Value, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(250, HealthVerdict.Healthy)]
    [InlineData(301, HealthVerdict.Unhealthy)]
    public async Task What_ends_within_the_window_was_a_busy_start(int busySeconds, HealthVerdict verdict) =>
        Assert.Equal(verdict, (await RunAsync(Check, second => [new ReplicaUsage("shop-1", second < busySeconds ? 0.99 : 0.2, 0.1)])).Result.Verdict);

    [Fact]
    public async Task A_replica_that_is_gone_is_above_nothing() =>
        Assert.Equal(HealthVerdict.Healthy, (await RunAsync(Check, second => [new ReplicaUsage(second < 200 ? "shop-1" : "shop-2", second < 200 ? 0.99 : 0.5, null)])).Result.Verdict);

    [Fact]
    public async Task Without_a_limit_there_is_no_data_and_without_a_measure_no_answer()
    {
        foreach (var (meaning, verdict) in PrometheusTests.Meanings)
        {
            Assert.Equal(verdict, (await RunAsync(Check with { OnNoData = meaning }, _ => [new ReplicaUsage("shop-1", null, null)])).Result.Verdict);
            Assert.Equal(verdict, (await RunAsync(Check with { OnError = meaning }, null)).Result.Verdict);
        }

        Assert.Equal(HealthVerdict.Inconclusive, (await RunAsync(Check, _ => [])).Result.Verdict);
        var cpu = Check with { Resources = [LimitedResource.Cpu] };
        Assert.Contains("no replica has a limit of Cpu", (await RunAsync(cpu, _ => [new ReplicaUsage("shop-1", null, 0.99)])).Result.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("250m", 0.25)]
    [InlineData("123456n", 0.000123456)]
    [InlineData("2", 2.0)]
    [InlineData("1.5", 1.5)]
    [InlineData("64Mi", 67108864.0)]
    [InlineData("128974848000m", 128974848.0)]
    [InlineData("1e3", 1000.0)]
    [InlineData("1E", 1e18)]
    [InlineData("1E3", 1000.0)]
    [InlineData("much", null)]
    [InlineData("", null)]
    public void Quantities_are_read_as_Kubernetes_writes_them(string text, double? number) => Assert.Equal(number, PodUsage.Quantity(text) is { } read ? Math.Round(read, 12) : null);

    [FactNeeds("docker")]
    public async Task On_plain_Docker_the_engine_says_what_containers_use()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        var busy = await shop.ImageAsync("busy", "CMD [\"sh\", \"-c\", \"dd if=/dev/zero of=/dev/null & exec httpd -f -p 8080 -h /www\"]");
        var status = await shop.StartAsync(busy, docker: new DockerWorkload { Port = TestWorkload.Port, Cpu = 0.1, Memory = "512m" });

        var usage = Assert.Single((await shop.Targets.ReplicaStates.UsageAsync(status, default))!);
        Assert.InRange(usage.Cpu!.Value, 0.3, 3);
        Assert.InRange(usage.Memory!.Value, 0.0001, 0.5);

        var unlimited = await shop.StartAsync(await shop.ImageAsync("v2"), docker: new DockerWorkload { Port = TestWorkload.Port });
        var health = await new HealthCheckRunner(shop.Targets.ReplicaStates, TimeProvider.System).RunAsync(unlimited, [Check with { Window = TimeSpan.Zero }], SilentReporter.Instance, default);
        // The limits are carried over.
        Assert.Equal(HealthVerdict.Healthy, Assert.Single(health.Checks).Verdict);
    }

    [Fact]
    public async Task In_a_cluster_metrics_server_says_what_Pods_use()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        var limits = new JsonObject { ["limits"] = new JsonObject { ["cpu"] = "500m", ["memory"] = "64Mi" } };
        var template = Playground.Workload("app", "app:v1")["spec"]!["template"]!.DeepClone();
        template["spec"]!["containers"]![0]!["resources"] = limits;
        var target = await DeployedAsync(place, "deployment", "app:v1", new JsonObject { ["template"] = template });
        var status = (await target.ReadAsync(Limit))!;
        var pods = await PodsAsync(place);
        foreach (var (pod, cpu) in pods.Zip(["450m", "100000000n"])) await place.CreateAsync(Resources.PodMetrics, Measured(pod.Metadata.Name, cpu));
        await place.CreateAsync(Resources.PodMetrics, Measured("another", "2"));

        var usage = (await Targets(place).ReplicaStates.UsageAsync(status, Limit))!;
        Assert.Equal([0.2, 0.9], usage.Select(replica => Math.Round(replica.Cpu!.Value, 6)).Order());
        Assert.Equal([0.5, 0.5], usage.Select(replica => replica.Memory!.Value));
        var health = await new HealthCheckRunner(Targets(place).ReplicaStates, TimeProvider.System).RunAsync(status, [Check with { Window = TimeSpan.Zero }], SilentReporter.Instance, Limit);
        Assert.Equal((HealthVerdict.Unhealthy, "90% Cpu"), Assert.Single(health.Checks) is var found ? (found.Verdict, found.Value) : default);
    }

    [Fact]
    public async Task A_cluster_without_metrics_server_is_told_as_that_at_once()
    {
        await using var cluster = await TestCluster.StartAsync();
        using var client = cluster.Client();
        await using var place = new Playground(client, "default", isReal: false);
        var target = await DeployedAsync(place, "deployment", "app:v1");
        var health = await new HealthCheckRunner(Targets(place).ReplicaStates, TimeProvider.System).RunAsync((await target.ReadAsync(Limit))!, [Check with { Interval = TimeSpan.FromHours(1) }], SilentReporter.Instance, Limit);
        Assert.Equal(HealthVerdict.Inconclusive, health.Verdict);
        Assert.Contains("metrics-server is not installed", Assert.Single(health.Checks).Message, StringComparison.Ordinal);
    }

    private static JsonObject Measured(string pod, string cpu) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = pod, ["labels"] = new JsonObject { ["app"] = "app" } },
        ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["usage"] = new JsonObject { ["cpu"] = cpu, ["memory"] = "32768Ki" } }),
    };

    private static async Task<(HealthCheckResult Result, int Seconds)> RunAsync(SaturationHealthCheck check, Func<int, IReadOnlyList<ReplicaUsage>>? usage)
    {
        var time = new SimulatedTime();
        var begun = time.GetUtcNow();
        var seconds = 0;
        var health = await new HealthCheckRunner(new Measuring(() => usage?.Invoke(seconds = (int)(time.GetUtcNow() - begun).TotalSeconds)), time).RunAsync(TestRollouts.Docker, [check], SilentReporter.Instance, default);
        return (Assert.Single(health.Checks), seconds);
    }

    private sealed class Measuring(Func<IReadOnlyList<ReplicaUsage>?> read) : IReplicaStates
    {
        public Task<IReadOnlyList<ReplicaState>> ReadAsync(RolloutStatus rollout, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<IReadOnlyList<ReplicaUsage>?> UsageAsync(RolloutStatus rollout, CancellationToken cancellation) => Task.FromResult(read());
    }
}
