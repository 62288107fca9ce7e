using System.Globalization;
using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;
using Rollout.Engine.Traffic.Kubernetes;

namespace Rollout.Engine.Kubernetes.Strategies;

/// <summary>The plan of a rollout in steps.</summary>
/// <param name="Change">The change of the workload that it ends with.</param>
/// <param name="Checks">Its steps and checks.</param>
/// <param name="State">What its record begins with.</param>
internal sealed record SteppedChange(ImageChange Change, StepChecks Checks, SteppedState State) : RolloutPlan
{
    /// <summary>The record of the rollout that begins.</summary>
    public RolloutRecord Begin(DateTimeOffset now)
    {
        var begun = Change.Begin(now);
        return begun with { Route = State.Route ?? begun.Route, Stepped = Checks.KeptIn(State) with { Stage = SteppedStage.Stepping, Since = now, Turn = 1 } };
    }

    /// <summary>What its steps add to the route besides weights, a line each.</summary>
    public IEnumerable<string> RouteLines => State.Route is { } route && RouteShape.Find(route.Router) is { } shape
        ? Checks.Steps.OfType<HeaderStep>().Where(step => step.Headers.Count > 0).Select(step => $"{shape.Resource.Kind} {route.Name}: requests with the {step} -> {route.Second}")
        : [];

    /// <summary>The room there is for the steps: as asked for, else as the workload itself has it.</summary>
    public static (int Surge, int Unavailable) Room(Workload workload, RolloutRequest request, int replicas)
    {
        // In place a Pod goes before another comes.
        if (workload.IsInPlace) return (0, Math.Clamp(Share(request.MaxUnavailable ?? workload.MaxUnavailable, replicas, decimal.Ceiling), 1, replicas));
        var surge = Share(request.MaxSurge ?? workload.MaxSurge, replicas, decimal.Ceiling);
        var unavailable = Share(request.MaxUnavailable ?? workload.MaxUnavailable, replicas, decimal.Floor);
        // Without any room nothing could move: the API lets one be missing then, and so does this.
        return surge == 0 && unavailable == 0 ? (0, 1) : (surge, Math.Min(unavailable, replicas));
    }

    /// <summary>A number, or a percentage of so many.</summary>
    internal static int Share(string text, int of, Func<decimal, decimal> round)
    {
        if (text.Length == 0) return 0;
        var isPercentage = text.EndsWith('%');
        return decimal.TryParse(text.TrimEnd('%'), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (int)round(isPercentage ? of * number / 100 : number)
            : throw RolloutErrors.InvalidMaxSurge(text);
    }
}

/// <summary>The plan of something to be done with a rollout that is in its steps.</summary>
/// <param name="Workload">As it was looked at.</param>
/// <param name="Verb">What: Stop goes back.</param>
/// <param name="Change">What becomes of the record.</param>
internal sealed record SteppedCommand(Workload Workload, RolloutVerb Verb, Func<RolloutRecord, DateTimeOffset, RolloutRecord> Change) : RolloutPlan;

/// <summary>How a record in its steps is written, and with it what its workload is to be.</summary>
internal static class SteppedPatch
{
    /// <summary>The patch, with the workload's resourceVersion as precondition.</summary>
    /// <param name="now">The workload.</param>
    /// <param name="record">The record.</param>
    /// <param name="old">How many Pods of the old version are wanted; null for as many as now.</param>
    public static Patch Of(Workload now, RolloutRecord record, int? old = null) => Patch.StrategicMerge(Body(now, record, old));

    /// <summary>The first one. What is replaced in place gets the new template with it, and no Pod of it yet.</summary>
    public static Patch Begin(Workload now, RolloutRecord record)
    {
        var state = record.Stepped!;
        if (!state.IsInPlace) return Of(now, record);
        var body = Body(now, record, state.Replicas);
        body["spec"]!["template"] = PodTemplate.ImagePatch(now.Template, record.Container, record.Image!);
        body["metadata"]!["annotations"]![RolloutRecord.ChangeCause] = state.ChangeCause;
        return Patch.StrategicMerge(body);
    }

    private static JsonObject Body(Workload now, RolloutRecord record, int? old)
    {
        var state = record.Stepped!;
        var next = record with { Stepped = state with { Turn = (now.LastRecord?.Stepped?.Turn ?? 0) + 1, Old = old ?? state.Old } };
        var body = new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = now.Metadata.ResourceVersion, ["annotations"] = new JsonObject { [RolloutRecord.Annotation] = next.ToJson() } },
        };
        if (state.IsInPlace) body["spec"] = InPlace(now, record, old);
        else if (old is not null) body["spec"] = new JsonObject { ["replicas"] = old };
        return body;
    }

    /// <summary>
    /// What the workload whose Pods are replaced in place is to be: while it is in its steps, no Pod more may be replaced than they say; past them and on the way back its own controller has a free hand.
    /// </summary>
    private static JsonObject InPlace(Workload now, RolloutRecord record, int? old)
    {
        var (state, spec) = (record.Stepped!, new JsonObject());
        var isStepping = state.Stage == SteppedStage.Stepping;
        // Another's template is left alone.
        if (record.IsUndo && PodTemplate.Fingerprint(now.Template) == state.Template) spec["template"] = PodTemplate.ImagePatch(now.Template, record.Container, record.Image!);
        var partition = !isStepping ? state.Partition : old is null ? now.Partition : state.Partition + old.Value;
        spec["updateStrategy"] = now.Kind == "statefulset"
            ? new JsonObject { ["type"] = "RollingUpdate", ["rollingUpdate"] = new JsonObject { ["partition"] = partition } }
            : new JsonObject { ["type"] = isStepping ? "OnDelete" : "RollingUpdate" };
        return spec;
    }

    /// <summary>Past the steps: the workload itself gets the new image, and all its Pods back. What runs beside it goes on serving meanwhile.</summary>
    public static Patch Promotion(Workload now, RolloutRecord record)
    {
        var state = record.Stepped!;
        if (state.IsInPlace) return Of(now, record with { Phase = RolloutPhase.Progressing, Stepped = state with { Stage = SteppedStage.Promoting } });
        var spec = new JsonObject { ["template"] = PodTemplate.ImagePatch(now.Template, record.Container, record.Image!) };
        // Behind a router they were never taken, and an autoscaler may have set them.
        if (state.Route is null) spec["replicas"] = state.Replicas;
        var next = record with { Phase = RolloutPhase.Progressing, Stepped = state with { Stage = SteppedStage.Promoting, Turn = state.Turn + 1 } };
        return Patch.StrategicMerge(new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["resourceVersion"] = now.Metadata.ResourceVersion,
                ["annotations"] = new JsonObject { [RolloutRecord.Annotation] = next.ToJson(), [RolloutRecord.ChangeCause] = state.ChangeCause },
            },
            ["spec"] = spec,
        });
    }
}
