using System.Diagnostics;
using Rollout.Engine.Docker;
using Rollout.Engine.Registries;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Tests.Engines;

/// <summary>
/// The promise of canaries and blue-green switches behind a router, tried on a real engine and a real HAProxy: a service of two replicas goes from version to version
/// while a load runs. Needs <c>docker</c>, <c>haproxy</c> and <c>busybox</c>.
/// </summary>
internal static class SteppedUnderLoad
{
    private const string CanarySteps = "20%,50%";

    /// <summary>Rolls out as often as said, in turns of two versions, under a load of 1,100 requests a second.</summary>
    internal static async Task<SteppedUnderLoadResult> RunAsync(DockerEngineFixture engine, RolloutStrategy strategy, int rollouts)
    {
        var images = new[] { ImageReference.Parse($"localhost/{engine.Prefix}shop:v0"), ImageReference.Parse($"localhost/{engine.Prefix}shop:v1") };
        foreach (var image in images) await ShopImages.BuildAsync(engine.Client, image, image.Tag!);

        await using var router = await TestRouter.StartAsync();
        var target = new DockerTargets(engine.Client, new DockerConfig(), router.Directory).Find(new TargetName("docker", $"{engine.Prefix}{strategy}".ToLowerInvariant()));
        var shape = new DockerWorkload { Replicas = 2, Port = ShopImages.Port, Router = "haproxy", RouterEndpoint = router.Socket, Backend = "shop" };
        await RollOutAsync(images[1], new RolloutRequest { Image = images[1], Docker = shape });

        await using var load = LoadGenerator.Start(router.Uri, requestsPerSecond: 1100);
        var switches = new List<Switch>();
        for (var i = 0; i < rollouts; i++)
        {
            var image = images[i % 2];
            var request = new RolloutRequest
            {
                Image = image,
                Strategy = strategy,
                Steps = strategy == RolloutStrategy.Canary ? StepText.Parse(CanarySteps) : [],
            };
            if (strategy == RolloutStrategy.BlueGreen) switches.Add(await SwitchAsync(image, request, load, $"shop {images[(i + 1) % 2].Tag}"));
            else await RollOutAsync(image, request);
        }

        return new SteppedUnderLoadResult(await load.StopAsync(), switches);

        async Task<RolloutStatus> RollOutAsync(ImageReference image, RolloutRequest request, RolloutPhase expected = RolloutPhase.Healthy) =>
            await ApplyAsync(image, await target.PlanAsync(request, SilentReporter.Instance, CancellationToken.None), expected);

        async Task<Switch> SwitchAsync(ImageReference image, RolloutRequest request, LoadGenerator load, string old)
        {
            await RollOutAsync(image, request, RolloutPhase.Paused);
            var called = Stopwatch.GetTimestamp();
            var status = await ApplyAsync(image, await target.PlanAsync(new RolloutCommand(RolloutVerb.Resume), SilentReporter.Instance, CancellationToken.None), RolloutPhase.Healthy);
            var last = load.LastSentTo(old);
            var decided = DateTimeOffset.UtcNow - status.Decisions.Last(decision => decision.Action == "Resumed").At;
            var lastAgo = Stopwatch.GetElapsedTime(last);
            return new Switch(NotBelowZero(decided - lastAgo), NotBelowZero(Stopwatch.GetElapsedTime(called) - lastAgo));
        }

        async Task<RolloutStatus> ApplyAsync(ImageReference image, RolloutPlan plan, RolloutPhase expected)
        {
            var status = await target.ApplyAsync(plan, null, SilentReporter.Instance, CancellationToken.None);
            if (status.Phase != expected) throw new InvalidOperationException($"{image}: {status.Phase}: {status.Reason}: {status.Message}");
            return status;
        }
    }

    // The last one may have been sent before anything was decided.
    private static TimeSpan NotBelowZero(TimeSpan time) => time < TimeSpan.Zero ? TimeSpan.Zero : time;
}

/// <summary>What came of it.</summary>
/// <param name="Load">The load.</param>
/// <param name="Switches">How long each blue-green rollout took to switch.</param>
internal sealed record SteppedUnderLoadResult(LoadResult Load, IReadOnlyList<Switch> Switches);

/// <summary>How long it was until the last request that the old side was sent.</summary>
/// <param name="FromDecision">Since the decision that lets it switch, the writing of its record included.</param>
/// <param name="FromCall">Since the call that led to that decision.</param>
internal sealed record Switch(TimeSpan FromDecision, TimeSpan FromCall);
