using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>A Deployment, StatefulSet or DaemonSet, as far as a rollout needs to tell them apart.</summary>
internal sealed record Workload(string Kind, ObjectMeta Metadata, JsonObject Template, LabelSelector Selector, Progress Progress)
{
    private Lazy<RolloutRecord?>? _record;

    public bool IsPaused { get; init; }

    /// <summary>True where the pause is one that Rollout made.</summary>
    public bool IsPauseOurs => IsPaused && LastRecord is { HasPaused: true };

    /// <summary>The number of the wanted revision; 0 where it is not known. The controller counts: right after a change it is still the one before.</summary>
    public long Revision { get; init; }

    public bool IsRecreate { get; private init; }

    /// <summary>True where a broken Pod holds up all others, its own undo too: a StatefulSet that goes in order.</summary>
    public bool IsOrdered { get; private init; }

    /// <summary><c>finance/deployment/shop</c>, for messages.</summary>
    public string Title => $"{Metadata.Namespace}/{Kind}/{Metadata.Name}";

    /// <summary>What Rollout knows of the rollout that brought its present image; null where somebody else brought it.</summary>
    public RolloutRecord? Record => LastRecord is { } last && PodTemplate.Image(Template, last.Container) == last.Image ? last : null;

    /// <summary>The container that the last rollout was about, else its first; empty in a template that has none.</summary>
    public string Container =>
        LastRecord is { Container.Length: > 0 } last && PodTemplate.Image(Template, last.Container) is not null ? last.Container : PodTemplate.First(Template) ?? "";

    private RolloutRecord? LastRecord => (_record ??= new(() => RolloutRecord.Of(Metadata))).Value;

    /// <summary>With the number of its newest revision. A Deployment carries its own.</summary>
    public Workload NumberedBy(IReadOnlyList<Revision> newestFirst) => Kind != "deployment" && newestFirst is [var newest, ..] ? this with { Revision = newest.Number } : this;

    public static Workload Of(Deployment item) => new("deployment", item.Metadata, item.Spec.Template, item.Spec.Selector, Progress.Of(item))
    {
        Revision = Workloads.Revision.NumberOf(item.Metadata),
        IsPaused = item.Spec.Paused,
        IsRecreate = item.Spec.Strategy.Type == "Recreate",
    };

    public static Workload Of(StatefulSet item) => new("statefulset", item.Metadata, item.Spec.Template, item.Spec.Selector, Progress.Of(item))
    {
        IsOrdered = item.Spec.PodManagementPolicy != "Parallel",
    };

    public static Workload Of(DaemonSet item) => new("daemonset", item.Metadata, item.Spec.Template, item.Spec.Selector, Progress.Of(item));
}
