using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Registries;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Kubernetes.Cluster;
using Rollout.Engine.Tests.Registries;
using Xunit;

namespace Rollout.Engine.Tests.Kubernetes;

/// <summary>What registries and runtimes say of the image of a rollout, and who keeps it, where a real cluster could not be made to say it.</summary>
public sealed class RunningDigestTests : IAsyncLifetime
{
    private static CancellationToken Limit => TestLimit.FromNow;
    private static readonly string Index = FaultRegistry.Digest([1]);
    private static readonly string Child = FaultRegistry.Digest([2]);
    private static readonly string Config = FaultRegistry.Digest([3]);
    private readonly RecordingReporter _reporter = new();
    private TestCluster _cluster = null!;
    private KubernetesClient _client = null!;

    public async Task InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync();
        _client = _cluster.Client();
        _cluster.Locked(() => _cluster.Store.Create(new Key("apps/deployments", "default", "app"), Controllers.WithDefaults("apps/deployments", Playground.Workload("app", "app:v1")), dryRun: false));
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _cluster.DisposeAsync();
    }

    [Theory]
    [InlineData("index", "docker.io/library/app@{0}", true)]
    [InlineData("index", "docker-pullable://app@{0}", true)]
    [InlineData("child", "docker.io/library/app@{0}", true)]
    [InlineData("config", "{0}", true)]
    [InlineData("config", "docker://{0}", true)]
    [InlineData("other", "docker.io/library/app@{0}", false)]
    public async Task AnyOfTheThreeNamesConfirmsIt(string what, string form, bool confirms)
    {
        var digest = what switch { "index" => Index, "child" => Child, "config" => Config, _ => FaultRegistry.Digest([4]) };
        _cluster.Controllers.Kubelet.ImageId = _ => string.Format(null, form, digest);

        var status = await StartAsync("app:v2", new OneDigest(Index, Child, Config));

        Assert.Equal(RolloutPhase.Healthy, status.Phase);
        Assert.Contains(status.Decisions, decision => decision.Action == (confirms ? "DigestConfirmed" : "DigestNotConfirmed"));
        Assert.Equal(confirms ? 0 : 1, _reporter.Warnings.Count);
    }

    [Fact]
    public async Task ARuntimeThatNamesNoDigestSaysNothing()
    {
        _cluster.Controllers.Kubelet.ImageId = _ => "app:v2";

        var status = await StartAsync("app:v2", new OneDigest(Index));

        Assert.Equal(["Started", "Completed"], status.Decisions.Select(decision => decision.Action));
    }

    [Fact]
    public async Task WhatThePublishedImageProvedIsNotAskedForAgain()
    {
        var published = new PublishedImage { Reference = ImageReference.Parse("app:v2").WithDigest(Index), Digest = Index, MediaType = "" };

        var status = await StartAsync(published, new NoRegistry());

        Assert.Equal($"docker.io/library/app:v2@{Index}", status.Image!.ToString());
    }

    [Fact]
    public async Task WhatTheRegistryDoesNotHoldIsRefusedUnlessForced()
    {
        await using var registry = await FaultRegistry.StartAsync();
        var images = new ImageDigests(new DockerConfig("/nowhere"), TimeProvider.System);
        var gone = registry.Reference("app", "gone");

        Assert.Equal("ImageNotInRegistry", (await Assert.ThrowsAsync<RolloutException>(() => StartAsync(gone, images))).Id);
        Assert.Equal(1, (await _client.GetAsync(Resources.Deployments, "default", "app", Limit))!.Metadata.Generation);
        Assert.Equal(gone, (await StartAsync(gone, images, force: true)).Image);
        Assert.Single(_reporter.Warnings);
    }

    [Fact]
    public async Task ARefusalNamesTheGitPathWhereTheApplicationSaysIt()
    {
        _cluster.Locked(() =>
        {
            _cluster.Store.Create(new Key("argoproj.io/applications", "argocd", "shop"), new JsonObject { ["spec"] = new JsonObject { ["source"] = new JsonObject { ["repoURL"] = "https://git.example.com/shop.git", ["path"] = "overlays/prod" } } }, dryRun: false);
            _cluster.Store.Change(new Key("apps/deployments", "default", "app"), app =>
            {
                app.Child("metadata").Child("annotations")["argocd.argoproj.io/tracking-id"] = "shop:apps/Deployment:default/app";
                return app;
            });
        });

        var error = await Assert.ThrowsAsync<RolloutException>(() => StartAsync("app:v2", AnyImage.Instance));

        Assert.Equal("OwnedByGitOps", error.Id);
        Assert.Contains("'overlays/prod' of https://git.example.com/shop.git", error.Mend, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARefusalNamesTheGitPathWhereTheKustomizationSaysIt()
    {
        _cluster.Locked(() =>
        {
            _cluster.Store.Create(new Key("kustomize.toolkit.fluxcd.io/kustomizations", "flux-system", "apps"), new JsonObject { ["spec"] = new JsonObject { ["path"] = "./apps/prod", ["sourceRef"] = new JsonObject { ["kind"] = "GitRepository", ["name"] = "fleet" } } }, dryRun: false);
            _cluster.Store.Change(new Key("apps/deployments", "default", "app"), app =>
            {
                var labels = app.Child("metadata").Child("labels");
                labels["kustomize.toolkit.fluxcd.io/name"] = "apps";
                labels["kustomize.toolkit.fluxcd.io/namespace"] = "flux-system";
                return app;
            });
        });

        var error = await Assert.ThrowsAsync<RolloutException>(() => StartAsync("app:v2", AnyImage.Instance));

        Assert.Contains("'./apps/prod' of GitRepository 'fleet'", error.Mend, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("24", 1)]
    [InlineData("24+", 1)]
    [InlineData("25", 0)]
    [InlineData("32+", 0)]
    public async Task AClusterThatIsTooOldIsAWarning(string minor, int warnings)
    {
        _cluster.Minor = minor;

        Assert.Equal(RolloutPhase.Healthy, (await StartAsync("app:v2", AnyImage.Instance)).Phase);
        Assert.Equal(warnings, _reporter.Warnings.Count);
    }

    [Fact]
    public async Task WhatWasNeverTriedIsNotKnownToBeBad()
    {
        _cluster.Controllers.AreRunning = false;
        var target = Target(AnyImage.Instance);
        Assert.Equal("Timeout", (await StartAsync("app:v2", AnyImage.Instance, timeout: TimeSpan.FromSeconds(1))).Reason);
        _cluster.Locked(() => _cluster.Controllers.AreRunning = true);
        Assert.Equal(RolloutPhase.Healthy, (await StartAsync("app:v3", AnyImage.Instance)).Phase);

        Assert.DoesNotContain(await target.HistoryAsync(Limit), revision => revision.Verdict == HealthVerdict.Unhealthy);
    }

    [Fact]
    public async Task EvidenceThatDoesNotSayFailsTheRolloutButNotTheRevision()
    {
        await StartAsync("app:v2", AnyImage.Instance);
        // Who looks at the Pods for the check is not let: that says nothing about them.
        var check = new ContainerHealthCheck { Name = "containers", FailureLimit = 1, SuccessesNeeded = 1, Interval = TimeSpan.FromMilliseconds(1) };
        _cluster.Allows = (verb, resource, _) => verb != "list" || resource != "apps/replicasets" || !_checking;
        _checking = false;

        var status = await StartAsync("app:v3", AnyImage.Instance, checks: [check], seen: _ => _checking = true);

        Assert.Equal((RolloutPhase.Failed, "HealthCheckFailed"), (status.Phase, status.Reason));
        _checking = false;
        Assert.Equal(HealthVerdict.Inconclusive, (await Target(AnyImage.Instance).HistoryAsync(Limit)).Single(revision => revision.Image.Tag == "v3").Verdict);
    }

    private volatile bool _checking;

    private IRolloutTarget Target(IImageDigests images) =>
        new KubernetesTargets(_client, TimeProvider.System, new Random(1)) { Images = images }.Find(TargetName.Parse("deployment/app"), "default");

    private async Task<RolloutStatus> StartAsync(
        ImageSource? image, IImageDigests images, bool force = false, TimeSpan? timeout = null, IReadOnlyList<RolloutHealthCheck>? checks = null, Action<RolloutStatus>? seen = null)
    {
        var target = Target(images);
        var request = new RolloutRequest { Image = image!, Force = force, OnFailure = FailureAction.Freeze, Timeout = timeout ?? TimeSpan.FromMinutes(1), HealthChecks = checks ?? [] };
        return await target.ApplyAsync(await target.PlanAsync(request, _reporter, Limit), seen, _reporter, Limit);
    }

    /// <summary>Fails whoever asks it.</summary>
    private sealed class NoRegistry : IImageDigests
    {
        public Task<ImageReference> PinAsync(ImageReference reference, IReporter reporter, CancellationToken cancellation) => throw new InvalidOperationException("It was asked.");

        public Task<IReadOnlySet<string>> DigestsAsync(ImageReference reference, CancellationToken cancellation) => Task.FromResult<IReadOnlySet<string>>(new HashSet<string>());
    }
}
