using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes;

/// <summary>What Test-RolloutEnvironment says of a cluster's rights.</summary>
public sealed class ClusterChecksTests
{
    [Theory]
    [InlineData(true, EnvironmentStatus.Failed)]
    [InlineData(false, EnvironmentStatus.Warning)]
    public async Task WhoHasNoArgoNeedsNoRightsOfIt(bool hasArgo, EnvironmentStatus status)
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.HasArgo = hasArgo;
        cluster.Allows = (_, resource, _) => !resource.StartsWith("argoproj.io/", StringComparison.Ordinal);

        var missing = (await ChecksAsync(cluster)).Where(check => !check.Passed).ToList();

        Assert.Equal(["get rollouts", "list rollouts", "watch rollouts", "patch rollouts", "patch rollouts/status"], missing.Select(check => check.Name["Right to ".Length..^" (argoproj.io)".Length]));
        Assert.All(missing, check => Assert.Equal(status, check.Status));
    }

    [Fact]
    public async Task EachRightHasANameOfItsOwnAndCanariesAloneNeedToMakeDeployments()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Allows = (_, _, _) => false;

        var checks = await ChecksAsync(cluster);

        Assert.Equal(checks.Count, checks.Select(check => check.Name).Distinct().Count());
        Assert.Contains(checks, check => check is { Name: "Right to list pods", Status: EnvironmentStatus.Failed });
        Assert.Contains(checks, check => check is { Name: "Right to list pods (metrics.k8s.io)", Status: EnvironmentStatus.Warning });
        Assert.Contains(checks, check => check is { Name: "Right to patch deployments (apps)", Status: EnvironmentStatus.Failed });
        Assert.All(["create", "delete"], verb => Assert.Equal(EnvironmentStatus.Warning, checks.Single(check => check.Name == $"Right to {verb} deployments (apps)").Status));
    }

    private static async Task<IReadOnlyList<EnvironmentCheck>> ChecksAsync(TestCluster cluster)
    {
        using var client = cluster.Client();
        var checks = new List<EnvironmentCheck>();
        await foreach (var check in new KubernetesTargets(client, TimeProvider.System, new Random(1)).CheckAsync("default", TargetSteps.Limit)) checks.Add(check);
        return checks;
    }
}
