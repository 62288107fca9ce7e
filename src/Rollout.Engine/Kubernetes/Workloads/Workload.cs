using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>A Deployment, StatefulSet, DaemonSet or Argo Rollout, as far as a rollout needs to tell them apart.</summary>
internal sealed record Workload(string Kind, ObjectMeta Metadata, JsonObject Template, LabelSelector Selector, Progress Progress)
{
    private Lazy<RolloutRecord?>? _record;

    public bool IsPaused { get; init; }

    /// <summary>True where the pause is one that Rollout made.</summary>
    public bool IsPauseOurs => IsPaused && LastRecord is { HasPaused: true };

    /// <summary>The number of the wanted revision; 0 where it is not known. The controller counts: right after a change it is still the one before.</summary>
    public long Revision { get; init; }

    /// <summary>Whose controller replaces its Pods.</summary>
    public RolloutPlatform Platform { get; init; } = RolloutPlatform.Kubernetes;

    /// <summary>How its controller replaces them.</summary>
    public RolloutStrategy Strategy { get; init; } = RolloutStrategy.Rolling;

    /// <summary>The step it is at; null where it has none.</summary>
    public string? Step { get; init; }

    /// <summary>The label value by which the Pods of the wanted revision are known, where its controller tells it; null where the template alone tells which revision that is.</summary>
    public string? WantedLabel { get; init; }

    /// <summary>The object that has the template, where that is another one.</summary>
    public ObjectMeta? TemplateOwner { get; init; }

    /// <summary>Seconds a Pod must be ready before it is available.</summary>
    public int MinReadySeconds { get; private init; }

    /// <summary>True where its own Pods are replaced, each in its place: no second set can stand beside them.</summary>
    public bool IsInPlace => Kind is "statefulset" or "daemonset";

    /// <summary>Pods above the wanted number while a Deployment is rolled out, as it says itself: <c>25%</c>.</summary>
    public string MaxSurge { get; private init; } = "";

    /// <summary>Pods that may be missing from the wanted number meanwhile.</summary>
    public string MaxUnavailable { get; private init; } = "";

    /// <summary>The ordinal below which a StatefulSet's Pods keep the old revision.</summary>
    public int Partition { get; private init; }

    /// <summary>How many Pods an update replaces.</summary>
    public int Replaceable => Math.Max(0, Progress.Desired - Partition);

    /// <summary>True where its Pods are replaced only when somebody deletes them.</summary>
    public bool IsOnDelete { get; private init; }

    /// <summary>True where a broken Pod holds up all others, its own undo too: a StatefulSet that goes in order.</summary>
    public bool IsOrdered { get; private init; }

    /// <summary><c>finance/deployment/shop</c>, for messages.</summary>
    public string Title => $"{Metadata.Namespace}/{Kind}/{Metadata.Name}";

    /// <summary>What Rollout knows of the rollout that brought its present image, or brings another beside it; null where somebody else brought it.</summary>
    public RolloutRecord? Record => LastRecord is { } last && PodTemplate.Image(Template, last.Container) == last.OwnImage ? last : null;

    /// <summary>The record of a rollout that is in its steps still though somebody else brought another image meanwhile; null where none is.</summary>
    public RolloutRecord? Overtaken => LastRecord is { Stepped.IsUnderWay: true } last && Record is null ? last : null;

    /// <summary>The container that the last rollout was about, else its first; empty in a template that has none.</summary>
    public string Container =>
        LastRecord is { Container.Length: > 0 } last && PodTemplate.Image(Template, last.Container) is not null ? last.Container : PodTemplate.First(Template) ?? "";

    /// <summary>What Rollout knows of its last rollout, whatever became of it.</summary>
    public RolloutRecord? LastRecord => (_record ??= new(() => RolloutRecord.Of(Metadata))).Value;

    /// <summary>As it follows on an earlier look at it: most changes leave the record alone, which is then not read again.</summary>
    public Workload After(Workload? earlier)
    {
        if (earlier?.Metadata.Annotation(RolloutRecord.Annotation) == Metadata.Annotation(RolloutRecord.Annotation)) _record = earlier?._record;
        return this;
    }

    /// <summary>Counts the changes of its spec and of its template.</summary>
    public (long Spec, long Template) Generation => (Metadata.Generation, TemplateOwner?.Generation ?? 0);

    /// <summary>Whether a revision is the one that is wanted.</summary>
    public bool Wants(Revision revision) => WantedLabel is { } label ? revision.PodLabel == label : PodTemplate.AreSame(revision.Template, Template);

    /// <summary>With the number of its newest revision, unless it carries its own.</summary>
    public Workload NumberedBy(IReadOnlyList<Revision> newestFirst) => Revision == 0 && newestFirst is [var newest, ..] ? this with { Revision = newest.Number } : this;

    public static Workload Of(Deployment item) => new("deployment", item.Metadata, item.Spec.Template, item.Spec.Selector, Progress.Of(item))
    {
        Revision = Workloads.Revision.NumberOf(item.Metadata),
        IsPaused = item.Spec.Paused,
        Strategy = item.Spec.Strategy.Type == "Recreate" ? RolloutStrategy.Recreate : RolloutStrategy.Rolling,
        MinReadySeconds = item.Spec.MinReadySeconds,
        MaxSurge = $"{item.Spec.Strategy.RollingUpdate.MaxSurge}",
        MaxUnavailable = $"{item.Spec.Strategy.RollingUpdate.MaxUnavailable}",
    };

    public static Workload Of(StatefulSet item) => new("statefulset", item.Metadata, item.Spec.Template, item.Spec.Selector, Progress.Of(item))
    {
        IsOrdered = item.Spec.PodManagementPolicy != "Parallel",
        Partition = item.Spec.UpdateStrategy.RollingUpdate.Partition,
        IsOnDelete = item.Spec.UpdateStrategy.Type == "OnDelete",
        MinReadySeconds = item.Spec.MinReadySeconds,
    };

    public static Workload Of(DaemonSet item) => new("daemonset", item.Metadata, item.Spec.Template, item.Spec.Selector, Progress.Of(item))
    {
        IsOnDelete = item.Spec.UpdateStrategy.Type == "OnDelete",
        MinReadySeconds = item.Spec.MinReadySeconds,
        MaxUnavailable = $"{item.Spec.UpdateStrategy.RollingUpdate.MaxUnavailable}",
    };
}
