using System.Globalization;
using System.Text.Json.Nodes;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker.Swarm;

/// <summary>A service's spec as the API has it, with every field that this version does not know. Never changed in place; what is taken out is a copy.</summary>
/// <param name="Json">The spec.</param>
internal sealed record ServiceSpec(JsonObject Json)
{
    public string Name => (string?)Json["Name"] ?? "";

    public JsonObject Container => Json["TaskTemplate"]?["ContainerSpec"] as JsonObject ?? [];

    public string Image => (string?)Container["Image"] ?? "";

    public JsonObject UpdateConfig => Json["UpdateConfig"] as JsonObject ?? [];

    /// <summary>So large a part of its tasks may fail in an update.</summary>
    public double MaxFailureRatio => (double?)UpdateConfig["MaxFailureRatio"] ?? 0;

    public bool IsGlobal => Json["Mode"]?["Global"] is not null;

    /// <summary>A job runs to its end: there is nothing to roll out.</summary>
    public bool IsJob => Json["Mode"]?["ReplicatedJob"] is not null || Json["Mode"]?["GlobalJob"] is not null;

    /// <summary>How many tasks; null in a global service, which has one on each node.</summary>
    public int? Replicas => IsGlobal ? null : (int?)Json["Mode"]?["Replicated"]?["Replicas"] ?? 1;

    /// <summary>Ports of the nodes themselves, which one task alone can have.</summary>
    public bool HasHostPorts => (Json["EndpointSpec"]?["Ports"] as JsonArray ?? []).Any(port => (string?)port?["PublishMode"] == "host");

    /// <summary>The stack it was deployed with; null where it was none.</summary>
    public string? Stack => Label("com.docker.stack.namespace");

    /// <summary>The number of the release that this spec is; null where Rollout has not written it there.</summary>
    public int? Release => int.TryParse(Label(WorkloadLabels.Release), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    public ServiceRecord? Record => Label(WorkloadLabels.Record) is { } json ? ServiceRecord.Parse(json) : null;

    /// <summary>Whether a task was made from this spec.</summary>
    public bool IsOf(JsonObject task) =>
        JsonNode.DeepEquals(task["ContainerSpec"], Container) && ((long?)task["ForceUpdate"] ?? 0) == ForceUpdate
        && JsonNode.DeepEquals(task["Resources"]?["Limits"], Json["TaskTemplate"]?["Resources"]?["Limits"]);

    /// <summary>Whether two make the same tasks, and as many of them.</summary>
    public bool SameAs(ServiceSpec other) => IsOf((JsonObject)other.Json["TaskTemplate"]!) && Replicas == other.Replicas;

    public ServiceSpec WithImage(string image) => With(spec => Child(spec, "TaskTemplate", "ContainerSpec")["Image"] = image);

    /// <summary>Every task is replaced, whether anything else differs or not.</summary>
    public ServiceSpec Forced() => With(spec => Child(spec, "TaskTemplate")["ForceUpdate"] = ForceUpdate + 1);

    /// <summary>What is known of it, and which of the known releases this spec is.</summary>
    public ServiceSpec WithRecord(ServiceRecord record, int release) => With(spec =>
    {
        var labels = Child(spec, "Labels");
        labels[WorkloadLabels.Record] = record.ToJson();
        labels[WorkloadLabels.Release] = WorkloadLabels.Text(release);
    });

    public ServiceSpec WithUpdateConfig(JsonObject config) => With(spec => spec["UpdateConfig"] = config.DeepClone());

    public ServiceSpec WithRollbackConfig(JsonObject config) => With(spec => spec["RollbackConfig"] = config.DeepClone());

    /// <summary>Lays what the user asks for now over what there is.</summary>
    public ServiceSpec With(DockerWorkload wanted) => With(spec =>
    {
        var template = Child(spec, "TaskTemplate");
        if (wanted.Replicas is { } replicas) Child(spec, "Mode", "Replicated")["Replicas"] = replicas;
        if (wanted.Env.Count > 0) Child(template, "ContainerSpec")["Env"] = ContainerTemplate.Overlay(Container.Strings("Env"), wanted.Env);
        if (wanted.Memory is { Length: > 0 } memory) Child(template, "Resources", "Limits")["MemoryBytes"] = Quantity.Bytes(memory);
        if (wanted.Cpu is { } cores) Child(template, "Resources", "Limits")["NanoCPUs"] = Quantity.NanoCpus(cores);
    });

    private long ForceUpdate => (long?)Json["TaskTemplate"]?["ForceUpdate"] ?? 0;

    private string? Label(string name) => (string?)Json["Labels"]?[name];

    private ServiceSpec With(Action<JsonObject> change)
    {
        var spec = Json.Copy();
        change(spec);
        return new ServiceSpec(spec);
    }

    private static JsonObject Child(JsonObject parent, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (parent[name] is not JsonObject child) parent[name] = child = [];
            parent = child;
        }

        return parent;
    }
}
