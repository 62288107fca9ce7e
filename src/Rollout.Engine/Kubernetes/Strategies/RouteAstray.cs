using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Traffic.Kubernetes;

namespace Rollout.Engine.Kubernetes.Strategies;

/// <summary>What became of a route meanwhile that a rollout in its steps shares out: while it is held, nobody is at work on it who would see that.</summary>
/// <param name="Reason">One word for it.</param>
/// <param name="Message">The same in a sentence.</param>
internal sealed record RouteAstray(string Reason, string Message)
{
    /// <summary>The reason where somebody else changed it.</summary>
    internal const string Changed = "RouterOutOfSync";

    /// <summary>Looks at the route of a rollout that is held, or of one of which it is told that it has a header match in force.</summary>
    /// <returns>Null where it is as the steps left it, or may not be looked at.</returns>
    public static async Task<RouteAstray?> LookAsync(IKubernetesClient client, Workload workload, CancellationToken cancellation)
    {
        if (workload.Record is not { Stepped: { Stage: SteppedStage.Stepping, Route: { } route } state } record) return null;
        if (record.Phase != RolloutPhase.Paused && state is { IsHeld: false, Match: null }) return null;
        var name = $"{route.Router} '{route.Name}'";
        try
        {
            var share = await ShareRouters.Open(client, workload.Metadata.Namespace, route, state.Steps).ShareAsync(cancellation);
            if (share is null) return new RouteAstray("RouteNotInForce", $"{name} has not taken on what was last written to it.");
            return IsAsLeft(state, share) ? null : new RouteAstray(Changed, $"{name} does not share the traffic out as the steps left it: somebody else changed it. Suspend-Rollout puts that back and holds it here.");
        }
        catch (RolloutException e) when (e.Kind == ErrorKind.PermissionDenied)
        {
            return null;
        }
    }

    /// <summary>Puts back what somebody else changed in the route of a rollout that is held, and waits for as long as a step may take until that is in force.</summary>
    public static async Task PutBackAsync(WorkloadStore store, Workload workload, CancellationToken cancellation)
    {
        if (workload.Record is not { Stepped: { Stage: SteppedStage.Stepping, IsHeld: true, Route: { } route } state } record) return;
        var router = ShareRouters.Open(store.Client, store.Namespace, route, state.Steps);
        if (await router.ShareAsync(cancellation) is { } share && IsAsLeft(state, share)) return;
        await router.SetAsync(state.Share, cancellation);
        var deadline = store.Now + TimeSpan.FromSeconds(record.TimeoutSec);
        while (await router.ShareAsync(cancellation) is null && store.Now < deadline) await Task.Delay(SecondSide.LookEvery, store.Cluster.Time, cancellation);
    }

    /// <summary>The step that it is at may have been written already.</summary>
    private static bool IsAsLeft(SteppedState state, TrafficShare share) => share == state.Share || (state.Current is { } step && share == state.Share.After(step));
}
