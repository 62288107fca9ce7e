using System.Globalization;
using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Kubernetes.Workloads;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Kubernetes.Strategies;

/// <summary>The plan of a rollout in steps.</summary>
/// <param name="Change">The change of the workload that it ends with.</param>
/// <param name="Checks">Its steps and checks.</param>
/// <param name="State">What its record begins with.</param>
internal sealed record SteppedChange(ImageChange Change, StepChecks Checks, SteppedState State) : RolloutPlan
{
    /// <summary>The record of the rollout that begins.</summary>
    public RolloutRecord Begin(DateTimeOffset now) => Change.Begin(now) with { Route = State.Route, Stepped = Checks.KeptIn(State) with { Stage = SteppedStage.Stepping, Since = now, Turn = 1 } };

    /// <summary>The room there is for the steps: as asked for, else as the Deployment itself has it.</summary>
    public static (int Surge, int Unavailable) Room(Workload workload, RolloutRequest request, int replicas)
    {
        var surge = Share(request.MaxSurge ?? workload.MaxSurge, replicas, decimal.Ceiling);
        var unavailable = Share(request.MaxUnavailable ?? workload.MaxUnavailable, replicas, decimal.Floor);
        // Without any room nothing could move: the API lets one be missing then, and so does this.
        return surge == 0 && unavailable == 0 ? (0, 1) : (surge, Math.Min(unavailable, replicas));
    }

    private static int Share(string text, int of, Func<decimal, decimal> round)
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

/// <summary>How a record in its steps is written.</summary>
internal static class SteppedPatch
{
    /// <summary>The patch, with the workload's resourceVersion as precondition.</summary>
    public static Patch Of(Workload now, RolloutRecord record, int? replicas = null)
    {
        var next = record with { Stepped = record.Stepped! with { Turn = (now.LastRecord?.Stepped?.Turn ?? 0) + 1 } };
        var body = new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = now.Metadata.ResourceVersion, ["annotations"] = new JsonObject { [RolloutRecord.Annotation] = next.ToJson() } },
        };
        if (replicas is not null) body["spec"] = new JsonObject { ["replicas"] = replicas };
        return Patch.Merge(body);
    }

    /// <summary>Past the steps: the workload itself gets the new image, and all its Pods back. What runs beside it goes on serving meanwhile.</summary>
    public static Patch Promotion(Workload now, RolloutRecord record)
    {
        var state = record.Stepped!;
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
