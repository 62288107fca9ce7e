namespace Rollout.Engine.Tests.Health;

/// <summary>Rollouts to check.</summary>
internal static class TestRollouts
{
    internal static RolloutStatus Docker { get; } = new()
    {
        Target = "docker/shop",
        Kind = "docker",
        Name = "shop",
        Endpoint = new RolloutEndpoint(),
        Platform = RolloutPlatform.Docker,
        Image = ImageReference.Parse("registry.example.com/team/shop:v2"),
        Phase = RolloutPhase.Healthy,
        Desired = 1,
        Revision = 3,
        StartedAt = DateTimeOffset.UtcNow,
    };

    internal static RolloutStatus Kubernetes { get; } = Docker with
    {
        Target = "deployment/shop",
        Kind = "deployment",
        Namespace = "finance",
        Container = "web",
        Platform = RolloutPlatform.Kubernetes,
    };
}
