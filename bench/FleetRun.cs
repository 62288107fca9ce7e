using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Configuration;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Kubernetes.Cluster;

namespace Rollout.Bench;

/// <summary>What one process did: how long it took, the processor time and the memory of the whole process, and when each rollout was told to have ended.</summary>
internal sealed record Measured(double Seconds, double Cpu, double Mebibytes, IReadOnlyDictionary<string, DateTimeOffset> Ended);

/// <summary>Rollout's side of <see cref="KubernetesFigure"/>, in a process of its own.</summary>
internal static class FleetRun
{
    internal const string Word = "--fleet";

    internal static async Task<int> RunAsync(string[] arguments)
    {
        var (what, space, count) = (arguments[0], arguments[1], int.Parse(arguments[2], CultureInfo.InvariantCulture));
        var clock = Stopwatch.StartNew();
        using var client = new KubernetesClient(Kubeconfig.Connection(Clusters.RealKubeconfig, null, _ => null, TimeProvider.System), TimeProvider.System, Random.Shared);
        var targets = new KubernetesTargets(client, TimeProvider.System, Random.Shared) { Images = AnyImage.Instance };
        var all = Enumerable.Range(0, count).Select(i => targets.Find(new TargetName("deployment", $"app-{i}"), space)).ToList();
        var ended = new Dictionary<string, DateTimeOffset>();
        switch (what)
        {
            case "status":
                await Task.WhenAll(all.Select(target => target.ReadAsync(CancellationToken.None)));
                break;
            case "list":
                var listed = await targets.ListAsync(new TargetFilter { Namespace = space }, CancellationToken.None);
                if (listed.Count != count) throw new InvalidOperationException($"{listed.Count} were listed.");
                break;
            default:
                var image = arguments[3];
                ended = (await Task.WhenAll(all.Select(target => RollAsync(target, image)))).ToDictionary();
                break;
        }

        using var self = Process.GetCurrentProcess();
        Console.WriteLine(JsonSerializer.Serialize(new Measured(clock.Elapsed.TotalSeconds, self.TotalProcessorTime.TotalSeconds, Peak(), ended)));
        return 0;
    }

    private static async Task<KeyValuePair<string, DateTimeOffset>> RollAsync(IRolloutTarget target, string image)
    {
        var request = new RolloutRequest { Image = ((ImageSource?)image)!, OnFailure = FailureAction.Continue };
        var plan = await target.PlanAsync(request, SilentReporter.Instance, CancellationToken.None);
        await target.ApplyAsync(plan, null, SilentReporter.Instance, CancellationToken.None);
        return new(target.Name.Name, DateTimeOffset.UtcNow);
    }

    private static double Peak()
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return double.Parse(line["VmHWM:".Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) / 1024;
    }
}
