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
        ["shell", .. var rest] => ShellProcess.RunAsync(rest),
        _ => Task.FromResult(2),
    };
}
