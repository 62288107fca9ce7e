using System.Globalization;
using Microsoft.AspNetCore.Http;
using Rollout.Engine.Docker;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Docker;

/// <summary>Whether a shell is still at work is told by the engine's clock alone: the shells' machines may disagree by hours.</summary>
public sealed class EngineClockTests
{
    [Theory]
    [InlineData(0, 5, null)]
    [InlineData(0, 40, "Abandoned")]
    [InlineData(7200, 5, null)]
    [InlineData(7200, 40, "Abandoned")]
    [InlineData(-7200, 5, null)]
    [InlineData(-7200, 40, "Abandoned")]
    public async Task Silence_is_measured_by_the_engines_clock(int ahead, int silence, string? reason)
    {
        var engineNow = DateTimeOffset.UtcNow.AddSeconds(ahead);
        await using var engine = await FakeEngine.StartAsync(context =>
        {
            context.Response.Headers.Date = engineNow.ToString("R", CultureInfo.InvariantCulture);
            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync(Listing(engineNow.AddSeconds(-silence)));
        });

        var status = await new TestWorkload(engine.Client, "", "shop").ReadAsync();
        Assert.Equal((RolloutPhase.Progressing, reason), (status.Phase, status.Reason));
    }

    /// <summary>A rollout under way, whose shell on another machine wrote its record at a moment by the engine's clock.</summary>
    private static string Listing(DateTimeOffset written)
    {
        var state = new WorkloadState { Holder = Holder.Here(DateTimeOffset.UtcNow.AddDays(-1)) with { Host = "elsewhere" } }
            .Add(new Release { Number = 1, Image = "docker.io/library/shop:v1", ImageId = "sha256:1", Replicas = 1 })
            .Begin(new Change { From = 0, To = 1, FromReplicas = 0, Surge = 1 }, new RolloutDecision(written, "Started", ""));
        var labels = System.Text.Json.JsonSerializer.Serialize((state with { Sequence = 1 }).ToLabels("shop", "me").ToDictionary());
        return $$"""[{"Id":"1","Names":["/rollout-shop-1"],"State":"created","Created":{{written.ToUnixTimeSeconds()}},"Labels":{{labels}}}]""";
    }
}
