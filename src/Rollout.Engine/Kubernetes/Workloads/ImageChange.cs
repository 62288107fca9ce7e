using System.Globalization;
using System.Text.Json.Nodes;
using Rollout.Engine.Kubernetes.Api;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Kubernetes.Workloads;

/// <summary>The plan of a rollout: one container of a workload gets an image.</summary>
/// <param name="Workload">As it was looked at.</param>
/// <param name="Container">The container.</param>
/// <param name="Image">The image as it is deployed.</param>
/// <param name="Request">What was asked for.</param>
internal sealed record ImageChange(Workload Workload, string Container, ImageReference Image, RolloutRequest Request) : RolloutPlan
{
    /// <summary>Who sets its replicas, in a sentence; null where nobody does.</summary>
    public string? Autoscaled { get; init; }

    /// <summary>What of spec.strategy is set besides; null where nothing is.</summary>
    public JsonObject? Strategy { get; init; }

    /// <summary>The pod template with it.</summary>
    public JsonObject Template
    {
        get
        {
            var template = PodTemplate.WithoutHash(Workload.Template);
            PodTemplate.SetImage(template, Container, Image.ToString());
            return template;
        }
    }

    /// <summary>Why, for the history.</summary>
    public string Cause => Request.ChangeCause ?? $"Rollout: {Container}={Image}";

    /// <summary>The room that was asked for, as the API names it; empty where the workload's own is kept.</summary>
    public JsonObject Room
    {
        get
        {
            var room = new JsonObject();
            if (Request.MaxSurge is { } surge) room["maxSurge"] = Share(surge);
            if (Request.MaxUnavailable is { } unavailable) room["maxUnavailable"] = Share(unavailable);
            return room;
        }
    }

    /// <summary>Where a workload of its kind has that room.</summary>
    public string RoomPlace => Workload.Kind == "deployment" ? "strategy" : "updateStrategy";

    /// <summary>What of that room would change, a line each.</summary>
    /// <param name="after">The workload as the server says it would be.</param>
    public IEnumerable<string> RoomLines(JsonObject after) =>
        from asked in Room
        let before = asked.Key == "maxSurge" ? Workload.MaxSurge : Workload.MaxUnavailable
        let now = $"{after["spec"]?[RoomPlace]?["rollingUpdate"]?[asked.Key]}"
        where now != before
        select $"spec.{RoomPlace}.rollingUpdate.{asked.Key}: {(before.Length > 0 ? before : "(none)")} -> {now}";

    /// <summary>The record of the rollout that begins.</summary>
    public RolloutRecord Begin(DateTimeOffset now)
    {
        var begun = Record(now);
        return Autoscaled is null ? begun : begun.With(new RolloutDecision(now, "Autoscaled", Autoscaled));
    }

    /// <summary>The patch, with the workload's resourceVersion as precondition. The pause that Rollout made is lifted.</summary>
    public Patch Patch(Workload now, RolloutRecord record)
    {
        var annotations = new JsonObject { [RolloutRecord.Annotation] = record.ToJson(), [RolloutRecord.ChangeCause] = Cause };
        var spec = new JsonObject { ["template"] = PodTemplate.ImagePatch(now.Template, Container, Image.ToString()) };
        if (now.IsPauseOurs) spec["paused"] = false;
        if (Strategy is not null) spec["strategy"] = Strategy.DeepClone();
        if (Room is { Count: > 0 } room) spec[RoomPlace] = new JsonObject { ["rollingUpdate"] = room };
        return Api.Patch.StrategicMerge(new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = now.Metadata.ResourceVersion, ["annotations"] = annotations },
            ["spec"] = spec,
        });
    }

    private RolloutRecord Record(DateTimeOffset now) => new RolloutRecord
    {
        Phase = RolloutPhase.Progressing,
        Container = Container,
        Image = Image.ToString(),
        PreviousImage = PodTemplate.Image(Workload.Template, Container),
        OnFailure = Request.OnFailure,
        Route = Workload.LastRecord?.Route,
        Stepped = Workload.LastRecord?.Left,
        TimeoutSec = Request.Timeout.TotalSeconds,
        GraceSec = Request.Grace.TotalSeconds,
        GraceRestarts = Request.GraceRestarts,
        HasChecks = Request.HealthChecks.Count > 0,
        Checks = [.. Request.HealthChecks.Where(check => check.IsOpen)],
        StartedAt = now,
    }.With(new RolloutDecision(now, "Started", $"{Image} in container {Container}."));

    /// <summary>A number is a JSON number, a percentage a text; the server says what else is wrong.</summary>
    internal static JsonValue Share(string text) =>
        int.TryParse(text, CultureInfo.InvariantCulture, out var number) ? JsonValue.Create(number) : JsonValue.Create(text);
}
