using System.Text.Json.Nodes;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>What would drop requests while one release takes over from another, or share them out otherwise than was asked: said before the first step, with the mend.</summary>
internal static class RequestLoss
{
    /// <summary>One sentence for each thing.</summary>
    /// <param name="change">The change.</param>
    /// <param name="release">The release to be.</param>
    /// <param name="template">Its settings.</param>
    /// <param name="image">Its image.</param>
    /// <param name="isRouted">Whether a router is in front.</param>
    internal static IEnumerable<string> Risks(Change change, Release release, ContainerTemplate template, ImageInspect image, bool isRouted)
    {
        if (change.FromReplicas == 0 || change.Strategy == RolloutStrategy.Recreate) return [];
        return new[]
        {
            Readiness(release, template, image),
            isRouted ? null : Stopping(template, image),
            Sharing(change),
            isRouted || change.Strategy != RolloutStrategy.BlueGreen ? null : "Without a router there is nothing to switch: the new set is reached as soon as it runs, beside the old. Put one in front: -Router HAProxy -RouterEndpoint ... -Backend ... -Port ....",
        }.OfType<string>().Concat(isRouted ? [] : ShareByReplicas.Misses(change.Steps, change.FromReplicas, change.Surge, "Take more -Replicas, or put a router in front."));
    }

    private static string? Readiness(Release release, ContainerTemplate template, ImageInspect image) =>
        release.Port is not null || HasHealthCheck(template, image)
            ? null
            : $"Nothing says when a new container can answer: {release.Image} has no HEALTHCHECK and no -Port is given, so it counts as ready when it has run for {ReplicaHealth.Settles.TotalSeconds:0} s. Give the image a HEALTHCHECK, or -Port.";

    /// <summary>A number without its percent sign is a pause.</summary>
    private static string? Sharing(Change change) =>
        change.Steps.Count == 0 || change.Steps.Any(step => step is WeightStep { Percent: > 0 } or ReplicasStep)
            ? null
            : $"No step gives the new anything before it gets all at the end: {string.Join(", ", change.Steps)}. Give it a share first, with a percent sign: -Step '5%,...'.";

    private static bool HasHealthCheck(ContainerTemplate template, ImageInspect image)
    {
        var test = (template.Config["Healthcheck"] as JsonObject ?? image.Config?["Healthcheck"] as JsonObject ?? []).Strings("Test");
        return test.Count > 0 && test[0] != "NONE";
    }

    /// <summary>Behind a router a container has nothing in hand any more when it is stopped.</summary>
    private static string? Stopping(ContainerTemplate template, ImageInspect image)
    {
        var signal = (string?)template.Config["StopSignal"] ?? (string?)image.Config?["StopSignal"];
        var killed = signal is "SIGKILL" or "KILL" or "9";
        if (!killed && (int?)template.Config["StopTimeout"] is not 0) return null;
        return $"The old containers are stopped {(killed ? "with SIGKILL" : "without any time to end")}, and lose what they have in hand. Take another STOPSIGNAL and a stop timeout, or put a router in front, which drains them first.";
    }
}
