using System.Globalization;
using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Strategies;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Traffic.Kubernetes;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>What would drop requests while the Pods of one version take over from those of another: said before the first step, with the mend.</summary>
/// <param name="Change">The change.</param>
/// <param name="Steps">The steps of a canary or blue-green rollout.</param>
/// <param name="Route">What shares the traffic out; null where the Pods themselves do.</param>
internal sealed record RequestLoss(ImageChange Change, IReadOnlyList<RolloutStep> Steps, ShareRoute? Route)
{
    // What kubelet waits where a Pod does not say.
    private const int UsualGrace = 30;

    private Workload Workload => Change.Workload;

    private int Replicas => Workload.Progress.Desired;

    private JsonObject? Container => ((JsonArray?)Workload.Template["spec"]?["containers"] ?? []).OfType<JsonObject>().FirstOrDefault(item => (string?)item["name"] == Change.Container);

    /// <summary>What a plan risks.</summary>
    public static RequestLoss? Of(RolloutPlan plan) => plan switch
    {
        ImageChange change => new RequestLoss(change, [], null),
        SteppedChange steps => new RequestLoss(steps.Change, steps.Checks.Steps, steps.State.Route),
        _ => null,
    };

    /// <summary>One sentence for each thing.</summary>
    /// <param name="services">The namespace's Services.</param>
    /// <param name="budgets">The namespace's PodDisruptionBudgets.</param>
    public IEnumerable<string> Risks(IReadOnlyList<PlainObject> services, IReadOnlyList<PodDisruptionBudget> budgets)
    {
        // Of an init container nobody asks anything; where nothing runs there is nothing to lose.
        if (Replicas == 0 || Container is not { } container) return [];
        var labels = PodTemplate.Labels(Workload.Template);
        return new[] { Readiness(container), Stopping(container, services.Any(service => ServiceSelector.Selects(service, labels))), Interruption() }.OfType<string>()
            .Concat(budgets.Where(budget => budget.Spec.Selector?.Matches(labels) == true).Select(Budget).OfType<string>())
            .Concat(services.Where(service => SelectsBothSides(service, labels)).Select(BothSides))
            .Concat(Route is null ? ShareByReplicas.Misses(Steps, Workload.Replaceable, Room().Surge, Workload.IsInPlace ? "Take more replicas." : "Take more replicas, or put a router in front (-Router).") : []);
    }

    private string? Readiness(JsonObject container) => container["readinessProbe"] is not null
        ? null
        : $"Container {Change.Container} of {Workload.Title} has no readinessProbe: it counts as ready, and gets requests, as soon as it runs. Give it one that succeeds when it can answer.";

    /// <summary>A Pod ends while its Services still learn of it. Behind a router it has nothing in hand any more when it ends.</summary>
    private string? Stopping(JsonObject container, bool isReached)
    {
        if (Route is { Router: not ShareRouters.Service } || (!isReached && container["ports"] is not JsonArray { Count: > 0 })) return null;
        var grace = (int?)Workload.Template["spec"]!["terminationGracePeriodSeconds"] ?? UsualGrace;
        if (grace == 0) return $"The old Pods of {Workload.Title} are killed without any time to end (terminationGracePeriodSeconds: 0), and lose what they have in hand. Give them {UsualGrace} s.";
        if (container["lifecycle"]?["preStop"] is not { } preStop) return $"Container {Change.Container} of {Workload.Title} has no preStop: an old Pod is told to end while its Services still send it requests. Give it lifecycle.preStop.sleep.seconds: 5, or have it go on answering for some seconds after SIGTERM.";
        return (int?)preStop["sleep"]?["seconds"] >= grace ? $"The preStop of container {Change.Container} of {Workload.Title} sleeps for all of the {grace} s that a Pod has to end, and it is killed then. Raise terminationGracePeriodSeconds." : null;
    }

    private string? Interruption()
    {
        if (Workload.Strategy == RolloutStrategy.Recreate) return $"{Workload.Title} has the strategy Recreate: all old Pods end before a new one starts, and none serves meanwhile. Give it the strategy RollingUpdate.";
        if (Steps.Count > 0 && HasRoomBeside) return $"{Workload.Title} may have no Pod missing (maxUnavailable: 0), and in steps its Pods are replaced each in its place: on its node none serves meanwhile. Use -Strategy Rolling where that matters.";
        var missing = Missing();
        if (missing < Replicas) return null;
        return string.Create(CultureInfo.InvariantCulture, $"{Workload.Title} has {Replicas} replica{(Replicas == 1 ? "" : "s")}, of which {missing} may be missing at a time: for a while none serves. {(Workload.IsInPlace ? "Take more replicas." : "Take more replicas, or -MaxUnavailable 0 -MaxSurge 1.")}");
    }

    /// <summary>Controllers do not ask budgets, which are for nodes that are emptied: both at the same time are too much.</summary>
    private string? Budget(PodDisruptionBudget budget)
    {
        var needed = budget.Spec.MaxUnavailable is { } missing ? Replicas - Share(missing) : budget.Spec.MinAvailable is { } least ? Share(least) : 0;
        var left = Replicas - Missing();
        if (needed <= left) return null;
        return needed > Replicas
            ? $"The PodDisruptionBudget '{budget.Metadata.Name}' wants {needed} available Pods of {Workload.Title}, which has {Replicas}: it cannot be met. Lower its minAvailable."
            : $"The PodDisruptionBudget '{budget.Metadata.Name}' wants {needed} available Pods of {Workload.Title}, and the rollout leaves {left} of {Replicas} at times, in which no node can be emptied. {(Workload.IsInPlace ? "Take more replicas" : "Take -MaxUnavailable 0 -MaxSurge 1")}, or a budget with room for it.";
    }

    private static string BothSides(PlainObject service) =>
        $"The Service '{service.Metadata.Name}' selects the Pods of both sides: what comes by it reaches the new ones whatever the router says. Let its selector name the label by which the sides are told apart.";

    private bool SelectsBothSides(PlainObject service, IReadOnlyDictionary<string, string> labels)
    {
        if (Route is not { } route || !ServiceSelector.Selects(service, labels) || !labels.ContainsKey(route.Label)) return false;
        // Where the sides are subsets of it, the router tells them apart behind it.
        return !(route.Backend.Contains('/', StringComparison.Ordinal) && service.Metadata.Name == route.Backend.Split('/')[0]) && ServiceSelector.Selects(service, new Dictionary<string, string>(labels) { [route.Label] = route.NewValue });
    }

    /// <summary>Pods that may be missing at a time.</summary>
    private int Missing()
    {
        if (Route is not null) return 0;
        return Steps.Count == 0 && HasRoomBeside ? 0 : Room().Unavailable;
    }

    /// <summary>With a surge a DaemonSet's new Pod comes before the old one goes; not where its steps replace them in place.</summary>
    private bool HasRoomBeside => Workload is { Kind: "daemonset", MaxUnavailable: "0" or "0%" };

    private (int Surge, int Unavailable) Room() => SteppedChange.Room(Workload, Change.Request, Replicas);

    private int Share(JsonNode value) => SteppedChange.Share($"{value}", Replicas, decimal.Ceiling);
}
