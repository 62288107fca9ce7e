using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Tests.Engines;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Xunit;
using static Rollout.Engine.Tests.Kubernetes.Cluster.TargetSteps;

namespace Rollout.Engine.Tests.Kubernetes;

/// <summary>
/// What Rollout says of a rollout against what <c>kubectl rollout status</c> says of the same one, on a real control plane. Where they differ, the situation says why
/// Rollout's word is the right one.
/// </summary>
public sealed class KubectlVerdictTests
{
    // As long as kubectl is let wait for what never ends, and Rollout too.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(25);

    // Every situation is a namespace of its own, and all of them go on at the same time: most of it is waiting.
    private static readonly Situation[] Situations =
    [
        // The same: it is done.
        new("a good image", "deployment", "app:v2"),
        new("a good image", "statefulset", "app:v2"),
        new("a good image", "daemonset", "app:v2"),
        new("a slow image", "deployment", "app:slow3"),
        new("a slow image", "statefulset", "app:slow2"),
        new("a slow image", "daemonset", "app:slow2"),
        new("no replicas", "deployment", "app:v2") { Spec = """{"replicas":0}""" },
        new("no replicas", "statefulset", "app:v2") { Spec = """{"replicas":0}""" },
        new("one replica", "deployment", "app:v2") { Spec = """{"replicas":1}""" },
        new("five replicas", "deployment", "app:v2") { Spec = """{"replicas":5}""" },
        new("Recreate", "deployment", "app:v2") { Spec = """{"strategy":{"type":"Recreate"}}""" },
        new("no surge", "deployment", "app:v2") { Spec = """{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":0,"maxUnavailable":1}}}""" },
        new("all at once", "deployment", "app:v2") { Spec = """{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"100%","maxUnavailable":"100%"}}}""" },
        new("minReadySeconds", "deployment", "app:v2") { Spec = """{"minReadySeconds":2}""" },
        new("minReadySeconds", "daemonset", "app:v2") { Spec = """{"minReadySeconds":1}""" },
        new("Parallel", "statefulset", "app:v2") { Spec = """{"podManagementPolicy":"Parallel"}""" },
        new("a partition", "statefulset", "app:v2") { Spec = """{"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":1}}}""" },
        new("a partition above all", "statefulset", "app:v2") { Spec = """{"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":9}}}""" },
        new("the image that runs already", "deployment", "app:v1"),
        new("an image that dies once it has served", "deployment", "app:dielater"),
        new("scaled up meanwhile", "deployment", "app:slow3") { Meanwhile = """{"spec":{"replicas":4}}""" },
        new("scaled down meanwhile", "deployment", "app:slow3") { Meanwhile = """{"spec":{"replicas":1}}""" },
        new("a label changed meanwhile", "deployment", "app:slow3") { Meanwhile = """{"metadata":{"labels":{"team":"shop"}}}""" },

        // The same: it is not done.
        new("a deadline of the controller", "deployment", "app:unready") { Spec = """{"progressDeadlineSeconds":3}""", Reason = "ProgressDeadlineExceeded" },
        new("never ready", "deployment", "app:unready") { Reason = "Timeout" },
        new("never ready", "statefulset", "app:unready") { Reason = "Timeout" },
        new("never ready", "daemonset", "app:unready") { Reason = "Timeout" },
        new("an image that is not there", "deployment", "app:bad") { Reason = "ErrImagePull" },
        new("an image that is not there", "statefulset", "app:bad") { Reason = "ErrImagePull" },
        new("an image that is not there", "daemonset", "app:bad") { Reason = "ErrImagePull" },
        new("a container that dies", "deployment", "app:crash") { Reason = "CrashLoopBackOff" },
        new("a container that dies", "statefulset", "app:crash") { Reason = "CrashLoopBackOff" },
        new("a container without memory", "daemonset", "app:oom") { Reason = "OOMKilled" },
        new("a quota that lets no Pod in", "deployment", "app:v2") { Quota = 2, Reason = "Timeout" },
        new("paused by somebody", "deployment", "app:v2") { Before = """{"spec":{"paused":true}}""", Reason = "Paused" },
        new("deleted meanwhile", "deployment", "app:slow30") { IsDeleted = true, Reason = "Deleted" },

        // Where they differ.
        new("another image meanwhile", "deployment", "app:slow30")
        {
            Meanwhile = """{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"app:v9"}]}}}}""",
            Reason = "Superseded",
            KubectlSaysDone = true,
            Because = "kubectl follows whatever is there, and calls it a success that somebody else's image runs",
        },
        new("OnDelete", "statefulset", "app:v2")
        {
            Spec = """{"updateStrategy":{"type":"OnDelete"}}""",
            Reason = "OnDelete",
            Because = "kubectl refuses to look; Rollout says how many are left for somebody to delete",
        },
        new("OnDelete", "daemonset", "app:v2")
        {
            Spec = """{"updateStrategy":{"type":"OnDelete"}}""",
            Reason = "OnDelete",
            Because = "kubectl refuses to look; Rollout says how many are left for somebody to delete",
        },
    ];

    [FactNeeds("cluster", "kubectl")]
    public async Task ItSaysWhatKubectlSaysOrSomethingBetter()
    {
        Assert.All(Situations, situation => Assert.True(situation.KubectlSaysDone == situation.Reason is null || situation.Because is not null));
        using var turns = new SemaphoreSlim(8);

        var wrong = await Task.WhenAll(Situations.Select(async situation =>
        {
            await turns.WaitAsync(Limit);
            try
            {
                return await CompareAsync(situation);
            }
            catch (Exception e) when (e is TimeoutException or RolloutException)
            {
                return $"{situation.Name}, {situation.Kind}: {e.Message}";
            }
            finally
            {
                turns.Release();
            }
        }));

        Assert.Empty(wrong.OfType<string>());
    }

    /// <summary>What is not as the situation says; null where all is.</summary>
    private static async Task<string?> CompareAsync(Situation situation)
    {
        await using var place = await Clusters.PlaygroundAsync("real");
        var spec = (JsonObject)JsonNode.Parse(situation.Spec)!;
        var target = await DeployedAsync(place, situation.Kind, "app:v1", spec);
        if (situation.Before is { } before) await place.PatchAsync(Resources.Deployments, "app", Patch.Merge((JsonObject)JsonNode.Parse(before)!));
        if (situation.Quota is { } quota) await QuotaAsync(place, quota);

        var changed = new TaskCompletionSource();
        var ours = StartAsync(target, situation.Image, FailureAction.Continue, Patience, seen: _ => changed.TrySetResult());
        await Task.WhenAny(ours, changed.Task);
        var theirs = KubectlSaysDoneAsync(place, situation.Kind);
        if (situation.Meanwhile is { } meanwhile) await place.PatchAsync(Resources.Deployments, "app", Patch.StrategicMerge((JsonObject)JsonNode.Parse(meanwhile)!));
        if (situation.IsDeleted) await place.Client.DeleteAsync(Resources.Deployments, place.Namespace, "app", null, Limit);

        var status = await ours;
        var (isDone, said) = await theirs;
        var problems = new List<string>();
        if (status.Reason != situation.Reason || (status.Phase == RolloutPhase.Healthy) != (situation.Reason is null)) problems.Add($"Rollout says {status.Phase} {status.Reason}: {status.Message}");
        if (isDone != situation.KubectlSaysDone) problems.Add($"kubectl says {said}");
        return problems.Count == 0 ? null : $"{situation.Name}, {situation.Kind}: {string.Join("; ", problems)}";
    }

    private static Task QuotaAsync(Playground place, int pods) => KubectlAsync(place, "create", "quota", "few", $"--hard=pods={pods}");

    private static async Task<(bool IsDone, string Said)> KubectlSaysDoneAsync(Playground place, string kind) =>
        await KubectlAsync(place, "rollout", "status", $"{kind}/app", string.Create(CultureInfo.InvariantCulture, $"--timeout={Patience.TotalSeconds}s"));

    private static async Task<(bool Succeeded, string Said)> KubectlAsync(Playground place, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("kubectl", ["--kubeconfig", Clusters.RealKubeconfig!, "-n", place.Namespace, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync(Limit);
        var error = await process.StandardError.ReadToEndAsync(Limit);
        await process.WaitForExitAsync(Limit);
        return (process.ExitCode == 0, await output + error);
    }

    /// <summary>A rollout, and how it ends.</summary>
    /// <param name="Name">What is particular about it.</param>
    /// <param name="Kind">The kind of workload.</param>
    /// <param name="Image">The image that is rolled out over app:v1.</param>
    private sealed record Situation(string Name, string Kind, string Image)
    {
        /// <summary>Fields of its spec.</summary>
        public string Spec { get; init; } = "{}";

        /// <summary>What somebody else has done with it.</summary>
        public string? Before { get; init; }

        /// <summary>What somebody else does once it is under way.</summary>
        public string? Meanwhile { get; init; }

        public bool IsDeleted { get; init; }

        /// <summary>Pods that the namespace may have, set before the rollout.</summary>
        public int? Quota { get; init; }

        /// <summary>Rollout's reason; null where it ends Healthy.</summary>
        public string? Reason { get; init; }

        /// <summary>Whether kubectl says that it is done: as Rollout, unless told.</summary>
        public bool KubectlSaysDone { get => field || Reason is null; init; }

        /// <summary>Why Rollout's word is the right one, where it is another than kubectl's.</summary>
        public string? Because { get; init; }
    }
}
