using System.Globalization;
using Microsoft.AspNetCore.Http;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Docker;
using Rollout.Engine.Tests.Engines;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Rollout.Engine.Tests.Registries;
using Rollout.Engine.Tests.Traffic;
using Xunit;
using static Rollout.Engine.Tests.Kubernetes.Cluster.TargetSteps;

namespace Rollout.Engine.Tests.Health;

/// <summary>
/// What the checks of a rollout found is kept with it, where the workload lives: any shell can read it there. And what an undo went back to is looked at by
/// the same checks, on plain Docker as in a cluster.
/// </summary>
[Trait("Needs", "docker")]
public sealed class DecisionTests(DockerEngineFixture engine) : IClassFixture<DockerEngineFixture>
{
    [FactNeeds("docker")]
    public async Task Each_verdict_is_kept_with_a_workload_on_Docker() => await KeptAsync(await OnDockerAsync());

    [Fact]
    public async Task Each_verdict_is_kept_with_a_workload_in_a_cluster()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        await KeptAsync(await InClusterAsync(place));
    }

    [FactNeeds("docker")]
    public async Task An_undo_on_Docker_is_verified_by_the_same_checks_and_keeps_what_is_healthy() => await VerifiedAsync(await OnDockerAsync());

    [Fact]
    public async Task An_undo_in_a_cluster_is_verified_by_the_same_checks_and_keeps_what_is_healthy()
    {
        await using var place = await Clusters.PlaygroundAsync("in-process");
        await VerifiedAsync(await InClusterAsync(place));
    }

    [FactNeeds("docker")]
    public async Task What_a_container_went_through_before_the_rollout_is_not_held_against_it_after_an_undo()
    {
        await using var monitoring = await Monitoring.StartAsync();
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        var crashesOnce = await shop.ImageAsync("v1", "CMD [\"sh\", \"-c\", \"[ -f /tmp/again ] && exec httpd -f -p 8080 -h /www; touch /tmp/again; httpd -p 8080 -h /www; sleep 3; exit 1\"]");
        await shop.StartAsync(crashesOnce);
        var first = (await engine.Client.Containers.InspectAsync($"{shop.Name}-1-1", default))!.State.StartedAt;
        using var patience = new CancellationTokenSource(TestLimit.Time);
        // Before the rollout by more than the second to which the engine's clock is known.
        while (await engine.Client.Containers.InspectAsync($"{shop.Name}-1-1", patience.Token) is not { RestartCount: 1, State: { Running: true, StartedAt: { } again } } || again == first || DateTimeOffset.UtcNow - again < TimeSpan.FromSeconds(2))
        {
            await Task.Delay(100, patience.Token);
        }

        monitoring.Says(image => image.Contains("v2", StringComparison.Ordinal) ? 0.5 : 0.001);
        var status = await shop.StartAsync(TestWorkload.Request(await shop.ImageAsync("v2")) with { HealthChecks = [monitoring.Check, new ContainerHealthCheck { Name = "containers" }] });
        Assert.Equal((RolloutPhase.Undone, "v1"), (status.Phase, status.Image!.Tag));
        Assert.Contains(status.Decisions.SkipWhile(decision => decision.Action != "Undoing"), decision => decision is { Verdict: HealthVerdict.Healthy, Value: "1 of 1 healthy" });
    }

    [FactNeeds("docker")]
    public async Task What_was_bad_is_not_good_because_it_runs_again()
    {
        await using var monitoring = await Monitoring.StartAsync();
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(await shop.ImageAsync("v1"));
        monitoring.Says(_ => 0.9);
        var bad = TestWorkload.Request(await shop.ImageAsync("v2")) with { HealthChecks = [monitoring.Check] };
        Assert.Equal(RolloutPhase.Degraded, (await shop.StartAsync(bad with { OnFailure = FailureAction.Continue })).Phase);
        var undone = await shop.StartAsync(TestWorkload.Request(await shop.ImageAsync("v3")) with { HealthChecks = [monitoring.Check] });
        Assert.Equal((RolloutPhase.Undone, "v2"), (undone.Phase, undone.Image!.Tag));
        Assert.Equal(HealthVerdict.Unhealthy, (await shop.Target.HistoryAsync(default)).First(revision => revision.Current).Verdict);
    }

    [TheoryNeeds("docker")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_long_check_holds_up_neither_the_end_of_what_crashed_nor_another_shell(bool crashes)
    {
        await using var monitoring = await Monitoring.StartAsync();
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(await shop.ImageAsync("v1"));
        var request = TestWorkload.Request(await shop.ImageAsync("v2")) with { HealthChecks = [monitoring.Check with { For = TimeSpan.FromHours(1), Interval = TimeSpan.FromSeconds(1) }] };
        var asked = new TaskCompletionSource();
        monitoring.Says(_ => asked.TrySetResult() ? 0.001 : 0.002);
        var rollout = shop.StartAsync(request);
        await asked.Task.WaitAsync(TestLimit.Time);

        if (crashes) await engine.Client.Containers.StopAsync($"{shop.Name}-2-1", TimeSpan.Zero, default);
        else Assert.Equal(RolloutPhase.Undone, (await new TestWorkload(engine.Client, engine.Prefix, shop.Name).CommandAsync(RolloutVerb.Stop)).Phase);

        monitoring.Says(_ => 0.001);
        var status = await rollout.WaitAsync(TestLimit.Time);
        Assert.Equal((RolloutPhase.Undone, crashes ? "ContainerExited" : null, "v1"), (status.Phase, status.Reason, status.Image!.Tag));
    }

    private static async Task KeptAsync(Place place)
    {
        await using var monitoring = await Monitoring.StartAsync();
        var begun = DateTimeOffset.UtcNow.AddSeconds(-1);
        var status = await place.StartAsync("v2", monitoring.Check);

        Assert.True(status.Phase == RolloutPhase.Healthy, $"{status.Phase}: {status.Message}");
        // As another shell reads it.
        var read = (await place.Target.ReadAsync(default))!;
        var decision = Assert.Single(read.Decisions, decision => decision.Action == "Checked");
        Assert.Equal(("Checked", HealthVerdict.Healthy, "0.001", "below 0.005", 1), (decision.Action, decision.Verdict, decision.Value, decision.Threshold, decision.Samples));
        Assert.Equal($"errors{{name=\"{read.Name}\", image=\"{read.Image}\"}}[5m]", decision.Query);
        Assert.InRange(decision.At, begun, DateTimeOffset.UtcNow.AddSeconds(1));
        Assert.Contains("0.001, below 0.005", decision.Message, StringComparison.Ordinal);
    }

    private static async Task VerifiedAsync(Place place)
    {
        await using var monitoring = await Monitoring.StartAsync();
        Assert.Equal(RolloutPhase.Healthy, (await place.StartAsync("v2", monitoring.Check)).Phase);
        var running = await place.RunningAsync();

        // A bad release is undone, and what ran before is asked about in a window of its own; none of it is begun anew.
        monitoring.Says(image => image.Contains("v3", StringComparison.Ordinal) ? 0.5 : 0.002);
        var undone = await place.StartAsync("v3", monitoring.Check);
        Assert.Equal((RolloutPhase.Undone, "HealthCheckFailed", "v2"), (undone.Phase, undone.Reason, undone.Image!.Tag));
        Assert.Equal([(HealthVerdict.Unhealthy, "0.5"), (HealthVerdict.Healthy, "0.002")], Asked(undone).TakeLast(2));
        Assert.Matches(@"\[[1-9][0-9]?s\]$", undone.Decisions.Last(decision => decision.Query is not null).Query!);
        if (place.KeepsWhatRuns) Assert.Equal(running, await place.RunningAsync());

        // An undo that somebody asks for, from a shell that knows nothing of the checks: by those that are kept.
        monitoring.Says(_ => 0.003);
        var asked = await place.UndoAsync();
        Assert.Equal((RolloutPhase.Undone, true, "v1"), (asked.Phase, asked.Succeeded, asked.Image!.Tag));
        Assert.Equal((HealthVerdict.Healthy, "0.003"), Asked(asked).Last());

        // And one that does not pass is told of, and not undone itself.
        monitoring.Says(_ => 0.9);
        var reporter = new RecordingReporter();
        var bad = await place.UndoAsync(new UndoRequest { ToRevision = (await place.Target.HistoryAsync(default)).First(revision => revision.Image.Tag == "v2").Revision }, reporter);
        Assert.Equal((RolloutPhase.Undone, "v2"), (bad.Phase, bad.Image!.Tag));
        Assert.Equal((HealthVerdict.Unhealthy, "0.9"), Asked(bad).Last());
        Assert.Contains("is Unhealthy by the same checks", Assert.Single(reporter.Warnings), StringComparison.Ordinal);
        Assert.Equal(HealthVerdict.Healthy, (await place.Target.HistoryAsync(default)).First(revision => revision.Current).Verdict);
    }

    private static IEnumerable<(HealthVerdict?, string?)> Asked(RolloutStatus status) => status.Decisions.Where(decision => decision.Query is not null).Select(decision => (decision.Verdict, decision.Value));

    private async Task<Place> OnDockerAsync()
    {
        var shop = new TestWorkload(engine.Client, engine.Prefix);
        await shop.StartAsync(await shop.ImageAsync("v1"));
        return new Place(shop.Target, async tag => TestWorkload.Request(await shop.ImageAsync(tag)), async () =>
        {
            var containers = await engine.Client.Containers.ListAsync([], all: false, default);
            return [.. containers.Where(container => container.Names.Any(name => name.Contains(shop.Name, StringComparison.Ordinal))).Select(container => $"{container.Id} {container.State}").Order()];
        }, KeepsWhatRuns: true);
    }

    /// <summary>A Deployment has its Pods replaced on the way back.</summary>
    private static async Task<Place> InClusterAsync(Playground place)
    {
        var target = await DeployedAsync(place, "deployment", "app:v1");
        return new Place(target, tag => Task.FromResult(new RolloutRequest { Image = ((ImageSource?)$"app:{tag}")!, Timeout = TimeSpan.FromMinutes(1) }), async () => [.. (await PodsAsync(place)).Select(pod => pod.Metadata.Name).Order()], KeepsWhatRuns: false);
    }

    private sealed record Place(IRolloutTarget Target, Func<string, Task<RolloutRequest>> Request, Func<Task<IReadOnlyList<string>>> RunningAsync, bool KeepsWhatRuns)
    {
        internal async Task<RolloutStatus> StartAsync(string tag, RolloutHealthCheck check)
        {
            var plan = await Target.PlanAsync(await Request(tag) with { HealthChecks = [check] }, SilentReporter.Instance, default);
            return await Target.ApplyAsync(plan, null, SilentReporter.Instance, default);
        }

        internal async Task<RolloutStatus> UndoAsync(UndoRequest? request = null, IReporter? reporter = null) =>
            await Target.ApplyAsync(await Target.PlanUndoAsync(request ?? new UndoRequest { Timeout = TimeSpan.FromMinutes(1) }, SilentReporter.Instance, default), null, reporter ?? SilentReporter.Instance, default);
    }

    /// <summary>A Prometheus that says of each image what it is told to.</summary>
    private sealed class Monitoring : IAsyncDisposable
    {
        private Upstream server = null!;
        private Func<string, double> errors = _ => 0.001;

        internal PrometheusHealthCheck Check => new()
        {
            Name = "errors", Uri = new Uri($"http://{server.Address}"), Query = "errors{name=\"{{name}}\", image=\"{{image}}\"}[{{window}}]", Below = 0.005, Interval = TimeSpan.FromMilliseconds(10),
        };

        internal static async Task<Monitoring> StartAsync()
        {
            var monitoring = new Monitoring();
            monitoring.server = await Upstream.StartAsync(async context => await context.Response.WriteAsync(monitoring.Answer((await context.Request.ReadFormAsync())["query"].ToString())));
            return monitoring;
        }

        internal void Says(Func<string, double> of) => errors = of;

        public ValueTask DisposeAsync() => server.DisposeAsync();

        private string Answer(string query) => string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"status\":\"success\",\"data\":{{\"resultType\":\"vector\",\"result\":[{{\"metric\":{{}},\"value\":[{DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0},\"{errors(query)}\"]}}]}}}}");
    }
}
