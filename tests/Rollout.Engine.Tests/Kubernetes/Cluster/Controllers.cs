using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Rollout.Engine.Tests.Kubernetes.Cluster;

/// <summary>
/// What kube-controller-manager, scheduler and kubelet do with workloads, as far as a rollout can tell: each write wakes the workload it
/// belongs to, which is then brought one step nearer to its spec. Runs under the cluster's lock.
/// </summary>
internal sealed partial class Controllers : IDisposable
{
    private const string HashLabel = "pod-template-hash";
    private const string Revision = "deployment.kubernetes.io/revision";
    private static readonly string[] NotCopied = ["kubectl.kubernetes.io/last-applied-configuration", Revision, "deployment.kubernetes.io/revision-history", "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas"];

    private readonly ObjectStore _store;
    private readonly Lock _lock;
    private readonly Kubelet _kubelet;
    private readonly Queue<Key> _awake = new();
    private readonly CancellationTokenSource _end = new();
    private bool _working;

    public Controllers(ObjectStore store, Lock @lock)
    {
        _store = store;
        _lock = @lock;
        _kubelet = new Kubelet(store, Later);
        store.Written += Woken;
    }

    public Kubelet Kubelet => _kubelet;

    /// <summary>False: nothing moves, as with a controller manager that is down.</summary>
    public bool AreRunning { get; set; } = true;

    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
    }

    public static JsonObject WithDefaults(string resource, JsonObject body)
    {
        var item = (JsonObject)body.DeepClone();
        var spec = resource is "apps/deployments" or "apps/statefulsets" or "apps/daemonsets" ? item.Child("spec") : null;
        if (spec is null) return item;

        if (resource != "apps/daemonsets") spec["replicas"] ??= 1;
        if (resource == "apps/deployments")
        {
            spec["progressDeadlineSeconds"] ??= 600;
            spec["revisionHistoryLimit"] ??= 10;
            var strategy = spec.Child("strategy");
            strategy["type"] ??= "RollingUpdate";
            if (strategy.Text("type") == "RollingUpdate")
            {
                strategy.Child("rollingUpdate")["maxSurge"] ??= "25%";
                strategy.Child("rollingUpdate")["maxUnavailable"] ??= "25%";
            }
        }
        else
        {
            var strategy = spec.Child("updateStrategy");
            strategy["type"] ??= "RollingUpdate";
            if (resource == "apps/statefulsets") spec["podManagementPolicy"] ??= "OrderedReady";
            else if (strategy.Text("type") == "RollingUpdate")
            {
                strategy.Child("rollingUpdate")["maxSurge"] ??= 0;
                strategy.Child("rollingUpdate")["maxUnavailable"] ??= 1;
            }
        }

        return item;
    }

    /// <summary>What the API refuses, and without a word what a kind has not.</summary>
    public static JsonObject Validated(string resource, JsonObject item)
    {
        if (resource == "apps/statefulsets" && item.At("spec", "updateStrategy", "rollingUpdate") is JsonObject ordered)
        {
            foreach (var unknown in ordered.Select(field => field.Key).Where(field => field != "partition").ToList()) ordered.Remove(unknown);
        }

        if (resource == "apps/daemonsets" && item.At("spec", "updateStrategy", "rollingUpdate") is JsonObject room && $"{room["maxSurge"] ?? 0}" != "0" && $"{room["maxUnavailable"] ?? 0}" != "0")
        {
            throw new StatusException(422, "Invalid", "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: may not be set when maxUnavailable is non-zero");
        }

        foreach (var (name, value) in item.At("spec", "strategy", "rollingUpdate") as JsonObject ?? [])
        {
            if (value?.GetValueKind() == System.Text.Json.JsonValueKind.String && !((string)value!).EndsWith('%')) throw new StatusException(422, "Invalid", $"spec.strategy.rollingUpdate.{name}: Invalid value: a valid percent string must be a numeric string followed by an ending '%'");
        }

        return item;
    }

    /// <summary>Pods end first, and what an object owns goes with it.</summary>
    public void Delete(Key key)
    {
        if (key.Resource == "pods")
        {
            _kubelet.Stop(key);
            return;
        }

        var uid = _store.Find(key)?.Uid();
        _store.Remove(key);
        foreach (var resource in (string[])["apps/deployments", "apps/replicasets", "apps/controllerrevisions", "services", "pods"])
        {
            foreach (var owned in _store.All(resource, key.Namespace).Where(item => Owner(item).Text("uid") == uid).ToList()) Delete(new Key(resource, key.Namespace, owned.Name()));
        }
    }

    private static JsonObject? Owner(JsonObject item) => item.Items("metadata", "ownerReferences").FirstOrDefault();

    private void Woken(Write write)
    {
        if (write.Key.Resource == "pods") _kubelet.Seen(write);
        if (AreRunning && write.Key.Resource is "pods" or "services") Endpoints(write.Key.Namespace);
        if (Workload(write.Key, write.After ?? write.Before!) is { } workload) _awake.Enqueue(workload);
        if (write.Key.Resource == "apps/deployments") foreach (var rollout in Referring(write.Key)) _awake.Enqueue(rollout);
        if (_working) return;

        _working = true;
        try
        {
            while (_awake.TryDequeue(out var next))
            {
                if (AreRunning && _store.Find(next) is { } item) Step(next, item);
            }
        }
        finally
        {
            _working = false;
        }
    }

    /// <summary>Where each Service's traffic goes.</summary>
    private void Endpoints(string @namespace)
    {
        foreach (var service in _store.All("services", @namespace).ToList())
        {
            var selector = service.At("spec", "selector") as JsonObject ?? [];
            var pods = _store.All("pods", @namespace).Where(pod => pod.At("metadata", "deletionTimestamp") is null && selector.All(label => pod.Text("metadata", "labels", label.Key) == (string?)label.Value));
            var endpoints = new JsonArray([.. pods.Select(pod => new JsonObject
            {
                ["conditions"] = new JsonObject { ["ready"] = Kubelet.IsReady(pod) },
                ["targetRef"] = new JsonObject { ["kind"] = "Pod", ["name"] = pod.Name() },
            })]);
            var key = new Key("discovery.k8s.io/endpointslices", @namespace, service.Name() + "-slice");
            if (_store.Find(key) is null) _store.Create(key, new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["kubernetes.io/service-name"] = service.Name() } } }, dryRun: false);
            _store.Change(key, slice =>
            {
                slice["endpoints"] = endpoints;
                return slice;
            });
        }
    }

    private Key? Workload(Key key, JsonObject item)
    {
        if (key.Resource is "apps/deployments" or "apps/statefulsets" or "apps/daemonsets" or Rollouts) return key;
        if (Owner(item) is not { } owner) return null;
        if (owner.Text("kind") == "ReplicaSet" && _store.Find(new Key("apps/replicasets", key.Namespace, owner.Text("name")!)) is { } set) return Workload(new Key("apps/replicasets", key.Namespace, set.Name()), set);
        if (owner.Text("kind") == "Rollout") return new Key(Rollouts, key.Namespace, owner.Text("name")!);
        return owner.Text("kind") is "Deployment" or "StatefulSet" or "DaemonSet" ? new Key($"apps/{owner.Text("kind")!.ToLowerInvariant()}s", key.Namespace, owner.Text("name")!) : null;
    }

    private void Step(Key key, JsonObject item)
    {
        switch (key.Resource)
        {
            case "apps/deployments": Deployment(key, item); break;
            case "apps/statefulsets": StatefulSet(key, item); break;
            case Rollouts: Rollout(key, item); break;
            default: DaemonSet(key, item); break;
        }
    }

    private void Later(TimeSpan delay, Action action) => _ = Task.Run(async () =>
    {
        try
        {
            await Task.Delay(delay, _end.Token);
            lock (_lock) action();
        }
        catch (OperationCanceledException)
        {
            // The cluster is gone.
        }
    });

    // ---- Deployment

    private void Deployment(Key key, JsonObject item)
    {
        var sets = _store.All("apps/replicasets", key.Namespace).Where(set => Owner(set).Text("uid") == item.Uid()).OrderBy(RevisionOf).ToList();
        var current = sets.LastOrDefault(set => SameTemplate(set.At("spec", "template"), item.At("spec", "template")));
        var paused = item.Flag("spec", "paused");
        if (!paused)
        {
            var newest = sets.Count == 0 ? 0 : sets.Max(RevisionOf);
            if (current is null)
            {
                current = CreateSet(key, item, newest + 1);
                sets.Add(current);
            }
            else if (RevisionOf(current) < newest)
            {
                current = ChangeSet(current, set => set.Child("metadata").Child("annotations")[Revision] = (newest + 1).ToString(CultureInfo.InvariantCulture));
            }

            current = CopyAnnotations(item, current);
            item = _store.Change(key, deployment =>
            {
                deployment.Child("metadata").Child("annotations")[Revision] = RevisionOf(current).ToString(CultureInfo.InvariantCulture);
                return deployment;
            });
            sets = [.. sets.Where(set => set.Name() != current.Name()), current];
            if (item.Text("spec", "strategy", "type") == "Recreate") Recreate(item, sets, current);
            else Roll(item, sets, current);
        }

        foreach (var set in _store.All("apps/replicasets", key.Namespace).Where(set => Owner(set).Text("uid") == item.Uid()).ToList()) ReplicaSet(set);
        Status(key, current, paused);
    }

    private static int RevisionOf(JsonObject set) => int.TryParse(set.Text("metadata", "annotations", Revision), CultureInfo.InvariantCulture, out var revision) ? revision : 0;

    private static bool SameTemplate(JsonNode? set, JsonNode? deployment)
    {
        var without = (JsonObject)set!.DeepClone();
        without.Child("metadata").Child("labels").Remove(HashLabel);
        var other = (JsonObject)deployment!.DeepClone();
        other.Child("metadata").Child("labels");
        return JsonNode.DeepEquals(without, other);
    }

    private static string Hash(JsonNode? template) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(template!.ToJsonString())))[..10];

    private JsonObject CreateSet(Key key, JsonObject deployment, int revision)
    {
        var template = (JsonObject)deployment["spec"]!["template"]!.DeepClone();
        var hash = Hash(template);
        template.Child("metadata").Child("labels")[HashLabel] = hash;
        var set = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["labels"] = template["metadata"]!["labels"]!.DeepClone(),
                ["annotations"] = new JsonObject { [Revision] = revision.ToString(CultureInfo.InvariantCulture) },
                ["ownerReferences"] = OwnedBy("Deployment", deployment),
            },
            ["spec"] = new JsonObject { ["replicas"] = 0, ["selector"] = deployment["spec"]!["selector"]!.DeepClone(), ["template"] = template },
        };
        return _store.Create(new Key("apps/replicasets", key.Namespace, $"{key.Name}-{hash}"), set, dryRun: false);
    }

    private static JsonArray OwnedBy(string kind, JsonObject owner) =>
        [new JsonObject { ["apiVersion"] = "apps/v1", ["kind"] = kind, ["name"] = owner.Name(), ["uid"] = owner.Uid(), ["controller"] = true }];

    private JsonObject CopyAnnotations(JsonObject deployment, JsonObject set) => ChangeSet(set, changed =>
    {
        foreach (var (name, value) in deployment.At("metadata", "annotations") as JsonObject ?? [])
        {
            if (!NotCopied.Contains(name)) changed.Child("metadata").Child("annotations")[name] = value?.DeepClone();
        }
    });

    private JsonObject ChangeSet(JsonObject set, Action<JsonObject> change) => _store.Change(new Key("apps/replicasets", set.Text("metadata", "namespace")!, set.Name()), changed =>
    {
        change(changed);
        return changed;
    });

    private void Scale(JsonObject set, int replicas) => ChangeSet(set, changed => changed["spec"]!["replicas"] = Math.Max(0, replicas));

    private void Recreate(JsonObject deployment, List<JsonObject> sets, JsonObject current)
    {
        var old = sets.Where(set => set.Name() != current.Name()).ToList();
        foreach (var set in old.Where(set => set.Number("spec", "replicas") > 0)) Scale(set, 0);
        if (old.All(set => PodsOf(set).Count == 0)) Scale(current, deployment.Number("spec", "replicas"));
    }

    private void Roll(JsonObject deployment, List<JsonObject> sets, JsonObject current)
    {
        var desired = deployment.Number("spec", "replicas");
        var (surge, unavailable) = Limits(deployment, desired);
        var old = sets.Where(set => set.Name() != current.Name() && set.Number("spec", "replicas") > 0).ToList();
        var total = sets.Sum(set => set.Number("spec", "replicas"));
        var wanted = current.Number("spec", "replicas");
        if (wanted > desired) wanted = desired;
        else if (total < desired + surge) wanted = Math.Min(desired, wanted + desired + surge - total);
        if (old.Count == 0) wanted = desired;
        total += wanted - current.Number("spec", "replicas");
        if (wanted != current.Number("spec", "replicas")) Scale(current, wanted);

        // First what is broken already, then what serves, as far as enough others do.
        var spare = total - (desired - unavailable) - (wanted - AvailableOf(current, deployment));
        foreach (var set in old)
        {
            var broken = Math.Max(0, set.Number("spec", "replicas") - AvailableOf(set, deployment));
            var fewer = Math.Min(broken, Math.Max(0, spare));
            spare -= fewer;
            if (fewer > 0) Scale(set, set.Number("spec", "replicas") - fewer);
        }

        var serving = sets.Sum(set => AvailableOf(set, deployment)) - (desired - unavailable);
        foreach (var name in old.Select(set => set.Name()))
        {
            var set = _store.Find(new Key("apps/replicasets", deployment.Text("metadata", "namespace")!, name))!;
            var fewer = Math.Min(set.Number("spec", "replicas"), Math.Max(0, serving));
            serving -= fewer;
            if (fewer > 0) Scale(set, set.Number("spec", "replicas") - fewer);
        }
    }

    private static (int Surge, int Unavailable) Limits(JsonObject deployment, int desired)
    {
        var rolling = deployment.At("spec", "strategy", "rollingUpdate");
        var surge = Share(rolling.At("maxSurge"), desired, up: true);
        var unavailable = Share(rolling.At("maxUnavailable"), desired, up: false);
        return surge == 0 && unavailable == 0 ? (0, 1) : (surge, unavailable);
    }

    private static int Share(JsonNode? value, int of, bool up)
    {
        if (value is null) return 0;
        if (value.GetValueKind() == System.Text.Json.JsonValueKind.Number) return (int)value;
        var share = double.Parse(((string)value!).TrimEnd('%'), CultureInfo.InvariantCulture) * of / 100;
        return (int)(up ? Math.Ceiling(share) : Math.Floor(share));
    }

    private List<JsonObject> PodsOf(JsonObject owner) =>
        [.. _store.All("pods", owner.Text("metadata", "namespace")).Where(pod => Owner(pod).Text("uid") == owner.Uid())];

    private int AvailableOf(JsonObject owner, JsonObject workload) => PodsOf(owner).Count(pod => IsAvailable(pod, workload));

    private bool IsAvailable(JsonObject pod, JsonObject workload)
    {
        if (pod.At("metadata", "deletionTimestamp") is not null || !Kubelet.IsReady(pod)) return false;
        var needed = TimeSpan.FromSeconds(workload.Number("spec", "minReadySeconds"));
        if (needed == TimeSpan.Zero) return true;
        var waited = DateTimeOffset.UtcNow - Kubelet.ReadySince(pod);
        if (waited >= needed) return true;
        // Nothing is written when the time is over, so the workload is woken for it.
        var wake = Workload(new Key("pods", pod.Text("metadata", "namespace")!, pod.Name()), pod);
        Later(needed - waited, () =>
        {
            if (wake is { } workloadKey && _store.Find(workloadKey) is { } found) Woken(new Write(0, workloadKey, null, found));
        });
        return false;
    }

    private void ReplicaSet(JsonObject set)
    {
        var pods = PodsOf(set).Where(pod => pod.At("metadata", "deletionTimestamp") is null).ToList();
        var wanted = set.Number("spec", "replicas");
        for (var i = pods.Count; i < wanted; i++) CreatePod(set, "ReplicaSet", set["spec"]!["template"]!, $"{set.Name()}-{Guid.NewGuid().ToString()[..5]}");
        foreach (var pod in pods.OrderBy(Kubelet.IsReady).Take(Math.Max(0, pods.Count - wanted))) _kubelet.Stop(new Key("pods", set.Text("metadata", "namespace")!, pod.Name()));
    }

    private void CreatePod(JsonObject owner, string kind, JsonNode template, string name, params (string Name, string Value)[] labels)
    {
        var pod = new JsonObject
        {
            ["metadata"] = template["metadata"]?.DeepClone() ?? new JsonObject(),
            ["spec"] = template["spec"]!.DeepClone(),
            ["status"] = new JsonObject { ["phase"] = "Pending" },
        };
        pod.Child("metadata")["ownerReferences"] = OwnedBy(kind, owner);
        foreach (var label in labels) pod.Child("metadata").Child("labels")[label.Name] = label.Value;
        _store.Create(new Key("pods", owner.Text("metadata", "namespace")!, name), pod, dryRun: false);
    }

    private void Status(Key key, JsonObject? current, bool paused)
    {
        if (_store.Find(key) is not { } deployment) return;
        var sets = _store.All("apps/replicasets", key.Namespace).Where(set => Owner(set).Text("uid") == deployment.Uid()).ToList();
        var pods = sets.SelectMany(PodsOf).Where(pod => pod.At("metadata", "deletionTimestamp") is null).ToList();
        var updated = current is null ? [] : PodsOf(current).Where(pod => pod.At("metadata", "deletionTimestamp") is null).ToList();
        var available = pods.Count(pod => IsAvailable(pod, deployment));
        var desired = deployment.Number("spec", "replicas");
        var complete = updated.Count == desired && pods.Count == desired && available == desired;

        _store.Change(key, changed =>
        {
            var before = changed["status"] as JsonObject ?? [];
            var status = new JsonObject { ["observedGeneration"] = changed.Number("metadata", "generation") };
            foreach (var (name, count) in (ReadOnlySpan<(string, int)>)[("replicas", pods.Count), ("updatedReplicas", updated.Count), ("readyReplicas", pods.Count(Kubelet.IsReady)), ("availableReplicas", available), ("unavailableReplicas", Math.Max(0, desired - available))])
            {
                // As the API has it: zeros are left out.
                if (count > 0) status[name] = count;
            }

            var (_, unavailable) = Limits(changed, desired);
            var progressed = before.Number("updatedReplicas") != updated.Count || before.Number("availableReplicas") != available || before.Number("replicas") != pods.Count
                || before.Number("observedGeneration") != changed.Number("metadata", "generation") && !paused;
            status["conditions"] = new JsonArray(
                Condition(before, "Available", available >= desired - unavailable, available >= desired - unavailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable"),
                Progressing(changed, before, current, complete, paused, progressed));
            changed["status"] = status;
            return changed;
        });
    }

    private static JsonObject Condition(JsonNode? before, string type, bool holds, string reason)
    {
        var old = before.Items("conditions").FirstOrDefault(condition => condition.Text("type") == type);
        var status = holds ? "True" : "False";
        var since = old.Text("status") == status ? old.Text("lastTransitionTime") : ObjectStore.Now();
        return new JsonObject { ["type"] = type, ["status"] = status, ["reason"] = reason, ["lastTransitionTime"] = since };
    }

    private JsonObject Progressing(JsonObject deployment, JsonObject before, JsonObject? current, bool complete, bool paused, bool progressed)
    {
        var old = before.Items("conditions").FirstOrDefault(condition => condition.Text("type") == "Progressing");
        if (paused) return WithTime(Condition(before, "Progressing", true, "DeploymentPaused"), ObjectStore.Now());
        if (complete) return WithTime(Condition(before, "Progressing", true, "NewReplicaSetAvailable"), old.Text("lastUpdateTime") ?? ObjectStore.Now());

        var wasOver = old.Text("reason") is "NewReplicaSetAvailable" or "DeploymentPaused" or null;
        var since = progressed || wasOver ? ObjectStore.Now() : old.Text("lastUpdateTime")!;
        if (!progressed && old.Text("reason") == "ProgressDeadlineExceeded") return (JsonObject)old!.DeepClone();

        var deadline = TimeSpan.FromSeconds(deployment.Number("spec", "progressDeadlineSeconds"));
        var waited = DateTimeOffset.UtcNow - DateTimeOffset.Parse(since, CultureInfo.InvariantCulture);
        if (waited >= deadline) return WithTime(Condition(before, "Progressing", false, "ProgressDeadlineExceeded"), since);
        var key = new Key("apps/deployments", deployment.Text("metadata", "namespace")!, deployment.Name());
        if (deadline < TimeSpan.FromMinutes(1))
        {
            Later(deadline - waited + TimeSpan.FromMilliseconds(5), () =>
            {
                if (_store.Find(key) is { } found) Woken(new Write(0, key, null, found));
            });
        }

        return WithTime(Condition(before, "Progressing", true, current is null ? "FoundNewReplicaSet" : "ReplicaSetUpdated"), since);
    }

    private static JsonObject WithTime(JsonObject condition, string time)
    {
        condition["lastUpdateTime"] = time;
        return condition;
    }

    // ---- StatefulSet and DaemonSet

    /// <summary>The ControllerRevision of the present template, made where there is none; one that is used again gets the highest number.</summary>
    private JsonObject CurrentRevision(Key key, JsonObject item, string kind)
    {
        var template = (JsonObject)item["spec"]!["template"]!.DeepClone();
        template["$patch"] = "replace";
        var data = new JsonObject { ["spec"] = new JsonObject { ["template"] = template } };
        var revisions = _store.All("apps/controllerrevisions", key.Namespace).Where(revision => Owner(revision).Text("uid") == item.Uid()).ToList();
        var newest = revisions.Count == 0 ? 0 : revisions.Max(revision => revision.Number("revision"));
        if (revisions.FirstOrDefault(revision => JsonNode.DeepEquals(revision["data"], data)) is { } same)
        {
            return same.Number("revision") == newest ? same : _store.Change(new Key("apps/controllerrevisions", key.Namespace, same.Name()), changed =>
            {
                changed["revision"] = newest + 1;
                return changed;
            });
        }

        var hash = Hash(template);
        return _store.Create(new Key("apps/controllerrevisions", key.Namespace, $"{key.Name}-{hash}"), new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["ownerReferences"] = OwnedBy(kind, item),
                ["labels"] = RevisionLabels(item, kind, hash),
                ["annotations"] = item.At("metadata", "annotations")?.DeepClone() ?? new JsonObject(),
            },
            ["revision"] = newest + 1,
            ["data"] = data,
        }, dryRun: false);
    }

    private static JsonNode RevisionLabels(JsonObject item, string kind, string hash)
    {
        var labels = (JsonObject)item["spec"]!["selector"]!["matchLabels"]!.DeepClone();
        labels[kind == "DaemonSet" ? "controller-revision-hash" : "controller.kubernetes.io/hash"] = hash;
        return labels;
    }

    private void StatefulSet(Key key, JsonObject item)
    {
        var update = CurrentRevision(key, item, "StatefulSet").Name();
        var before = item.Text("status", "currentRevision") ?? update;
        var pods = PodsOf(item).ToDictionary(pod => pod.Name());
        var desired = item.Number("spec", "replicas");
        var inOrder = item.Text("spec", "podManagementPolicy") != "Parallel";
        var partition = item.Number("spec", "updateStrategy", "rollingUpdate", "partition");
        StatefulSetStep(key, item, pods, desired, inOrder, partition, update);

        pods = PodsOf(item).ToDictionary(pod => pod.Name());
        string RevisionOfPod(JsonObject pod) => pod.Text("metadata", "labels", "controller-revision-hash")!;
        var updated = pods.Values.Count(pod => RevisionOfPod(pod) == update);
        var ready = pods.Values.Count(Kubelet.IsReady);
        var isComplete = updated == desired && ready == desired && pods.Count == desired;
        _store.Change(key, changed =>
        {
            var status = new JsonObject
            {
                ["observedGeneration"] = changed.Number("metadata", "generation"),
                ["currentRevision"] = isComplete ? update : before,
                ["updateRevision"] = update,
                ["collisionCount"] = 0,
                ["availableReplicas"] = pods.Values.Count(pod => IsAvailable(pod, changed)),
                ["replicas"] = pods.Count,
            };
            if (ready > 0) status["readyReplicas"] = ready;
            if (updated > 0) status["updatedReplicas"] = updated;
            changed["status"] = status;
            return changed;
        });
    }

    private void StatefulSetStep(Key key, JsonObject item, Dictionary<string, JsonObject> pods, int desired, bool inOrder, int partition, string update)
    {
        var old = item.Text("status", "currentRevision") ?? update;
        for (var i = 0; i < desired; i++)
        {
            var name = $"{key.Name}-{i}";
            if (!pods.TryGetValue(name, out var pod))
            {
                var revision = i < partition ? old : update;
                var template = _store.Find(new Key("apps/controllerrevisions", key.Namespace, revision))!["data"]!["spec"]!["template"]!.DeepClone();
                CreatePod(item, "StatefulSet", template, name, ("controller-revision-hash", revision));
                if (inOrder) return;
            }
            else if (inOrder && !IsAvailable(pod, item))
            {
                // The known trap: a broken Pod blocks all that comes after it, its own undo too.
                return;
            }
        }

        foreach (var surplus in pods.Values.Where(pod => int.Parse(pod.Name()[(key.Name.Length + 1)..], CultureInfo.InvariantCulture) >= desired).ToList()) _kubelet.Stop(new Key("pods", key.Namespace, surplus.Name()));
        if (item.Text("spec", "updateStrategy", "type") == "OnDelete") return;
        for (var i = desired - 1; i >= partition; i--)
        {
            if (!pods.TryGetValue($"{key.Name}-{i}", out var pod)) return;
            if (pod.Text("metadata", "labels", "controller-revision-hash") != update)
            {
                _kubelet.Stop(new Key("pods", key.Namespace, pod.Name()));
                return;
            }

            if (!IsAvailable(pod, item)) return;
        }
    }

    private void DaemonSet(Key key, JsonObject item)
    {
        var hash = CurrentRevision(key, item, "DaemonSet").Name()[(key.Name.Length + 1)..];
        var pods = PodsOf(item);
        var template = (JsonObject)item["spec"]!["template"]!;
        foreach (var node in Kubelet.Nodes.Where(node => pods.All(pod => pod.Text("spec", "nodeName") != node)))
        {
            var placed = (JsonObject)template.DeepClone();
            placed.Child("spec")["nodeName"] = node;
            CreatePod(item, "DaemonSet", placed, $"{key.Name}-{Guid.NewGuid().ToString()[..5]}", ("controller-revision-hash", hash));
        }

        pods = PodsOf(item);
        bool IsUpdated(JsonObject pod) => pod.Text("metadata", "labels", "controller-revision-hash") == hash;
        if (item.Text("spec", "updateStrategy", "type") != "OnDelete")
        {
            var room = 1 - pods.Count(pod => !IsAvailable(pod, item));
            foreach (var pod in pods.Where(pod => !IsUpdated(pod) && pod.At("metadata", "deletionTimestamp") is null).OrderBy(pod => IsAvailable(pod, item)).ToList())
            {
                if (IsAvailable(pod, item) && room-- <= 0) break;
                _kubelet.Stop(new Key("pods", key.Namespace, pod.Name()));
            }
        }

        pods = PodsOf(item);
        _store.Change(key, changed =>
        {
            var ready = pods.Count(Kubelet.IsReady);
            var available = pods.Count(pod => IsAvailable(pod, changed));
            var status = new JsonObject
            {
                ["observedGeneration"] = changed.Number("metadata", "generation"),
                ["desiredNumberScheduled"] = Kubelet.Nodes.Count,
                ["currentNumberScheduled"] = pods.Count,
                ["numberReady"] = ready,
                ["numberMisscheduled"] = 0,
            };
            if (pods.Count(IsUpdated) is > 0 and var updated) status["updatedNumberScheduled"] = updated;
            if (available > 0) status["numberAvailable"] = available;
            changed["status"] = status;
            return changed;
        });
    }
}
