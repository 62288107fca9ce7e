using System.Globalization;
using Rollout.Engine.Health;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>What a Pod uses of its limits: as much as the container that comes nearest to its own. Pure.</summary>
internal static class PodUsage
{
    private static readonly Dictionary<string, double> Units = new(StringComparer.Ordinal)
    {
        ["n"] = 1e-9, ["u"] = 1e-6, ["m"] = 1e-3, [""] = 1, ["k"] = 1e3, ["M"] = 1e6, ["G"] = 1e9, ["T"] = 1e12, ["P"] = 1e15, ["E"] = 1e18,
        ["Ki"] = 1L << 10, ["Mi"] = 1L << 20, ["Gi"] = 1L << 30, ["Ti"] = 1L << 40, ["Pi"] = 1L << 50, ["Ei"] = 1L << 60,
    };

    internal static ReplicaUsage Of(Pod pod, PodMetrics metrics) => new(pod.Metadata.Name, Share(pod, metrics, "cpu"), Share(pod, metrics, "memory"));

    private static double? Share(Pod pod, PodMetrics metrics, string resource) => (
        from container in pod.Spec.Containers.Concat(pod.Spec.InitContainers)
        join measured in metrics.Containers on container.Name equals measured.Name
        let limit = Quantity(container.Resources.Limits.GetValueOrDefault(resource))
        let usage = Quantity(measured.Usage.GetValueOrDefault(resource))
        where limit > 0 && usage is not null
        select usage / limit).Max();

    /// <summary>A number as Kubernetes writes it: <c>250m</c>, <c>123456n</c>, <c>64Mi</c>, <c>1e3</c>; null where it is none.</summary>
    internal static double? Quantity(string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        // 1E is an exa, and 1E3 a thousand.
        var unit = char.IsAsciiDigit(text[^1]) ? "" : text[text.TrimEnd("numkKMGTPEi".ToCharArray()).Length..];
        return Units.TryGetValue(unit, out var factor) && double.TryParse(text[..^unit.Length], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number * factor : null;
    }
}
