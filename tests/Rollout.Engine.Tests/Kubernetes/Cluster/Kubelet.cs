using System.Globalization;
using System.Text.Json.Nodes;

namespace Rollout.Engine.Tests.Kubernetes.Cluster;

/// <summary>
/// Scheduler and kubelet. An image's tag says how its container behaves: <c>bad</c> is never pulled, <c>crash</c> and <c>oom</c> die again and
/// again, <c>unready</c> never serves, <c>slowN</c> serves after N seconds, <c>dielater</c> dies once it has served, <c>config</c> lacks its ConfigMap,
/// <c>unscheduled</c> finds no node; every other runs.
/// </summary>
internal sealed class Kubelet(ObjectStore store, Action<TimeSpan, Action> later)
{
    public static readonly IReadOnlyList<string> Nodes = ["fake-1", "fake-2", "fake-3"];
    private static readonly TimeSpan Pull = TimeSpan.FromMilliseconds(15);
    private static readonly TimeSpan Backoff = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan Termination = TimeSpan.FromMilliseconds(10);
    private int _turn;

    /// <summary>How the runtime names what it runs for an image.</summary>
    public Func<string, string> ImageId { get; set; } = image => image;

    public static bool IsReady(JsonObject pod) => pod.Items("status", "conditions").Any(condition => condition.Text("type") == "Ready" && condition.Text("status") == "True");

    public static DateTimeOffset ReadySince(JsonObject pod) => DateTimeOffset.Parse(
        pod.Items("status", "conditions").First(condition => condition.Text("type") == "Ready").Text("lastTransitionTime")!, CultureInfo.InvariantCulture);

    public void Seen(Write write)
    {
        if (write.Before is null && write.After is not null) later(TimeSpan.Zero, () => Begin(write.Key, write.After.Uid()));
    }

    /// <summary>Asks a Pod to end, which takes a moment.</summary>
    public void Stop(Key key)
    {
        if (store.Find(key) is not { } pod || pod.At("metadata", "deletionTimestamp") is not null) return;
        store.Change(key, ending =>
        {
            ending.Child("metadata")["deletionTimestamp"] = ObjectStore.Now();
            return ending;
        });
        later(Termination, () =>
        {
            if (store.Find(key)?.Uid() == pod.Uid()) store.Remove(key);
        });
    }

    private static string Behaviour(JsonObject pod)
    {
        foreach (var container in pod.Items("spec", "containers"))
        {
            var image = container.Text("image")!.Split('@')[0];
            var tag = image[(image.LastIndexOf(':') + 1)..];
            foreach (var word in (string[])["bad", "crash", "oom", "unready", "dielater", "slow", "config", "unscheduled"])
            {
                if (tag.Contains(word, StringComparison.Ordinal)) return word == "slow" ? tag[tag.IndexOf("slow", StringComparison.Ordinal)..] : word;
            }
        }

        return "runs";
    }

    private void Begin(Key key, string uid)
    {
        if (Live(key, uid) is not { } pod) return;
        var behaviour = Behaviour(pod);
        if (behaviour == "unscheduled")
        {
            Status(key, status => status["conditions"] = new JsonArray(Condition("PodScheduled", false, "Unschedulable", "0/3 nodes are available: 3 Insufficient cpu.")));
            return;
        }

        if (pod.Text("spec", "nodeName") is null)
        {
            store.Change(key, scheduled =>
            {
                scheduled.Child("spec")["nodeName"] = Nodes[_turn++ % Nodes.Count];
                return scheduled;
            });
        }

        var wait = behaviour.StartsWith("slow", StringComparison.Ordinal) && int.TryParse(behaviour[4..], CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : Pull;
        Containers(key, "Pending", ready: false, _ => Waiting("ContainerCreating", ""));
        later(wait, () => Run(key, uid, behaviour, 0));
    }

    private void Run(Key key, string uid, string behaviour, int turn)
    {
        if (Live(key, uid) is not { } pod) return;
        switch (behaviour)
        {
            case "bad":
                var isFirst = turn % 2 == 0;
                Containers(key, "Pending", ready: false, container => isFirst ? Waiting("ErrImagePull", $"failed to pull image \"{container.Text("image")}\": not found") : Waiting("ImagePullBackOff", $"Back-off pulling image \"{container.Text("image")}\""));
                if (isFirst) Event(key, uid, "Failed", $"Failed to pull image \"{pod.Items("spec", "containers").First().Text("image")}\": not found");
                if (isFirst) Event(key, uid, "Failed", "Error: ErrImagePull");
                if (turn < 1) later(Backoff, () => Run(key, uid, behaviour, turn + 1));
                return;
            case "config":
                Containers(key, "Pending", ready: false, _ => Waiting("CreateContainerConfigError", "configmap \"settings\" not found"));
                return;
            case "crash" or "oom":
                Containers(key, "Running", ready: false, _ => Dead(behaviour == "oom", turn));
                if (turn == 0) Event(key, uid, "BackOff", "Back-off restarting failed container");
                if (turn < 8) later(Backoff, () => Run(key, uid, behaviour, turn + 1));
                return;
            case "dielater":
                Containers(key, "Running", ready: true, _ => Running(0));
                later(TimeSpan.FromSeconds(2), () => Run(key, uid, "crash", 1));
                return;
            default:
                Containers(key, "Running", behaviour != "unready", _ => Running(0));
                if (behaviour == "unready") Event(key, uid, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503");
                return;
        }
    }

    private JsonObject? Live(Key key, string uid) => store.Find(key) is { } pod && pod.Uid() == uid && pod.At("metadata", "deletionTimestamp") is null ? pod : null;

    private void Status(Key key, Action<JsonObject> change) => store.Change(key, pod =>
    {
        change(pod.Child("status"));
        return pod;
    });

    private void Containers(Key key, string phase, bool ready, Func<JsonObject, JsonObject> state) => store.Change(key, pod =>
    {
        var status = pod.Child("status");
        status["phase"] = phase;
        status["containerStatuses"] = new JsonArray([.. pod.Items("spec", "containers").Select(container =>
        {
            var told = state(container);
            told["name"] = container.Text("name");
            told["image"] = container.Text("image");
            told["imageID"] = phase == "Pending" ? "" : ImageId(container.Text("image")!);
            told["ready"] = ready;
            return told;
        })]);
        var old = status.Items("conditions").FirstOrDefault(condition => condition.Text("type") == "Ready");
        var condition = Condition("Ready", ready, ready ? "" : "ContainersNotReady", "");
        if (old.Text("status") == condition.Text("status")) condition["lastTransitionTime"] = old!["lastTransitionTime"]!.DeepClone();
        status["conditions"] = new JsonArray(Condition("PodScheduled", true, "", ""), condition);
        return pod;
    });

    private void Event(Key key, string uid, string reason, string message)
    {
        var name = $"{key.Name}.{Guid.NewGuid():N}";
        store.Create(new Key("events", key.Namespace, name), new JsonObject
        {
            ["involvedObject"] = new JsonObject { ["kind"] = "Pod", ["name"] = key.Name, ["namespace"] = key.Namespace, ["uid"] = uid },
            ["type"] = "Warning",
            ["reason"] = reason,
            ["message"] = message,
            ["count"] = 1,
            ["lastTimestamp"] = ObjectStore.Now(),
        }, dryRun: false);
    }

    private static JsonObject Condition(string type, bool holds, string reason, string message) =>
        new() { ["type"] = type, ["status"] = holds ? "True" : "False", ["reason"] = reason, ["message"] = message, ["lastTransitionTime"] = DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture) };

    private static JsonObject Waiting(string reason, string message) => new() { ["state"] = new JsonObject { ["waiting"] = new JsonObject { ["reason"] = reason, ["message"] = message } } };

    private static JsonObject Running(int restarts) => new() { ["state"] = new JsonObject { ["running"] = new JsonObject { ["startedAt"] = ObjectStore.Now() } }, ["restartCount"] = restarts, ["started"] = true };

    private static JsonObject Dead(bool outOfMemory, int restarts)
    {
        var ended = new JsonObject { ["exitCode"] = outOfMemory ? 137 : 1, ["reason"] = outOfMemory ? "OOMKilled" : "Error" };
        var dead = Waiting("CrashLoopBackOff", "back-off 10s restarting failed container");
        dead["lastState"] = new JsonObject { ["terminated"] = ended };
        dead["restartCount"] = restarts;
        return dead;
    }
}
