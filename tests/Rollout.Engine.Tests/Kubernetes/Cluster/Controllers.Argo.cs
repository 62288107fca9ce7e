using System.Globalization;
using System.Text.Json.Nodes;

namespace Rollout.Engine.Tests.Kubernetes.Cluster;

/// <summary>
/// What the controller of Argo Rollouts does, as far as a rollout can tell: steps with setWeight, pause and analysis (which never ends), blueGreen with and
/// without autoPromotion, abort, retry, full promotion, restart and workloadRef; replica counts make the weight.
/// </summary>
internal sealed partial class Controllers
{
    public const string Rollouts = "argoproj.io/rollouts";
    private const string RolloutHash = "rollouts-pod-template-hash";
    private const string RolloutRevision = "rollout.argoproj.io/revision";

    private List<Key> Referring(Key deployment) =>
        [.. _store.All(Rollouts, deployment.Namespace).Where(rollout => rollout.Text("spec", "workloadRef", "name") == deployment.Name).Select(rollout => new Key(Rollouts, deployment.Namespace, rollout.Name()))];

    private void Rollout(Key key, JsonObject item)
    {
        var deployment = item.Text("spec", "workloadRef", "name") is { } name ? _store.Find(new Key("apps/deployments", key.Namespace, name)) : null;
        if ((deployment ?? item).At("spec", "template") is not JsonObject template) return;

        var wanted = Defaulted(template);
        var hash = Hash(wanted);
        var current = RolloutSet(key, item, wanted, hash);
        var status = (JsonObject)(item["status"]?.DeepClone() ?? new JsonObject());
        if (status.Text("currentPodHash") != hash) Reset(status, item, hash);
        if (item.Text("spec", "restartAt") is { } restart && restart != status.Text("restartedAt"))
        {
            foreach (var pod in RolloutSets(key, item).SelectMany(PodsOf)) _kubelet.Stop(new Key("pods", key.Namespace, pod.Name()));
            status["restartedAt"] = restart;
        }

        if (!item.Flag("spec", "paused")) Drive(key, item, status, current, hash);
        foreach (var set in RolloutSets(key, item)) ReplicaSet(set);
        status["observedGeneration"] = item.Number("metadata", "generation").ToString(CultureInfo.InvariantCulture);
        if (deployment is not null) status["workloadObservedGeneration"] = deployment.Number("metadata", "generation").ToString(CultureInfo.InvariantCulture);
        Count(key, item, status, hash);
        var revision = RolloutSets(key, item).First(set => HashOf(set) == hash).Text("metadata", "annotations", RolloutRevision);
        if (_store.Find(key) is null) return;
        _store.Change(key, changed =>
        {
            changed.Child("metadata").Child("annotations")[RolloutRevision] = revision;
            changed["status"] = status;
            return changed;
        });
    }

    /// <summary>The API fills defaults into the templates of its own kinds, and so into the ReplicaSet's; not into the Rollout's.</summary>
    private static JsonObject Defaulted(JsonObject template)
    {
        var whole = (JsonObject)template.DeepClone();
        whole.Child("metadata").Child("labels").Remove(RolloutHash);
        whole.Child("spec")["restartPolicy"] ??= "Always";
        whole.Child("spec")["dnsPolicy"] ??= "ClusterFirst";
        return whole;
    }

    private static string? HashOf(JsonObject set) => set.Text("metadata", "labels", RolloutHash);

    private List<JsonObject> RolloutSets(Key key, JsonObject item) => [.. _store.All("apps/replicasets", key.Namespace).Where(set => Owner(set).Text("uid") == item.Uid())];

    private JsonObject RolloutSet(Key key, JsonObject item, JsonObject template, string hash)
    {
        var sets = RolloutSets(key, item);
        int Number(JsonObject set) => int.Parse(set.Text("metadata", "annotations", RolloutRevision)!, CultureInfo.InvariantCulture);
        var newest = sets.Count == 0 ? 0 : sets.Max(Number);
        if (sets.FirstOrDefault(set => HashOf(set) == hash) is { } found)
        {
            return Number(found) == newest ? found : ChangeSet(found, set => set.Child("metadata").Child("annotations")[RolloutRevision] = (newest + 1).ToString(CultureInfo.InvariantCulture));
        }

        var marked = (JsonObject)template.DeepClone();
        marked.Child("metadata").Child("labels")[RolloutHash] = hash;
        var annotations = new JsonObject { [RolloutRevision] = (newest + 1).ToString(CultureInfo.InvariantCulture) };
        if (item.Text("metadata", "annotations", "kubernetes.io/change-cause") is { } cause) annotations["kubernetes.io/change-cause"] = cause;
        return _store.Create(new Key("apps/replicasets", key.Namespace, $"{key.Name}-{hash}"), new JsonObject
        {
            ["metadata"] = new JsonObject { ["labels"] = marked["metadata"]!["labels"]!.DeepClone(), ["annotations"] = annotations, ["ownerReferences"] = OwnedBy("Rollout", item) },
            ["spec"] = new JsonObject { ["replicas"] = 0, ["template"] = marked },
        }, dryRun: false);
    }

    private static int Steps(JsonObject item) => item.Items("spec", "strategy", "canary", "steps").Count();

    private static void Reset(JsonObject status, JsonObject item, string hash)
    {
        foreach (var name in (string[])["pauseConditions", "controllerPause", "abort", "promoteFull"]) status.Remove(name);
        status["currentPodHash"] = hash;
        // Back to the stable one, or for the first time: without steps.
        if (Steps(item) > 0) status["currentStepIndex"] = status.Text("stableRS") is { } stable && stable != hash ? 0 : Steps(item);
    }

    private void Drive(Key key, JsonObject item, JsonObject status, JsonObject current, string hash)
    {
        var sets = RolloutSets(key, item);
        var stable = sets.FirstOrDefault(set => HashOf(set) == status.Text("stableRS") && HashOf(set) != hash);
        foreach (var set in sets.Where(set => set.Name() != current.Name() && set.Name() != stable?.Name())) Scale(set, 0);
        var desired = item.At("spec", "replicas") is null ? 1 : item.Number("spec", "replicas");
        if (status.Flag("promoteFull"))
        {
            foreach (var name in (string[])["pauseConditions", "controllerPause", "abort"]) status.Remove(name);
            if (Steps(item) > 0) status["currentStepIndex"] = Steps(item);
        }

        if (stable is null) Promote(item, status, current, stable, hash, desired);
        else if (status.Flag("abort")) Abort(status, current, stable, desired);
        else if (item.At("spec", "strategy", "blueGreen") is not null) BlueGreen(item, status, current, stable, hash, desired);
        else Canary(key, item, status, current, stable, hash, desired);
    }

    private void Promote(JsonObject item, JsonObject status, JsonObject current, JsonObject? stable, string hash, int desired)
    {
        Scale(current, desired);
        ReplicaSet(_store.Find(new Key("apps/replicasets", current.Text("metadata", "namespace")!, current.Name()))!);
        if (AvailableOf(current, item) < desired) return;
        if (stable is not null) Scale(stable, 0);
        status["stableRS"] = hash;
        status.Remove("promoteFull");
        if (Steps(item) > 0) status["currentStepIndex"] = Steps(item);
        if (item.At("spec", "strategy", "blueGreen") is not null) status["blueGreen"] = new JsonObject { ["activeSelector"] = hash, ["previewSelector"] = hash };
    }

    private void Abort(JsonObject status, JsonObject current, JsonObject stable, int desired)
    {
        Scale(stable, desired);
        Scale(current, 0);
        foreach (var name in (string[])["pauseConditions", "controllerPause", "promoteFull"]) status.Remove(name);
        status["abortedAt"] ??= ObjectStore.Now();
        if (status.ContainsKey("currentStepIndex")) status["currentStepIndex"] = 0;
        if (status["blueGreen"] is not null) status.Child("blueGreen")["activeSelector"] = status.Text("stableRS");
    }

    private void BlueGreen(JsonObject item, JsonObject status, JsonObject current, JsonObject stable, string hash, int desired)
    {
        status.Child("blueGreen")["previewSelector"] = hash;
        Scale(current, desired);
        if (AvailableOf(current, item) < desired) return;
        var isByHand = item.At("spec", "strategy", "blueGreen", "autoPromotionEnabled") is { } enabled && !(bool)enabled;
        if (!isByHand || status.Flag("promoteFull") || Waited(status, "BlueGreenPause", null)) Promote(item, status, current, stable, hash, desired);
    }

    private void Canary(Key key, JsonObject item, JsonObject status, JsonObject current, JsonObject stable, string hash, int desired)
    {
        var at = status.Number("currentStepIndex");
        if (status.Flag("promoteFull") || at >= Steps(item))
        {
            Promote(item, status, current, stable, hash, desired);
            return;
        }

        var step = item.Items("spec", "strategy", "canary", "steps").ElementAt(at);
        if (step["setWeight"] is { } weight)
        {
            var canary = (int)Math.Ceiling(desired * (int)weight / 100.0);
            Scale(current, canary);
            Scale(stable, desired - canary);
            // The known trap: a stable version that is bad holds up the step that would replace it.
            if (AvailableOf(current, item) >= canary && AvailableOf(stable, item) >= desired - canary) Next();
        }
        else if (step["pause"] is { } pause)
        {
            var length = pause.At("duration") is { } duration ? TimeSpan.FromSeconds((double)duration) : (TimeSpan?)null;
            if (length is { } time) Later(time, () =>
            {
                if (_store.Find(key) is { } found) Woken(new Write(0, key, null, found));
            });
            if (Waited(status, "CanaryPauseStep", length)) Next();
        }

        void Next()
        {
            status["currentStepIndex"] = at + 1;
            Canary(key, item, status, current, stable, hash, desired);
        }
    }

    /// <summary>Whether a pause is over: somebody cleared it, or its time is. Begun where it is not.</summary>
    private static bool Waited(JsonObject status, string reason, TimeSpan? length)
    {
        var pause = status.Items("pauseConditions").FirstOrDefault();
        var isOver = pause is null ? status.Flag("controllerPause") : length is { } time && DateTimeOffset.UtcNow >= DateTimeOffset.Parse(pause.Text("startTime")!, CultureInfo.InvariantCulture) + time;
        if (isOver)
        {
            status.Remove("pauseConditions");
            status.Remove("controllerPause");
        }
        else if (pause is null)
        {
            status["pauseConditions"] = new JsonArray(new JsonObject { ["reason"] = reason, ["startTime"] = DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture) });
            status["controllerPause"] = true;
        }

        return isOver;
    }

    private void Count(Key key, JsonObject item, JsonObject status, string hash)
    {
        var sets = RolloutSets(key, item);
        List<JsonObject> Live(JsonObject set) => [.. PodsOf(set).Where(pod => pod.At("metadata", "deletionTimestamp") is null)];
        var pods = sets.SelectMany(Live).ToList();
        var updated = sets.Where(set => HashOf(set) == hash).SelectMany(Live).Count();
        foreach (var (name, count) in (ReadOnlySpan<(string, int)>)[("replicas", pods.Count), ("updatedReplicas", updated), ("readyReplicas", pods.Count(Kubelet.IsReady)), ("availableReplicas", pods.Count(pod => IsAvailable(pod, item)))])
        {
            status.Remove(name);
            if (count > 0) status[name] = count;
        }

        var desired = item.At("spec", "replicas") is null ? 1 : item.Number("spec", "replicas");
        var isPromoted = status.Text("stableRS") == hash;
        var (phase, message) = (status, pods.Count) switch
        {
            _ when status.Flag("abort") && !isPromoted => ("Degraded", "RolloutAborted: Rollout aborted update to revision 2"),
            _ when item.Flag("spec", "paused") => ("Paused", "manually paused"),
            _ when status.Items("pauseConditions").FirstOrDefault() is { } pause => ("Paused", pause.Text("reason")!),
            _ when updated < desired => ("Progressing", "more replicas need to be updated"),
            _ when status.Number("availableReplicas") < updated => ("Progressing", "updated replicas are still becoming available"),
            _ when item.At("spec", "strategy", "blueGreen") is null && pods.Count > updated => ("Progressing", "old replicas are pending termination"),
            _ when !isPromoted => ("Progressing", "waiting for all steps to complete"),
            _ => ("Healthy", ""),
        };
        status["phase"] = phase;
        status.Remove("message");
        if (message.Length > 0) status["message"] = message;
    }
}
