using System.Diagnostics;
using Rollout.Engine.Docker;
using Rollout.Engine.Registries;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Tests.Engines;

/// <summary>
/// The promise of a rollout behind a router, tried on a real engine and a real HAProxy: a service of two replicas is replaced again and
/// again, version by version, while a load runs. Needs <c>docker</c>, <c>haproxy</c> and <c>busybox</c>.
/// </summary>
internal static class RolloutsUnderLoad
{
    private const int Versions = 2;

    /// <summary>Rolls out as often as said, in turns of two versions, under a load of 1,500 requests a second.</summary>
    internal static async Task<RolloutsUnderLoadResult> RunAsync(DockerEngineFixture engine, int rollouts)
    {
        var images = new List<ImageReference>();
        for (var version = 0; version < Versions; version++)
        {
            var reference = ImageReference.Parse($"localhost/{engine.Prefix}shop:v{version}");
            await ShopImages.BuildAsync(engine.Client, reference, $"v{version}");
            images.Add(reference);
        }

        await using var router = await TestRouter.StartAsync();
        var target = new DockerTargets(engine.Client, new DockerConfig(), router.Directory).Find(new TargetName("docker", $"{engine.Prefix}shop"));
        var shape = new DockerWorkload { Replicas = 2, Port = ShopImages.Port, Router = "haproxy", RouterEndpoint = router.Socket, Backend = "shop" };
        await RollOutAsync(images[^1], shape);

        await using var load = LoadGenerator.Start(router.Uri);
        var durations = new List<TimeSpan>();
        for (var i = 0; i < rollouts; i++) durations.Add(await RollOutAsync(images[i % Versions], new DockerWorkload()));

        return new RolloutsUnderLoadResult(await load.StopAsync(), load.Answers, durations);

        async Task<TimeSpan> RollOutAsync(ImageReference image, DockerWorkload docker)
        {
            var begun = Stopwatch.GetTimestamp();
            var plan = await target.PlanAsync(new RolloutRequest { Image = image, Docker = docker }, SilentReporter.Instance, CancellationToken.None);
            var status = await target.ApplyAsync(plan, null, SilentReporter.Instance, CancellationToken.None);
            if (status.Phase != RolloutPhase.Healthy) throw new InvalidOperationException($"{status.Phase}: {status.Reason}: {status.Message}");
            return Stopwatch.GetElapsedTime(begun);
        }
    }
}

/// <summary>What came of it.</summary>
/// <param name="Load">The load.</param>
/// <param name="Answers">How often each version answered.</param>
/// <param name="Durations">How long each rollout took.</param>
internal sealed record RolloutsUnderLoadResult(LoadResult Load, IReadOnlyDictionary<string, int> Answers, IReadOnlyList<TimeSpan> Durations);
