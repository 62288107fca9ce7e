using Rollout.Engine.Rollouts;
using Rollout.Engine.Tests.Engines;
using Rollout.Engine.Traffic;
using Xunit;
using Xunit.Abstractions;

namespace Rollout.Engine.Tests.Docker;

/// <summary>
/// A shell dies after each single change it makes to the engine or the router, and another one carries on. Dying is played here: every call
/// after the chosen one fails, the farewell included. <see cref="ShellProcessTests"/> kills a real process.
/// </summary>
[Trait("Needs", "docker")]
public sealed class InterruptedRolloutTests(DockerEngineFixture engine, ITestOutputHelper output) : IClassFixture<DockerEngineFixture>
{
    // More than any of the rollouts below takes.
    private const int MostChanges = 80;

    public enum Next
    {
        SameImage,
        OtherImage,
        CarryOn,
        Undo,
    }

    [TheoryNeeds("docker", "haproxy")]
    [InlineData(Next.SameImage, 1)]
    [InlineData(Next.OtherImage, 2)]
    [InlineData(Next.CarryOn, 3)]
    [InlineData(Next.Undo, 3)]
    public async Task Whenever_the_shell_dies_the_next_one_brings_it_to_an_end(Next next, int step)
    {
        await using var haproxy = await TestRouter.StartAsync();
        var name = $"{engine.Prefix}{Guid.NewGuid().ToString("N")[..6]}";
        var survivor = new TestWorkload(engine.Client, engine.Prefix, name, time: new LaterTime());
        var images = new[] { await survivor.ImageAsync("v1"), await survivor.ImageAsync("v2"), await survivor.ImageAsync("v3") };
        var behind = new DockerWorkload { Port = TestWorkload.Port, Router = "haproxy", RouterEndpoint = haproxy.Socket, Backend = "shop", Replicas = 2 };
        await survivor.StartAsync(TestWorkload.Request(images[0], 2, behind));

        await using var load = LoadGenerator.Start(haproxy.Uri, requestsPerSecond: 40, connections: 2);
        var served = 0;
        for (var changes = 1; changes < MostChanges; changes += step)
        {
            var wanted = (served + 1) % 3;
            output.WriteLine($"{next}: dies after {changes} changes");
            var life = new Life(changes);
            var mortal = new TestWorkload(new MortalClient(engine.Client, life), engine.Prefix, name, (_, _) => new MortalRouter(haproxy.Open(), life));
            try
            {
                await mortal.StartAsync(TestWorkload.Request(images[wanted], 2, new DockerWorkload()));
                Assert.True(changes > 10, "it took hardly any changes");
                Assert.Empty((await load.StopAsync()).Failures);
                return;
            }
            catch (DiedException)
            {
                // As planned.
            }

            var other = (served + 2) % 3;
            var status = next switch
            {
                Next.SameImage => await survivor.StartAsync(TestWorkload.Request(images[wanted], 2, new DockerWorkload())),
                Next.OtherImage => await survivor.StartAsync(TestWorkload.Request(images[other], 2, new DockerWorkload())),
                Next.CarryOn => await survivor.CarryOnAsync(),
                _ => await UndoAsync(survivor),
            };

            Assert.True(status.Phase is RolloutPhase.Healthy or RolloutPhase.Undone, $"after {changes} changes: {status.Phase}: {status.Message}");
            served = Array.FindIndex(images, image => image.Tag == status.Image!.Tag);
            if (next is Next.SameImage) Assert.Equal(wanted, served);
            if (next is Next.OtherImage) Assert.Equal(other, served);
            await AssertInOrderAsync(survivor, haproxy, status, changes);
        }

        Assert.Fail("it never came to its end");
    }

    [FactNeeds("docker", "haproxy")]
    public async Task Whenever_the_shell_of_a_canary_dies_another_one_carries_it_on_from_that_step()
    {
        await using var haproxy = await TestRouter.StartAsync();
        var name = $"{engine.Prefix}{Guid.NewGuid().ToString("N")[..6]}";
        var survivor = new TestWorkload(engine.Client, engine.Prefix, name, time: new LaterTime());
        var images = new[] { await survivor.ImageAsync("v1"), await survivor.ImageAsync("v2") };
        var behind = new DockerWorkload { Port = TestWorkload.Port, Router = "haproxy", RouterEndpoint = haproxy.Socket, Backend = "shop", Replicas = 2 };
        await survivor.StartAsync(TestWorkload.Request(images[0], 2, behind));

        await using var load = LoadGenerator.Start(haproxy.Uri, requestsPerSecond: 40, connections: 2);
        for (var (changes, wanted) = (1, 1); changes < MostChanges; changes += 9, wanted = 1 - wanted)
        {
            output.WriteLine($"dies after {changes} changes");
            var life = new Life(changes);
            var mortal = new TestWorkload(new MortalClient(engine.Client, life), engine.Prefix, name, (_, _) => new MortalRouter(haproxy.Open(), life));
            var canary = TestWorkload.Request(images[wanted], 2, new DockerWorkload()) with { Strategy = RolloutStrategy.Canary, Steps = StepText.Parse("20%,1ms,60%,check") };
            var passed = "";
            try
            {
                await mortal.StartAsync(canary, status => passed = status.Step ?? passed);
                Assert.StartsWith("4 of 4", passed, StringComparison.Ordinal);
                Assert.Empty((await load.StopAsync()).Failures);
                return;
            }
            catch (DiedException)
            {
                // As planned.
            }

            // No step is done again that was passed.
            var steps = new List<string>();
            var begun = (await survivor.ReadAsync()).Phase != RolloutPhase.Healthy;
            var status = begun ? await CarriedOnAsync(survivor, steps) : await survivor.StartAsync(canary);
            Assert.True(status.Phase == RolloutPhase.Healthy, $"after {changes} changes: {status.Phase}: {status.Message}");
            Assert.Equal(images[wanted].Tag, status.Image!.Tag);
            Assert.All(steps, step => Assert.True(string.CompareOrdinal(step, passed) >= 0, $"{step} after {passed}"));
            await AssertInOrderAsync(survivor, haproxy, status, changes);
        }

        Assert.Fail("it never came to its end");
    }

    private static async Task<RolloutStatus> CarriedOnAsync(TestWorkload survivor, List<string> steps) =>
        await survivor.CommandAsync(RolloutVerb.Resume, status =>
        {
            if (status.Step is { } step) steps.Add(step);
        });

    /// <summary>Where nothing was begun, nothing is half done: an undo would undo the one before.</summary>
    private static async Task<RolloutStatus> UndoAsync(TestWorkload survivor)
    {
        var status = await survivor.ReadAsync();
        return status.Phase == RolloutPhase.Progressing ? await survivor.UndoAsync() : status;
    }

    private static async Task AssertInOrderAsync(TestWorkload shop, TestRouter haproxy, RolloutStatus status, int changes)
    {
        var read = await shop.ReadAsync();
        Assert.True(read.Phase == status.Phase, $"after {changes} changes: {read.Phase}: {read.Message}");

        // Where the very last removal is all that was left undone, the next writer does it.
        Assert.InRange((await shop.RecordsAsync()).Count, 1, 2);

        var running = (await shop.ContainersAsync()).Split(' ').Where(container => container.EndsWith(":running", StringComparison.Ordinal)).Select(container => container.Split(':')[0]).ToList();
        Assert.Equal([$"{status.Revision}-1", $"{status.Revision}-2"], running);
        await using var router = haproxy.Open();
        var servers = (await router.ServersAsync(CancellationToken.None)).Where(server => server.State == RouterServerState.Ready).Select(server => server.Name).Order();
        Assert.Equal(running.Select(container => $"{shop.Name}-{container}"), servers);
    }

    /// <summary>A clock by which whoever was at work was silent for too long.</summary>
    private sealed class LaterTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromHours(1);
    }
}
