using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Rollout.Engine.Tests.Engines;
using Rollout.Engine.Tests.Kubernetes.Cluster;

namespace Rollout.Bench;

/// <summary>
/// Rollouts on a real control plane (ROLLOUT_TEST_KUBECONFIG) against kubectl on the same one. Rollout's side is a process of its own, so that its processor time
/// and memory are its own too.
/// </summary>
internal static class KubernetesFigure
{
    private const int Many = 100;
    private const int Most = 500;
    private const int Listed = 2000;

    internal static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        if (Clusters.RealKubeconfig is null || Needs.Program("kubectl") is null) yield break;
        await using (var fleet = await BenchFleet.CreateAsync(Many, replicas: 3))
        {
            yield return await StatusAsync(fleet);
            await foreach (var figure in RollAsync(fleet)) yield return figure;
            yield return await BadImageAsync(fleet);
        }

        await using (var large = await BenchFleet.CreateAsync(Most, replicas: 1))
        {
            var rolled = await ChildAsync("roll", large.Namespace, Most, "app:v2");
            yield return Memory($"{Most} Deployments rolled at once", rolled);
        }

        await using var list = await BenchFleet.CreateAsync(Listed, replicas: 0);
        await foreach (var figure in ListAsync(list)) yield return figure;
    }

    private static async Task<Figure> StatusAsync(BenchFleet fleet)
    {
        var ours = await ChildAsync("status", fleet.Namespace, Many);
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < Many; i++) await KubectlAsync(fleet, "rollout", "status", $"deployment/app-{i}");
        return new Figure(
            $"status of {Many} finished Deployments",
            Text($"{ours.Seconds:0.00} s, against {clock.Elapsed.TotalSeconds:0.0} s of kubectl rollout status one after another"),
            "at most 0.5 s",
            ours.Seconds <= 0.5);
    }

    private static async IAsyncEnumerable<Figure> RollAsync(BenchFleet fleet)
    {
        // In turns, as whatever else goes on meets both alike.
        var theirs = new List<double>();
        var ours = new List<Measured>();
        var late = new List<double>();
        for (var round = 0; round < 2; round++)
        {
            var clock = Stopwatch.StartNew();
            await KubectlAsync(fleet, "set", "image", "deployment", "--all", $"main=app:k{round}");
            for (var i = 0; i < Many; i++) await KubectlAsync(fleet, "rollout", "status", $"deployment/app-{i}");
            theirs.Add(clock.Elapsed.TotalSeconds);
            var done = fleet.DoneAsync($"app:r{round}", Many);
            ours.Add(await ChildAsync("roll", fleet.Namespace, Many, $"app:r{round}"));
            var seen = await done;
            late.Add(ours[^1].Ended.Select(ended => (ended.Value - seen[ended.Key]).TotalMilliseconds).Order().ElementAt(Many / 2));
        }

        var (best, other) = (ours.MinBy(run => run.Seconds)!, theirs.Min());
        yield return new Figure(
            $"{Many} Deployments of 3 rolled at once",
            Text($"{best.Seconds / other:0.00} times kubectl set image and rollout status over all ({best.Seconds:0.0} s against {other:0.0} s)"),
            "at most 1.05 times",
            best.Seconds <= 1.05 * other);
        var cpu = ours.Min(run => run.Cpu);
        yield return new Figure($"processor time of it, start of the process included", Text($"{cpu:0.00} s"), "at most 1.5 s", cpu <= 1.5);
        yield return Memory($"{Many} Deployments of 3 rolled at once", best);
        var latency = late.Min();
        yield return new Figure("from the server's last status change to the emitted object", Text($"{latency:0} ms (median)"), "at most 20 ms", latency <= 20);
    }

    private static async Task<Figure> BadImageAsync(BenchFleet fleet)
    {
        var first = fleet.WaitingAsync("ErrImagePull");
        var bad = await ChildAsync("roll", fleet.Namespace, 1, "app:bad");
        var late = bad.Ended.Values.Single() - await first;
        return new Figure("an image that cannot be pulled, from the first ErrImagePull to the report", Text($"{late.TotalSeconds:0.00} s"), "at most 3 s", late.TotalSeconds <= 3);
    }

    private static async IAsyncEnumerable<Figure> ListAsync(BenchFleet fleet)
    {
        Measured? ours = null;
        var times = await SideBySide.MeasureAsync(3, () => Task.CompletedTask, async () => ours = await ChildAsync("list", fleet.Namespace, Listed), () => KubectlAsync(fleet, "get", "deployment", "-o", "json"));
        yield return times.ToFigure($"list of {Listed:N0} Deployments", "kubectl get deployment -o json", 1.0);
        yield return Memory($"list of {Listed:N0} Deployments", ours!);
    }

    private static Figure Memory(string what, Measured run) => new($"{what}: memory", Text($"{run.Mebibytes:0} MiB at the peak"), "at most 150 MiB", run.Mebibytes <= 150);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static Task<string> KubectlAsync(BenchFleet fleet, params string[] arguments) =>
        RunAsync("kubectl", ["--kubeconfig", Clusters.RealKubeconfig!, "-n", fleet.Namespace, .. arguments]);

    private static async Task<Measured> ChildAsync(string what, string @namespace, int count, params string[] image)
    {
        // The program itself, also where this one was started as 'dotnet Rollout.Bench.dll'.
        var output = await RunAsync(Path.ChangeExtension(typeof(FleetRun).Assembly.Location, null), [FleetRun.Word, what, @namespace, count.ToString(CultureInfo.InvariantCulture), .. image]);
        return JsonSerializer.Deserialize<Measured>(output)!;
    }

    private static async Task<string> RunAsync(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
