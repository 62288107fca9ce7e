using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;

namespace Rollout.Engine.Kubernetes.Argo;

/// <summary>A Rollout and its revisions as the workloads that the rest of the engine knows. Pure.</summary>
internal static class ArgoView
{
    public const string Kind = "rollout";
    private const string NumberAnnotation = "rollout.argoproj.io/revision";
    private const string EphemeralAnnotation = "rollout.argoproj.io/ephemeral-metadata";

    /// <summary>A Rollout as a workload.</summary>
    /// <param name="rollout">The Rollout.</param>
    /// <param name="referred">The Deployment whose template it takes; null where the template is its own, or the Deployment is not there.</param>
    public static Workload Of(ArgoRollout rollout, Deployment? referred)
    {
        var progress = ArgoProgress.Of(rollout, referred?.Metadata.Generation);
        var selector = rollout.Spec.Selector is { MatchLabels.Count: 0, MatchExpressions.Count: 0 } ? referred?.Spec.Selector : null;
        return new Workload(Kind, rollout.Metadata, referred?.Spec.Template ?? rollout.Spec.Template, selector ?? rollout.Spec.Selector, progress)
        {
            Platform = RolloutPlatform.Argo,
            Strategy = rollout.Spec.Strategy.BlueGreen is null ? RolloutStrategy.Canary : RolloutStrategy.BlueGreen,
            Step = progress.Reason == "NotObserved" ? null : ArgoSteps.Text(rollout),
            Revision = NumberOf(rollout.Metadata),
            IsPaused = rollout.Spec.Paused,
            // A hash of a template that is no longer wanted is nobody's.
            WantedLabel = progress.Reason == "NotObserved" ? "" : rollout.Status.CurrentPodHash,
            TemplateOwner = referred?.Metadata,
        };
    }

    /// <summary>A ReplicaSet of a Rollout as its revision: without what the controller marks the present side with.</summary>
    public static Revision Of(ReplicaSet set) => new(
        NumberOf(set.Metadata),
        set.Metadata,
        WithoutEphemeral(set),
        set.Metadata.Labels.GetValueOrDefault(PodTemplate.ArgoHashLabel, ""));

    private static long NumberOf(ObjectMeta metadata) => long.TryParse(metadata.Annotation(NumberAnnotation), CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static JsonObject WithoutEphemeral(ReplicaSet set)
    {
        if (set.Metadata.Annotation(EphemeralAnnotation) is not { } text) return set.Spec.Template;
        var template = (JsonObject)set.Spec.Template.DeepClone();
        foreach (var kind in (string[])["labels", "annotations"])
        {
            foreach (var (key, _) in Parsed(text)?[kind] as JsonObject ?? []) (template["metadata"]?[kind] as JsonObject)?.Remove(key);
        }

        return template;
    }

    private static JsonObject? Parsed(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
