using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Traffic.Kubernetes;

/// <summary>Which Pods a Service sends traffic to: those with all labels of its selector. One without a selector chooses none.</summary>
internal static class ServiceSelector
{
    public static Dictionary<string, string> Of(PlainObject service) => Strings(service.Spec["selector"]);

    public static bool Selects(PlainObject service, IReadOnlyDictionary<string, string> labels) => Of(service) is { Count: > 0 } selector && selector.All(labels.Contains);

    /// <summary>An object of texts, as labels are.</summary>
    public static Dictionary<string, string> Strings(JsonNode? node) => (node as JsonObject ?? []).ToDictionary(pair => pair.Key, pair => $"{pair.Value}");
}
