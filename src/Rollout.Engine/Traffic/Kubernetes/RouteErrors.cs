namespace Rollout.Engine.Traffic.Kubernetes;

/// <summary>The failures of routers in a cluster.</summary>
internal static class RouteErrors
{
    internal static RolloutException BackendNotChosen(string workload, IReadOnlyCollection<string> services) => new(
        "RouteBackendNotChosen",
        ErrorKind.InvalidInput,
        services.Count == 0 ? $"No Service selects the Pods of '{workload}'." : $"Several Services select the Pods of '{workload}': {string.Join(", ", services)}.",
        services.Count == 0 ? "Make one, or see its selector against the labels of the pod template." : "Name the one whose traffic is meant with -Backend.",
        workload);

    internal static RolloutException RouteNotChosen(string router, string backend, IReadOnlyCollection<string> routes) => new(
        "RouteNotChosen",
        ErrorKind.InvalidInput,
        routes.Count == 0 ? $"No {router} sends traffic to the Service '{backend}'." : $"Several send traffic to the Service '{backend}': {string.Join(", ", routes)}.",
        $"Name the {router} with -RouterEndpoint.",
        backend);

    internal static RolloutException RouteGone(string route) => new(
        "RouteGone",
        ErrorKind.NotFound,
        $"'{route}', which shares the traffic out, was deleted meanwhile.",
        "Make it again, and start the rollout again.",
        route);

    internal static RolloutException RouteShared(string route, string backend) => new(
        "RouteShared",
        ErrorKind.NotSupported,
        $"'{route}' shares the traffic of '{backend}' with another backend in the same rule.",
        "Give the Service a rule of its own.",
        route);

    internal static RolloutException RuleTaken(string route, string second) => new(
        "RouteRuleTaken",
        ErrorKind.Conflict,
        $"{route} has a rule already that sends its traffic to '{second}' alone: beside it, that of a header match could not be known.",
        "Take that rule out, where a rollout of a workload that was deleted left it; else leave the header match to it, and the step out.",
        route);

    internal static RolloutException HeaderTaken(string route, string problem) => new(
        "RouteHeaderTaken",
        ErrorKind.InvalidInput,
        $"{route} cannot tell requests apart by that header: {problem}.",
        "Take another header.",
        route);

    internal static RolloutException Full(string route, string problem) => new(
        "RouteFull",
        ErrorKind.InvalidInput,
        $"{route} has no room for the rules of a header match: with them it would have {problem}.",
        "Give the Service a route of its own, or leave the step out.",
        route);

    internal static RolloutException NotAccepted(string route, string problem) => new(
        "RouteNotAccepted",
        ErrorKind.Unavailable,
        $"'{route}' is not in force: {problem}.",
        "See its status, and whether its controller runs.",
        route);

    internal static RolloutException SubsetsUnclear(string host, string problem) => new(
        "RouteSubsetsUnclear",
        ErrorKind.InvalidInput,
        $"The subsets of '{host}' do not tell old and new apart: {problem}.",
        "Give the DestinationRule a subset 'canary' whose labels differ from the other's in the value of one label.",
        host);
}
