using Rollout.Engine.Tests.Docker;
using Rollout.Engine.Tests.Docker.Swarm;
using Rollout.Engine.Tests.Kubernetes.Cluster;

namespace Rollout.Engine.Tests;

/// <summary>What tests run in a process of its own.</summary>
internal static class Program
{
    private static Task<int> Main(string[] arguments) => arguments switch
    {
        ["cluster", var kubeconfig] => ClusterProcess.RunAsync(kubeconfig),
        ["swarm"] => SwarmProcess.RunAsync(),
        [var workload, var image] => ShellProcess.RunAsync(workload, image),
        [var workload, var image, var steps] => ShellProcess.RunAsync(workload, image, steps),
        _ => Task.FromResult(2),
    };
}
