using System.Text.Json.Nodes;
using Rollout.Engine.Docker;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;
using Xunit;

namespace Rollout.Engine.Tests.Docker;

public sealed class RequestLossTests
{
    [Theory]
    [InlineData("", 8080, true, "Rolling", "", "")]
    [InlineData("", null, true, "Rolling", "", "no HEALTHCHECK")]
    [InlineData("CMD", null, true, "Rolling", "", "")]
    [InlineData("NONE", null, true, "Rolling", "", "no HEALTHCHECK")]
    [InlineData("", null, true, "Recreate", "", "")]
    [InlineData("", 8080, false, "BlueGreen", "", "nothing to switch")]
    [InlineData("", 8080, true, "Canary", "5%,50%", "")]
    [InlineData("", 8080, true, "Canary", "replicas 1,pause", "")]
    [InlineData("", 8080, true, "Canary", "5,25", "No step gives the new anything")]
    [InlineData("", 8080, false, "Canary", "5%,50%", "the new get 33.3 %, 1 of 3")]
    [InlineData("", 8080, false, "Canary", "33%,50%", "")]
    public void What_would_drop_requests_is_told(string healthCheck, int? port, bool routed, string strategy, string steps, string expected)
    {
        var image = new ImageInspect { Config = healthCheck.Length == 0 ? [] : new JsonObject { ["Healthcheck"] = new JsonObject { ["Test"] = new JsonArray(healthCheck) } } };
        AssertSays(expected, Risks(image, ContainerTemplate.Default, port, routed, Enum.Parse<RolloutStrategy>(strategy), steps));
    }

    [Theory]
    [InlineData("SIGKILL", null, false, "with SIGKILL")]
    [InlineData("SIGTERM", 0, false, "without any time")]
    [InlineData("SIGTERM", 10, false, "")]
    [InlineData("SIGKILL", 0, true, "")]
    public void What_stops_too_hard_is_told_where_no_router_drains_it(string signal, int? timeout, bool routed, string expected)
    {
        var config = new JsonObject { ["StopTimeout"] = timeout };
        var image = new ImageInspect { Config = new JsonObject { ["StopSignal"] = signal } };
        AssertSays(expected, Risks(image, ContainerTemplate.Default with { Config = config }, 8080, routed, RolloutStrategy.Rolling, ""));
    }

    [Fact]
    public void A_first_release_has_nothing_to_lose() =>
        Assert.Empty(RequestLoss.Risks(ChangeOf(RolloutStrategy.Rolling, "") with { FromReplicas = 0 }, ReleaseOf(null), ContainerTemplate.Default, new ImageInspect(), isRouted: false));

    private static void AssertSays(string expected, IReadOnlyList<string> risks)
    {
        if (expected.Length == 0) Assert.Empty(risks);
        else Assert.Contains(expected, Assert.Single(risks), StringComparison.Ordinal);
    }

    private static List<string> Risks(ImageInspect image, ContainerTemplate template, int? port, bool routed, RolloutStrategy strategy, string steps) =>
        [.. RequestLoss.Risks(ChangeOf(strategy, steps), ReleaseOf(port), template, image, routed)];

    private static Change ChangeOf(RolloutStrategy strategy, string steps) =>
        new() { From = 1, To = 2, FromReplicas = 2, Surge = 2, Strategy = strategy, Steps = StepText.Parse(steps) };

    private static Release ReleaseOf(int? port) => new() { Number = 2, Image = "shop:v2", ImageId = "sha256:2", Replicas = 2, Port = port };
}
