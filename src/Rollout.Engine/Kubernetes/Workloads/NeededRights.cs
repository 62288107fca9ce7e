using Rollout.Engine.Kubernetes.Api;
using YamlDotNet.RepresentationModel;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>The rights that docs/rbac.yaml lists, which is part of this assembly: what users are told to grant is what is asked for.</summary>
internal static class NeededRights
{
    // Resources, groups, and verbs with a resource. Without these a plain rollout works: what explains a failure, warns of a loss, or shares traffic out is left out.
    private static readonly HashSet<string> Helpful = ["pods/log", "events", "horizontalpodautoscalers", "poddisruptionbudgets", "services", "endpointslices", "httproutes", "virtualservices", "destinationrules", "metrics.k8s.io", "create deployments", "delete deployments"];

    /// <summary>Every right, for a namespace.</summary>
    public static IReadOnlyList<(ResourceAttributes Right, bool IsNeeded)> In(string @namespace)
    {
        using var file = typeof(NeededRights).Assembly.GetManifestResourceStream("rbac.yaml")!;
        using var text = new StreamReader(file);
        var yaml = new YamlStream();
        yaml.Load(text);
        var rules = (YamlSequenceNode)yaml.Documents[0].RootNode["rules"];
        return
        [
            .. from rule in rules
               from @group in Texts(rule["apiGroups"])
               from resource in Texts(rule["resources"])
               from verb in Texts(rule["verbs"])
               let parts = resource.Split('/')
               select (new ResourceAttributes(verb, @group, parts[0], @namespace, parts.ElementAtOrDefault(1)), !Helpful.Overlaps([resource, @group, $"{verb} {resource}"])),
        ];
    }

    private static IEnumerable<string> Texts(YamlNode list) => ((YamlSequenceNode)list).Select(item => ((YamlScalarNode)item).Value ?? "");
}
