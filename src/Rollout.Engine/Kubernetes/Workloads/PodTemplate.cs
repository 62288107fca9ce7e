using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Rollout.Engine.Traffic.Kubernetes;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>A workload's pod template, which stays the JSON it came as: what Rollout reads of it and writes into it.</summary>
internal static class PodTemplate
{
    internal const string HashLabel = "pod-template-hash";
    internal const string ArgoHashLabel = "rollouts-pod-template-hash";
    private static readonly string[] Lists = ["containers", "initContainers"];

    /// <summary>Every container's name: those that serve first, then init containers and sidecars.</summary>
    public static IReadOnlyList<string> Containers(JsonObject template) => [.. Lists.SelectMany(list => In(template, list)).Select(Name)];

    /// <summary>The first container; null in a template that has none.</summary>
    public static string? First(JsonObject template) => Containers(template) is [var first, ..] ? first : null;

    /// <summary>The container that an image goes to: the one named, else the only one that serves.</summary>
    public static string Choose(JsonObject template, string? asked, string workload)
    {
        var all = Containers(template);
        if (!string.IsNullOrEmpty(asked)) return all.Contains(asked) ? asked : throw WorkloadErrors.ContainerNotFound(workload, asked, all);
        var serving = In(template, "containers").Select(Name).ToList();
        return serving.Count == 1 ? serving[0] : throw WorkloadErrors.ContainerNotChosen(workload, all);
    }

    /// <summary>The image of a container; null where there is no such container.</summary>
    public static string? Image(JsonObject template, string container) =>
        (string?)Lists.SelectMany(list => In(template, list)).FirstOrDefault(item => Name(item) == container)?["image"];

    /// <summary>The labels that its Pods get.</summary>
    public static Dictionary<string, string> Labels(JsonObject template) => ServiceSelector.Strings(template["metadata"]?["labels"]);

    /// <summary>Gives a container of this copy its image.</summary>
    public static void SetImage(JsonObject template, string container, string image)
    {
        foreach (var item in Lists.SelectMany(list => In(template, list)).Where(item => Name(item) == container)) item["image"] = image;
    }

    /// <summary>The part of a strategic merge patch that gives a container its image: lists are merged by the containers' names.</summary>
    public static JsonObject ImagePatch(JsonObject template, string container, string image)
    {
        var list = Lists.First(name => In(template, name).Any(item => Name(item) == container));
        return new JsonObject { ["spec"] = new JsonObject { [list] = new JsonArray(new JsonObject { ["name"] = container, ["image"] = image }) } };
    }

    /// <summary>Whether two templates are the same but for the label that a ReplicaSet adds.</summary>
    public static bool AreSame(JsonObject one, JsonObject other) => JsonNode.DeepEquals(WithoutHash(one), WithoutHash(other));

    /// <summary>A template in few characters, to know it again.</summary>
    public static string Fingerprint(JsonObject template) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(WithoutHash(template).ToJsonString())))[..16];

    /// <summary>The template without what a controller puts into the copy it keeps of it.</summary>
    public static JsonObject WithoutHash(JsonObject template)
    {
        var copy = (JsonObject)template.DeepClone();
        copy.Remove("$patch");
        if (copy["metadata"] is JsonObject metadata)
        {
            if (metadata["labels"] is JsonObject labels)
            {
                labels.Remove(HashLabel);
                labels.Remove(ArgoHashLabel);
            }

            // The API writes it as null into templates; a copy may lack it.
            metadata.Remove("creationTimestamp");
        }

        return copy;
    }

    private static IEnumerable<JsonObject> In(JsonObject template, string list) => (template["spec"]?[list] as JsonArray)?.OfType<JsonObject>() ?? [];

    private static string Name(JsonObject container) => (string?)container["name"] ?? "";
}
