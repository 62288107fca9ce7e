using System.Globalization;
using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>A Deployment, StatefulSet or DaemonSet, as far as a rollout needs to tell them apart.</summary>
internal sealed record Workload(string Kind, ObjectMeta Metadata, JsonObject Template, LabelSelector Selector, Progress Progress)
{
    public bool IsPaused { get; private init; }

    public bool IsRecreate { get; private init; }

    /// <summary>True where a broken Pod holds up all others, its own undo too: a StatefulSet that goes in order.</summary>
    public bool IsOrdered { get; private init; }

    /// <summary><c>finance/deployment/shop</c>, for messages.</summary>
    public string Title => $"{Metadata.Namespace}/{Kind}/{Metadata.Name}";

    public RolloutRecord? Record => RolloutRecord.Of(Metadata);

    public static Workload Of(Deployment item) => new("deployment", item.Metadata, item.Spec.Template, item.Spec.Selector, Progress.Of(item))
    {
        IsPaused = item.Spec.Paused,
        IsRecreate = item.Spec.Strategy.Type == "Recreate",
    };

    public static Workload Of(StatefulSet item) => new("statefulset", item.Metadata, item.Spec.Template, item.Spec.Selector, Progress.Of(item))
    {
        IsOrdered = item.Spec.PodManagementPolicy != "Parallel",
    };

    public static Workload Of(DaemonSet item) => new("daemonset", item.Metadata, item.Spec.Template, item.Spec.Selector, Progress.Of(item));
}

/// <summary>One revision of a workload: a ReplicaSet of a Deployment, a ControllerRevision of the others.</summary>
/// <param name="Number">Its number; 0 where none is written.</param>
/// <param name="Metadata">Of the object that keeps it.</param>
/// <param name="Template">The pod template, with what the controller adds to its copy (<see cref="PodTemplate.WithoutHash"/>).</param>
/// <param name="PodLabel">The label value by which its Pods are known.</param>
internal sealed record Revision(long Number, ObjectMeta Metadata, JsonObject Template, string PodLabel)
{
    internal const string NumberAnnotation = "deployment.kubernetes.io/revision";
    private const string HashLabel = "controller-revision-hash";

    public HealthVerdict Verdict => RolloutRecord.VerdictOf(Metadata);

    public static Revision Of(ReplicaSet set) => new(
        long.TryParse(set.Metadata.Annotation(NumberAnnotation), CultureInfo.InvariantCulture, out var number) ? number : 0,
        set.Metadata,
        set.Spec.Template,
        set.Metadata.Labels.GetValueOrDefault(PodTemplate.HashLabel, ""));

    /// <summary>A StatefulSet's Pods carry the revision's name, a DaemonSet's its hash.</summary>
    public static Revision Of(ControllerRevision revision) => new(
        revision.Revision,
        revision.Metadata,
        revision.Data["spec"]?["template"] as JsonObject ?? [],
        revision.Metadata.Labels.GetValueOrDefault(HashLabel, revision.Metadata.Name));

    /// <summary>Whether a Pod is of this revision.</summary>
    public bool Owns(Pod pod) =>
        pod.Metadata.Labels.GetValueOrDefault(PodTemplate.HashLabel) == PodLabel || pod.Metadata.Labels.GetValueOrDefault(HashLabel) == PodLabel;
}
