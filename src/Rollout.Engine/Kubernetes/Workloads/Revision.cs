using System.Globalization;
using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>One revision of a workload: a ReplicaSet of a Deployment or Argo Rollout, a ControllerRevision of the others.</summary>
/// <param name="Number">Its number; 0 where none is written.</param>
/// <param name="Metadata">Of the object that keeps it.</param>
/// <param name="Template">The pod template, with what the controller adds to its copy (<see cref="PodTemplate.WithoutHash"/>).</param>
/// <param name="PodLabel">The label value by which its Pods are known.</param>
internal sealed record Revision(long Number, ObjectMeta Metadata, JsonObject Template, string PodLabel)
{
    internal const string NumberAnnotation = "deployment.kubernetes.io/revision";
    private const string HashLabel = "controller-revision-hash";

    private static readonly string[] HashLabels = [PodTemplate.HashLabel, HashLabel, PodTemplate.ArgoHashLabel];

    /// <summary>True where its controller took it all the way, through whatever it checks itself.</summary>
    public bool IsStable { get; init; }

    /// <summary>What became of it: what is written on it, else what its controller found.</summary>
    public HealthVerdict Verdict => RolloutRecord.VerdictOf(Metadata) is var written and not HealthVerdict.Inconclusive ? written : IsStable ? HealthVerdict.Healthy : HealthVerdict.Inconclusive;

    public static Revision Of(ReplicaSet set) => new(
        NumberOf(set.Metadata),
        set.Metadata,
        set.Spec.Template,
        set.Metadata.Labels.GetValueOrDefault(PodTemplate.HashLabel, ""));

    /// <summary>The number that a Deployment and its ReplicaSets carry.</summary>
    public static long NumberOf(ObjectMeta metadata) => long.TryParse(metadata.Annotation(NumberAnnotation), CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>A StatefulSet's Pods carry the revision's name, a DaemonSet's its hash.</summary>
    public static Revision Of(ControllerRevision revision) => new(
        revision.Revision,
        revision.Metadata,
        revision.Data["spec"]?["template"] as JsonObject ?? [],
        revision.Metadata.Labels.GetValueOrDefault(HashLabel, revision.Metadata.Name));

    /// <summary>Whether a Pod is of this revision.</summary>
    public bool Owns(Pod pod) =>
        HashLabels.Any(label => pod.Metadata.Labels.GetValueOrDefault(label) == PodLabel);
}
