using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>To which revision an undo goes, and the patch that brings it back.</summary>
internal static class UndoChoice
{
    // What belongs to the Deployment and not to a revision; kubectl keeps the same.
    private static readonly string[] Kept =
    [
        "kubectl.kubernetes.io/last-applied-configuration",
        Revision.NumberAnnotation,
        "deployment.kubernetes.io/revision-history",
        "deployment.kubernetes.io/desired-replicas",
        "deployment.kubernetes.io/max-replicas",
    ];

    /// <summary>The newest revision verified healthy that is not the present one, else the newest before it that is not known to be bad.</summary>
    /// <exception cref="RolloutException">WorkloadPaused, RevisionNotFound, NothingToUndo.</exception>
    public static Revision Choose(Workload workload, IReadOnlyList<Revision> revisions, UndoRequest request, string container)
    {
        if (workload is { IsPaused: true, IsPauseOurs: false }) throw WorkloadErrors.Paused(workload.Title);
        var present = revisions.FirstOrDefault(workload.Wants);
        Revision target;
        if (request.ToRevision is { } number)
        {
            target = revisions.FirstOrDefault(revision => revision.Number == number) ?? throw RolloutErrors.RevisionNotFound(workload.Title, $"revision {number}, or it is no longer kept");
        }
        else if (request.ToImage is { } image)
        {
            target = revisions.FirstOrDefault(revision => IsImage(PodTemplate.Image(revision.Template, container), image)) ?? throw RolloutErrors.RevisionNotFound(workload.Title, $"a revision with the image {image}");
        }
        else
        {
            var others = revisions.Where(revision => revision != present).OrderByDescending(revision => revision.Number).ToList();
            target = others.FirstOrDefault(revision => revision.Verdict == HealthVerdict.Healthy)
                ?? others.FirstOrDefault(revision => (present is null || revision.Number < present.Number) && revision.Verdict != HealthVerdict.Unhealthy)
                ?? throw RolloutErrors.NothingToUndo(workload.Title, others.Count == 0 ? "nothing ran before it" : "no other revision is known to be good");
        }

        return target == present ? throw RolloutErrors.NothingToUndo(workload.Title, $"revision {target.Number} is what is wanted already") : target;
    }

    /// <summary>
    /// The patch of an undo, with the workload's resourceVersion as precondition. The template is replaced whole; a Deployment takes the revision's annotations too, save
    /// those that are not a revision's. The pause that Rollout made is lifted.
    /// </summary>
    public static Patch Patch(Workload workload, Revision target, RolloutRecord record)
    {
        var annotations = new JsonObject { [RolloutRecord.Annotation] = record.ToJson() };
        if (workload.Kind == "deployment")
        {
            foreach (var (key, value) in target.Metadata.Annotations.Where(annotation => !IsKept(annotation.Key))) annotations[key] = value;
            foreach (var (key, value) in workload.Metadata.Annotations.Where(annotation => Kept.Contains(annotation.Key))) annotations[key] = value;
            foreach (var key in workload.Metadata.Annotations.Keys.Where(key => !annotations.ContainsKey(key))) annotations[key] = null;
        }
        else if (target.Metadata.Annotation(RolloutRecord.ChangeCause) is { } cause)
        {
            annotations[RolloutRecord.ChangeCause] = cause;
        }

        var template = PodTemplate.WithoutHash(target.Template);
        template["$patch"] = "replace";
        var spec = new JsonObject { ["template"] = template };
        if (workload.IsPaused) spec["paused"] = false;
        return Api.Patch.StrategicMerge(new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = workload.Metadata.ResourceVersion, ["annotations"] = annotations },
            ["spec"] = spec,
        });
    }

    private static bool IsKept(string key) => Kept.Contains(key) || key.StartsWith(RolloutRecord.Prefix, StringComparison.Ordinal);

    private static bool IsImage(string? known, ImageReference wanted) =>
        ImageReference.TryParse(known, out var image) && image.Name == wanted.Name
        && (wanted.Digest is null || image.Digest == wanted.Digest)
        && (wanted.Tag is null || image.Tag == wanted.Tag);
}
