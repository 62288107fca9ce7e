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
        var switches = new List<TimeSpan>();
        for (var i = 0; i < rollouts; i++)
        {
            var image = images[i % 2];
            var request = new RolloutRequest
            {
                Image = image,
                Strategy = strategy,
                Steps = strategy == RolloutStrategy.Canary ? StepText.Parse(CanarySteps) : [],
                AutoPromote = true,
            };
            if (strategy == RolloutStrategy.BlueGreen) switches.Add(await SwitchAsync(image, request, load, $"shop {images[(i + 1) % 2].Tag}"));
            else await RollOutAsync(image, request);
        }

        return new SteppedUnderLoadResult(await load.StopAsync(), switches);

        async Task RollOutAsync(ImageReference image, RolloutRequest request, Action<RolloutStatus>? changed = null)
        {
            var plan = await target.PlanAsync(request, SilentReporter.Instance, CancellationToken.None);
            var status = await target.ApplyAsync(plan, changed, SilentReporter.Instance, CancellationToken.None);
            if (status.Phase != RolloutPhase.Healthy) throw new InvalidOperationException($"{image}: {status.Phase}: {status.Reason}: {status.Message}");
        }

        async Task<TimeSpan> SwitchAsync(ImageReference image, RolloutRequest request, LoadGenerator load, string old)
        {
            var decided = 0L;
            await RollOutAsync(image, request, status =>
            {
                if (decided == 0 && status.Step == "2 of 2: weight 100%") decided = Stopwatch.GetTimestamp();
            });
            var last = load.LastSentTo(old);
            return last < decided ? TimeSpan.Zero : Stopwatch.GetElapsedTime(decided, last);
        }
    }
}

/// <summary>What came of it.</summary>
/// <param name="Load">The load.</param>
/// <param name="Switches">From the decision to switch to the last request that the old side was sent, for each blue-green rollout.</param>
internal sealed record SteppedUnderLoadResult(LoadResult Load, IReadOnlyList<TimeSpan> Switches);
