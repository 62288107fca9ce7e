using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Kubernetes.Argo;

/// <summary>What a request says of how Pods are replaced, in the fields of spec.strategy: set where that has one, refused where it has none. Pure.</summary>
internal static class ArgoSettings
{
    /// <summary>The part of spec.strategy that is to be set; null where nothing is.</summary>
    /// <exception cref="RolloutException">ArgoSpecDecides.</exception>
    public static JsonObject? Of(RolloutRequest request, ArgoRollout rollout, string workload)
    {
        var strategy = rollout.Spec.Strategy.BlueGreen is null ? RolloutStrategy.Canary : RolloutStrategy.BlueGreen;
        var fields = new JsonObject();
        foreach (var (parameter, value) in Given(request, strategy))
        {
            var field = Field(parameter, rollout.Spec.Strategy) ?? throw ArgoErrors.SpecDecides(workload, parameter, strategy);
            fields[field] = value;
        }

        return fields.Count == 0 ? null : new JsonObject { [strategy == RolloutStrategy.Canary ? "canary" : "blueGreen"] = fields };
    }

    private static IEnumerable<(string Parameter, JsonNode? Value)> Given(RolloutRequest request, RolloutStrategy own)
    {
        if (request.Strategy is not RolloutStrategy.Rolling && request.Strategy != own) yield return ($"-Strategy {request.Strategy}", null);
        if (request.Steps.Count > 0) yield return ("-Step", null);
        if (request.Baseline) yield return ("-Baseline", null);
        if (request.Docker.NamesRouter) yield return ("-Router", null);
        if (request.AutoPromote) yield return ("-AutoPromote", true);
        if (request.ScaleDownDelay > TimeSpan.Zero) yield return ("-ScaleDownDelay", (int)Math.Ceiling(request.ScaleDownDelay.TotalSeconds));
        if (request.MaxSurge is { } surge) yield return ("-MaxSurge", ImageChange.Share(surge));
        if (request.MaxUnavailable is { } unavailable) yield return ("-MaxUnavailable", ImageChange.Share(unavailable));
    }

    /// <summary>A blue-green Rollout's maxUnavailable is that of a restart; a canary keeps its old Pods only behind a router.</summary>
    private static string? Field(string parameter, ArgoStrategy strategy) => (parameter, strategy) switch
    {
        ("-AutoPromote", { BlueGreen: not null }) => "autoPromotionEnabled",
        ("-ScaleDownDelay", { BlueGreen: not null } or { Canary.TrafficRouting: not null }) => "scaleDownDelaySeconds",
        ("-MaxSurge", { BlueGreen: null }) => "maxSurge",
        ("-MaxUnavailable", { BlueGreen: null }) => "maxUnavailable",
        _ => null,
    };
}
