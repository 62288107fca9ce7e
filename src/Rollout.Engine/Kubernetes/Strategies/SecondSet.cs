using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;

namespace Rollout.Engine.Kubernetes.Strategies;

/// <summary>
/// A Deployment beside a Deployment, for as long as a rollout is in its steps. The first owns it, so that it goes with it. Its Pods have all labels of the first's, so
/// that Services select both (save where a router tells them apart), and two more, which its own selector asks for: neither takes the other's Pods for its own.
/// </summary>
/// <param name="Role">canary, baseline: what it is for, and the end of its name.</param>
/// <param name="Image">What its container runs; null for what the first runs.</param>
internal sealed record SecondSet(string Role, string? Image)
{
    /// <summary>The label whose value is another here, so that the Services of the first do not reach it; null where they are to.</summary>
    public (string Label, string Value)? Apart { get; init; }

    internal const string RoleLabel = RolloutRecord.Prefix + "role";
    internal const string OfLabel = RolloutRecord.Prefix + "of";

    public string NameBeside(Workload first) => NameBeside(first, Role);

    public static string NameBeside(Workload first, string role) => $"{first.Metadata.Name}-{role}";

    /// <summary>Whether a workload is a set beside another.</summary>
    public static bool IsOne(Workload workload) => workload.Metadata.Labels.ContainsKey(RoleLabel);

    /// <summary>Whether a workload is a set beside this one.</summary>
    public static bool IsBeside(Workload workload, Workload first) => workload.Metadata.IsControlledBy(first.Metadata.Uid) && IsOne(workload);

    /// <summary>Whether it was made from the first as that is now: else one of the two was changed meanwhile.</summary>
    public bool IsMadeFrom(Workload first, Workload second, string container) => PodTemplate.AreSame(Template(first, container), second.Template);

    /// <summary>The object to create.</summary>
    public JsonObject Body(Workload first, string container, int replicas)
    {
        var labels = Labels(first);
        return new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = NameBeside(first),
                ["labels"] = labels,
                ["ownerReferences"] = OwnedBy(first),
            },
            ["spec"] = new JsonObject
            {
                ["replicas"] = replicas,
                ["minReadySeconds"] = first.MinReadySeconds,
                ["selector"] = new JsonObject { ["matchLabels"] = labels.DeepClone() },
                ["template"] = Template(first, container),
            },
        };
    }

    /// <summary>The Service that reaches its Pods alone, made after one that reaches the first's.</summary>
    public JsonObject ServiceBody(Workload first, string name, PlainObject like)
    {
        var selector = (JsonObject)(like.Spec["selector"]?.DeepClone() ?? new JsonObject());
        if (Apart is { } apart) selector[apart.Label] = apart.Value;
        var ports = (JsonArray)(like.Spec["ports"]?.DeepClone() ?? new JsonArray());
        foreach (var port in ports.OfType<JsonObject>()) port.Remove("nodePort");
        var spec = new JsonObject { ["selector"] = selector, ["ports"] = ports };
        if ((string?)like.Spec["clusterIP"] == "None") spec["clusterIP"] = "None";
        return new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = Labels(first), ["ownerReferences"] = OwnedBy(first) },
            ["spec"] = spec,
        };
    }

    private static JsonArray OwnedBy(Workload first) => [new JsonObject
    {
        ["apiVersion"] = "apps/v1",
        ["kind"] = "Deployment",
        ["name"] = first.Metadata.Name,
        ["uid"] = first.Metadata.Uid,
        ["controller"] = true,
    }];

    private JsonObject Template(Workload first, string container)
    {
        var template = PodTemplate.WithoutHash(first.Template);
        if (template["metadata"] is not JsonObject metadata) template["metadata"] = metadata = [];
        if (metadata["labels"] is not JsonObject labels) metadata["labels"] = labels = [];
        foreach (var (key, value) in Labels(first)) labels[key] = value?.DeepClone();
        if (Apart is { } apart) labels[apart.Label] = apart.Value;
        if (Image is not null) PodTemplate.SetImage(template, container, Image);
        return template;
    }

    private JsonObject Labels(Workload first) => new() { [RoleLabel] = Role, [OfLabel] = first.Metadata.Uid };
}
