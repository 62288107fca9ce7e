using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Rollout.Engine.Tests.Kubernetes.Cluster;

/// <summary>Where an object is kept: <c>apps/deployments</c>, namespace, name.</summary>
internal readonly record struct Key(string Resource, string Namespace, string Name) : IComparable<Key>
{
    public int CompareTo(Key other) => string.CompareOrdinal($"{Resource}/{Namespace}/{Name}", $"{other.Resource}/{other.Namespace}/{other.Name}");
}

/// <summary>An answer other than success, as the API words it.</summary>
internal sealed class StatusException(int code, string reason, string message, string? name = null) : Exception(message)
{
    public int Code => code;

    public JsonObject Body => new() { ["kind"] = "Status", ["apiVersion"] = "v1", ["status"] = "Failure", ["message"] = Message, ["reason"] = reason, ["details"] = new JsonObject { ["name"] = name }, ["code"] = code };
}

/// <summary>One write, as a watch tells it.</summary>
internal sealed record Write(long Version, Key Key, JsonObject? Before, JsonObject? After);

/// <summary>
/// Objects with the API's rules: uid, resourceVersion and generation, conflicts, selectors, pages, and a history that watches go on from.
/// Not thread-safe: <see cref="TestCluster"/> holds one lock around all of it.
/// </summary>
internal sealed class ObjectStore
{
    private const long First = 1000;
    private readonly SortedDictionary<Key, JsonObject> _objects = [];
    private readonly List<Write> _history = [];
    private readonly List<(Func<Write, bool> Wants, ChannelWriter<Write> To)> _watchers = [];
    private readonly Dictionary<string, (long Version, List<JsonObject> Left)> _pages = [];
    private long _version = First;
    private long _forgottenUpTo = First;

    public long Version => _version;

    /// <summary>Hears of every write, after it.</summary>
    public event Action<Write>? Written;

    public JsonObject? Find(Key key) => _objects.GetValueOrDefault(key);

    public IEnumerable<JsonObject> All(string resource, string? @namespace) =>
        _objects.Where(entry => entry.Key.Resource == resource && (@namespace is null || entry.Key.Namespace == @namespace)).Select(entry => entry.Value);

    public JsonObject Create(Key key, JsonObject body, bool dryRun)
    {
        if (_objects.ContainsKey(key)) throw new StatusException(409, "AlreadyExists", $"{key.Resource} \"{key.Name}\" already exists");
        var created = (JsonObject)body.DeepClone();
        var metadata = created.Child("metadata");
        metadata["name"] = key.Name;
        if (key.Namespace.Length > 0) metadata["namespace"] = key.Namespace;
        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = Now();
        if (created["spec"] is not null) metadata["generation"] = 1;
        return dryRun ? created : Store(key, null, created);
    }

    /// <summary>Changes an object; a write that changes nothing is none. A resourceVersion in the changed object is a precondition.</summary>
    public JsonObject Change(Key key, Func<JsonObject, JsonObject> change, bool dryRun = false)
    {
        var before = Find(key) ?? throw NotFound(key);
        var after = change((JsonObject)before.DeepClone());
        if (after.Text("metadata", "resourceVersion") is { } expected && expected != before.Text("metadata", "resourceVersion"))
        {
            throw new StatusException(409, "Conflict", $"Operation cannot be fulfilled on {key.Resource} \"{key.Name}\": the object has been modified; please apply your changes to the latest version and try again");
        }

        if (after.Text("metadata", "uid") != before.Text("metadata", "uid")) throw new StatusException(409, "Conflict", "Precondition failed: UID in precondition");
        after.Child("metadata")["resourceVersion"] = before.Text("metadata", "resourceVersion");
        if (JsonNode.DeepEquals(before, after)) return before;
        if (before["spec"] is not null && !JsonNode.DeepEquals(before["spec"], after["spec"])) after.Child("metadata")["generation"] = before.Number("metadata", "generation") + 1;
        return dryRun ? after : Store(key, before, after);
    }

    public void Remove(Key key)
    {
        if (!_objects.Remove(key, out var last)) return;
        var gone = (JsonObject)last.DeepClone();
        gone.Child("metadata")["resourceVersion"] = (++_version).Text();
        Tell(new Write(_version, key, last, null) { Before = gone });
    }

    /// <summary>One page: the items, and the token of the next page.</summary>
    public (long Version, List<JsonObject> Items, string Next) Page(string resource, string? @namespace, Func<JsonObject, bool> selected, int limit, string? token)
    {
        (long Version, List<JsonObject> Left) snapshot;
        if (string.IsNullOrEmpty(token)) snapshot = (_version, [.. All(resource, @namespace).Where(selected)]);
        else if (!_pages.Remove(token, out snapshot)) throw Expired("The provided continue parameter is too old");
        if (limit <= 0 || snapshot.Left.Count <= limit) return (snapshot.Version, snapshot.Left, "");

        var next = Guid.NewGuid().ToString();
        _pages[next] = (snapshot.Version, snapshot.Left[limit..]);
        return (snapshot.Version, snapshot.Left[..limit], next);
    }

    /// <summary>What happened after a version, and from then on what happens.</summary>
    public ChannelReader<Write> Watch(long after, Func<Write, bool> wants, out Action end)
    {
        if (after < _forgottenUpTo) throw Expired($"too old resource version: {after} ({_forgottenUpTo})");
        var channel = Channel.CreateUnbounded<Write>();
        foreach (var write in _history.Where(write => write.Version > after && wants(write))) channel.Writer.TryWrite(write);
        var watcher = (wants, channel.Writer);
        _watchers.Add(watcher);
        end = () => _watchers.Remove(watcher);
        return channel.Reader;
    }

    /// <summary>Forgets what happened before now, as etcd's compaction does.</summary>
    public void Compact()
    {
        _history.Clear();
        _pages.Clear();
        _forgottenUpTo = _version;
    }

    public static StatusException NotFound(Key key) => new(404, "NotFound", $"{key.Resource} \"{key.Name}\" not found", key.Name);

    public static StatusException Expired(string message) => new(410, "Expired", message);

    public static string Now() => DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private JsonObject Store(Key key, JsonObject? before, JsonObject after)
    {
        after.Child("metadata")["resourceVersion"] = (++_version).Text();
        _objects[key] = after;
        Tell(new Write(_version, key, before, after));
        return after;
    }

    private void Tell(Write write)
    {
        _history.Add(write);
        foreach (var (wants, to) in _watchers)
        {
            if (wants(write)) to.TryWrite(write);
        }

        Written?.Invoke(write);
    }
}
