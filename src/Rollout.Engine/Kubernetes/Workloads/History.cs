namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>A workload's revisions as users see them.</summary>
internal static class History
{
    /// <summary>One revision; null where its image has no name that can be read.</summary>
    public static RolloutRevision? Of(Revision revision, Workload workload, RolloutEndpoint endpoint)
    {
        if (StatusOf.Parsed(PodTemplate.Image(revision.Template, workload.Container)) is not { } image) return null;
        return new RolloutRevision
        {
            Target = $"{workload.Kind}/{workload.Metadata.Name}",
            Namespace = workload.Metadata.Namespace,
            Endpoint = endpoint,
            Revision = (int)revision.Number,
            Image = image,
            CreatedAt = revision.Metadata.CreationTimestamp ?? default,
            ChangeCause = revision.Metadata.Annotation(RolloutRecord.ChangeCause) is { } cause ? ForeignText.Neutralise(cause) : null,
            Verdict = revision.Verdict,
            Current = workload.Wants(revision),
        };
    }
}
