using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;

namespace Rollout.Engine.Traffic.Kubernetes;

/// <summary>Finds the router in front of a workload, and opens it.</summary>
internal static class ShareRouters
{
    internal const string Service = "Service";
    private const string Subset = "canary";
    private static readonly string[] Names = ["Gateway", "Istio", Service];
    private static readonly string[] UsualLabels = ["app", "app.kubernetes.io/name", "k8s-app", "name"];

    /// <summary>The router by the name the user writes, in any case.</summary>
    /// <exception cref="RolloutException">UnknownRouter.</exception>
    public static string Named(string router) => Names.FirstOrDefault(name => name.Equals(router, StringComparison.OrdinalIgnoreCase)) ?? throw TrafficErrors.UnknownRouter(router, "in a cluster", Names);

    /// <summary>The router of a rollout with these steps.</summary>
    public static IShareRouter Open(IKubernetesClient client, string @namespace, ShareRoute route, IReadOnlyList<RolloutStep> steps) =>
        RouteShape.Find(route.Router) is { } shape ? new WeightedRouter(client, @namespace, route, shape, new HeaderRules(shape, @namespace, route, steps)) : new ServiceRouter(client, @namespace, route);

    /// <summary>Works out which object shares the traffic out, and by which label the sides are told apart. Changes nothing.</summary>
    /// <param name="client">The cluster.</param>
    /// <param name="namespace">The namespace.</param>
    /// <param name="workload">The workload's name, for messages.</param>
    /// <param name="labels">The labels of its Pods.</param>
    /// <param name="asked">Router, and where they are named, the route and the old side's Service.</param>
    /// <param name="second">The name of the new side.</param>
    /// <param name="steps">The steps, of which the route must have a place for the header matches.</param>
    /// <param name="reporter">Where it is told who would put the weights back.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<ShareRoute> ResolveAsync(
        IKubernetesClient client, string @namespace, string workload, IReadOnlyDictionary<string, string> labels, ShareRoute asked, string second, IReadOnlyList<RolloutStep> steps, IReporter reporter, CancellationToken cancellation)
    {
        var service = await BackendAsync(client, @namespace, workload, labels, asked.Backend, cancellation);
        var selector = ServiceSelector.Of(service);
        var label = UsualLabels.Concat(selector.Keys.Order(StringComparer.Ordinal)).First(selector.ContainsKey);
        var found = asked with { Backend = service.Metadata.Name, Second = second, Label = label, OldValue = selector[label], NewValue = NewValue(selector[label], second) };
        if (RouteShape.Find(asked.Router) is not { } shape)
        {
            if (Ownership.Of(service.Metadata) is { Reverts: true } owner) reporter.Warning($"The Service '{service.Metadata.Name}' is kept by {owner.Owner}, which may put back what a rollout writes there. Have it leave the selector alone.");
            return found with { Name = service.Metadata.Name };
        }

        return await RouteAsync(client, @namespace, found, shape, steps, reporter, cancellation);
    }

    private static async Task<PlainObject> BackendAsync(IKubernetesClient client, string @namespace, string workload, IReadOnlyDictionary<string, string> labels, string named, CancellationToken cancellation)
    {
        var services = (await client.ListAllAsync(Resources.Services, @namespace, new ListQuery(), cancellation)).Items
            .Where(service => named.Length > 0 ? service.Metadata.Name == named : ServiceSelector.Selects(service, labels))
            .ToList();
        if (services is not [var only]) throw RouteErrors.BackendNotChosen(workload, [.. services.Select(service => service.Metadata.Name)]);
        return ServiceSelector.Selects(only, labels) ? only : throw RouteErrors.BackendNotChosen(workload, []);
    }

    private static async Task<ShareRoute> RouteAsync(IKubernetesClient client, string @namespace, ShareRoute asked, RouteShape shape, IReadOnlyList<RolloutStep> steps, IReporter reporter, CancellationToken cancellation)
    {
        var routes = asked.Name.Length > 0
            ? await client.GetAsync(shape.Resource, @namespace, asked.Name, cancellation) is { } named ? [named] : []
            : (await client.ListAllAsync(shape.Resource, @namespace, new ListQuery(), cancellation)).Items;
        var sending = routes.Where(route => Backends(route, shape, @namespace).Any(service => service.Split('/')[0] == asked.Backend)).ToList();
        if (sending is not [var only]) throw RouteErrors.RouteNotChosen(shape.Resource.Kind, asked.Backend, [.. sending.Select(route => route.Metadata.Name)]);

        var writers = RouteWriters.Of(only, shape, asked.Writers);
        foreach (var warning in RouteWriters.Warnings(only, shape, writers)) reporter.Warning(warning);
        var found = await WithSubsetAsync(client, @namespace, asked with { Name = only.Metadata.Name }, Backends(only, shape, @namespace), cancellation);
        var rules = RouteRule.Of(only, shape, @namespace, found.Backend, found.Second).ToList();
        if (rules.Any(rule => rule.Backends.Count != (rule.New is null ? 1 : 2))) throw RouteErrors.RouteShared(only.Metadata.Name, found.Backend);
        if (shape.Obstacle(only) is { } obstacle) throw RouteErrors.NotAccepted($"{shape.Resource.Kind} {only.Metadata.Name}", obstacle);
        await new HeaderRules(shape, @namespace, found, steps).CheckAsync(client, only, cancellation);
        return found with { Weights = [.. rules.Select(rule => rule.New is null ? rule.Written(rule.Old) : rule.WeightOf(rule.Old))], Writers = writers, Referring = [.. rules.Select(rule => rule.New is not null)] };
    }

    private static List<string> Backends(PlainObject route, RouteShape shape, string @namespace) =>
        [.. (route.Spec[shape.Rules] as JsonArray ?? []).SelectMany(rule => rule?[shape.Backends] as JsonArray ?? []).OfType<JsonObject>().Select(backend => shape.Service(backend, @namespace)).OfType<string>()];

    /// <summary>Where the route names a subset, the sides are subsets of one Service, and told apart by the label in which those differ.</summary>
    private static async Task<ShareRoute> WithSubsetAsync(IKubernetesClient client, string @namespace, ShareRoute found, List<string> backends, CancellationToken cancellation)
    {
        if (backends.Find(service => service.StartsWith(found.Backend + "/", StringComparison.Ordinal) && service != $"{found.Backend}/{Subset}") is not { } old) return found;
        var rules = (await client.ListAllAsync(Resources.DestinationRules, @namespace, new ListQuery(), cancellation)).Items.Where(rule => $"{rule.Spec["host"]}".Split('.')[0] == found.Backend);
        var subsets = rules.SelectMany(rule => rule.Spec["subsets"] as JsonArray ?? []).OfType<JsonObject>().ToDictionary(subset => $"{subset["name"]}", subset => ServiceSelector.Strings(subset["labels"]));
        if (!subsets.TryGetValue(old.Split('/')[1], out var before) || !subsets.TryGetValue(Subset, out var after)) throw RouteErrors.SubsetsUnclear(found.Backend, $"there is no DestinationRule with both '{old.Split('/')[1]}' and '{Subset}'");
        if (before.Keys.Where(key => after.TryGetValue(key, out var value) && value != before[key]).ToList() is not [var label]) throw RouteErrors.SubsetsUnclear(found.Backend, "their labels do not differ in one value");
        return found with { Backend = old, Second = $"{found.Backend}/{Subset}", Label = label, OldValue = before[label], NewValue = after[label] };
    }

    private static string NewValue(string value, string second)
    {
        // A label's value has 63 characters at most.
        var role = second[second.LastIndexOf('-')..];
        return value[..Math.Min(value.Length, 63 - role.Length)].TrimEnd('-', '.', '_') + role;
    }
}
