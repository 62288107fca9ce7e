using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Rollout.Engine.Tests.Registries;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes;

/// <summary>Rollouts while the control plane is slow, away or standing still.</summary>
public sealed class TargetFaultTests : IAsyncLifetime
{
    private readonly CancellationToken _limit = TestLimit.FromNow;
    private TestCluster _cluster = null!;
    private KubernetesClient _client = null!;
    private IRolloutTarget _target = null!;

    public async Task InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync();
        _client = _cluster.Client();
        _target = new KubernetesTargets(_client, TimeProvider.System, new Random(1)) { Images = AnyImage.Instance }.Find(TargetName.Parse("deployment/app"), "default");
        _cluster.Locked(() => _cluster.Store.Create(new Key("apps/deployments", "default", "app"), Controllers.WithDefaults("apps/deployments", Playground.Workload("app", "app:v1")), dryRun: false));
        await foreach (var status in _target.WatchAsync(_limit))
        {
            if (status.Phase == RolloutPhase.Healthy) break;
        }
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task TheOldRevisionsBrokenPodsSayNothingAboutTheNewOne()
    {
        Assert.Equal("ErrImagePull", (await StartAsync("app:bad", TimeSpan.FromMinutes(1))).Reason);
        // The change is seen, but nobody makes the revision for it: the newest is still the broken one.
        _cluster.Locked(() => _cluster.Controllers.AreRunning = false);

        Assert.Equal("Timeout", (await StartAsync("app:v2", TimeSpan.FromSeconds(1))).Reason);
    }

    [Fact]
    public async Task ABrokenRevisionIsMendedByTheNext()
    {
        await StartAsync("app:crash", TimeSpan.FromMinutes(1));

        Assert.Equal(RolloutPhase.Healthy, (await StartAsync("app:v2", TimeSpan.FromMinutes(1))).Phase);
    }

    [Fact]
    public async Task AControlPlaneThatRestartsMeanwhileIsWaitedFor()
    {
        var isUnderWay = new TaskCompletionSource();
        var rollout = StartAsync("app:slow1", TimeSpan.FromMinutes(1), _ => isUnderWay.TrySetResult());
        await isUnderWay.Task;

        await _cluster.StopAsync();
        await _cluster.RestartAsync();

        Assert.Equal(RolloutPhase.Healthy, (await rollout).Phase);
    }

    [Fact]
    public async Task AHistoryThatIsForgottenMeanwhileLosesNothing()
    {
        for (var i = 0; i < 3; i++) _cluster.Next(request => request.Query.ContainsKey("watch"), new Fault.ExpiredInStream());

        Assert.Equal(RolloutPhase.Healthy, (await StartAsync("app:v2", TimeSpan.FromMinutes(1))).Phase);
    }

    [Theory]
    [InlineData("replicasets", false)]
    [InlineData("deployments", false)]
    [InlineData("deployments", true)]
    public async Task AnOutageDoesNotKeepABadReleaseFromBeingUndone(string what, bool isDone)
    {
        var reporter = new RecordingReporter();
        // A Deployment's first patch begins the rollout.
        NextPatch(what, after: what == "deployments" ? 1 : 0, isDone ? new Fault.CutAfter() : new Fault.CutBefore());

        var status = await StartAsync("app:bad", TimeSpan.FromMinutes(1), onFailure: FailureAction.Undo, reporter: reporter);

        Assert.Equal((RolloutPhase.Undone, "app:v1"), (status.Phase, status.Image?.ToString().Split('/')[^1]));
        Assert.Contains("tried again", Assert.Single(reporter.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AShellThatDiesBetweenTheFailureAndItsUndoLeavesTheUndoToTheNext()
    {
        NextPatch("deployments", after: 1, new Fault.Answer(403));
        await Assert.ThrowsAsync<RolloutException>(() => StartAsync("app:bad", TimeSpan.FromMinutes(1), onFailure: FailureAction.Undo));

        Assert.Equal(RolloutPhase.Undone, (await _target.CarryOnAsync(null, SilentReporter.Instance, _limit)).Phase);
    }

    [Theory]
    [InlineData("pods")]
    [InlineData("replicasets")]
    public async Task AWatchThatIsNoLongerAllowedIsNotFollowedBlindly(string what)
    {
        _cluster.Next(request => request.Query.ContainsKey("watch") && request.Path.Value!.EndsWith($"/{what}", StringComparison.Ordinal), new Fault.Answer(403));

        var error = await Assert.ThrowsAsync<RolloutException>(() => StartAsync("app:unready", TimeSpan.FromMinutes(1)));

        Assert.Equal("KubernetesForbidden", error.Id);
    }

    [Fact]
    public async Task APodThatDiesWhileChecksWatchForLongEndsThem()
    {
        var address = new Uri(_cluster.Address);
        var check = new TcpHealthCheck { Name = "port", HostName = address.Host, Port = address.Port, For = TimeSpan.FromHours(1) };

        var status = await StartAsync("app:dielater", TimeSpan.FromMinutes(1), onFailure: FailureAction.Undo, checks: check);

        Assert.Equal((RolloutPhase.Undone, "CrashLoopBackOff"), (status.Phase, status.Reason));
    }

    [Fact]
    public async Task ANamespaceThatIsNotThereIsNotListedAsEmpty()
    {
        var targets = new KubernetesTargets(_client, TimeProvider.System, new Random(1));

        var error = await Assert.ThrowsAsync<RolloutException>(() => targets.ListAsync(new TargetFilter { Namespace = "defualt" }, _limit));

        Assert.Equal("NamespaceNotFound", error.Id);
        Assert.Empty(await targets.ListAsync(new TargetFilter { Namespace = "default", Selector = "app=none" }, _limit));
    }

    private void NextPatch(string what, int after, Fault fault) =>
        _cluster.Next(request => request.Method == "PATCH" && request.Path.Value!.Contains($"/{what}/", StringComparison.Ordinal) && after-- == 0, fault);

    private async Task<RolloutStatus> StartAsync(string image, TimeSpan timeout, Action<RolloutStatus>? seen = null, FailureAction onFailure = FailureAction.Continue, IReporter? reporter = null, params IReadOnlyList<RolloutHealthCheck> checks)
    {
        var request = new RolloutRequest { Image = ((ImageSource?)image)!, OnFailure = onFailure, Timeout = timeout, HealthChecks = checks };
        return await _target.ApplyAsync(await _target.PlanAsync(request, SilentReporter.Instance, _limit), seen, reporter ?? SilentReporter.Instance, _limit);
    }
}
