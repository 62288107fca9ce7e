using System.Text.Json.Nodes;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>
/// The Kubernetes API (1.25 and later), as far as Rollout uses it, in the API's own terms: one method is one request. The one place
/// the rest of the engine talks to a cluster through. Every failure is a <see cref="RolloutException"/>; see <see cref="KubernetesErrors"/>.
/// </summary>
public interface IKubernetesClient : IDisposable
{
    /// <summary>The cluster this client talks to.</summary>
    RolloutEndpoint Endpoint { get; }

    /// <summary>The context's namespace.</summary>
    string Namespace { get; }

    /// <summary>Waits for a sign of life: any answer at all, whatever it is, to whoever asks. No credential is fetched for it.</summary>
    Task ReachAsync(CancellationToken cancellation);

    /// <summary>The server's version.</summary>
    Task<ServerVersion> VersionAsync(CancellationToken cancellation);

    /// <summary>Whether the server has a kind at all, as its discovery tells everybody, whatever their rights.</summary>
    Task<bool> ServesAsync<T>(Resource<T> resource, CancellationToken cancellation) where T : class, IKubernetesObject;

    /// <summary>Reads an object; null where there is none.</summary>
    Task<T?> GetAsync<T>(Resource<T> resource, string? @namespace, string name, CancellationToken cancellation) where T : class, IKubernetesObject;

    /// <summary>
    /// One page of a list; <see cref="Pages"/> reads them all. KubernetesExpired where the token of the page is too old.
    /// </summary>
    Task<KubernetesList<T>> ListAsync<T>(Resource<T> resource, string? @namespace, ListQuery query, CancellationToken cancellation) where T : class, IKubernetesObject;

    /// <summary>
    /// One watch, until the server ends it: every few minutes it does. <see cref="ListWatch{T}"/> goes on where one ended.
    /// KubernetesExpired where the version is too old.
    /// </summary>
    IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(Resource<T> resource, string? @namespace, WatchQuery query, CancellationToken cancellation) where T : class, IKubernetesObject;

    /// <summary>Creates an object. KubernetesConflict where one of that name exists.</summary>
    Task<T> CreateAsync<T>(Resource<T> resource, string? @namespace, JsonObject body, bool dryRun, CancellationToken cancellation) where T : class, IKubernetesObject;

    /// <summary>
    /// Changes an object and returns it as it is afterwards. KubernetesConflict where the patch names a resourceVersion that is no longer
    /// the present one, or a JSON patch's test fails.
    /// </summary>
    Task<T> PatchAsync<T>(Resource<T> resource, string? @namespace, string name, Patch patch, CancellationToken cancellation) where T : class, IKubernetesObject;

    /// <summary>The same as <see cref="PatchAsync"/>, but nothing is stored, and the answer is the whole object as JSON.</summary>
    Task<JsonObject> PreviewAsync<T>(Resource<T> resource, string? @namespace, string name, Patch patch, CancellationToken cancellation) where T : class, IKubernetesObject;

    /// <summary>Deletes an object; nothing happens where there is none. With <paramref name="uid"/> only that very object.</summary>
    Task DeleteAsync<T>(Resource<T> resource, string? @namespace, string name, string? uid, CancellationToken cancellation) where T : class, IKubernetesObject;

    /// <summary>Deletes an object as it was seen; one that changed since stays.</summary>
    Task DeleteAsync<T>(Resource<T> resource, ObjectMeta seen, CancellationToken cancellation) where T : class, IKubernetesObject;

    /// <summary>The last lines a container wrote, neutralised; of the run before with <paramref name="previous"/>. Empty where there are none to be had.</summary>
    Task<IReadOnlyList<string>> LogTailAsync(string @namespace, string pod, string container, int lines, bool previous, CancellationToken cancellation);

    /// <summary>Whether the user may do this (SelfSubjectAccessReview).</summary>
    Task<bool> MayAsync(ResourceAttributes what, CancellationToken cancellation);
}

/// <summary>What a list is asked for.</summary>
public sealed record ListQuery
{
    /// <summary>By labels: <c>app=shop</c>.</summary>
    public string? LabelSelector { get; init; }
    /// <summary>By fields: <c>metadata.name=shop</c>.</summary>
    public string? FieldSelector { get; init; }
    /// <summary>Items a page; 0 for all at once.</summary>
    public int Limit { get; init; }
    /// <summary>The page's token, from the page before.</summary>
    public string? Continue { get; init; }
}

/// <summary>What a watch is asked for.</summary>
public sealed record WatchQuery
{
    /// <summary>By labels: <c>app=shop</c>.</summary>
    public string? LabelSelector { get; init; }
    /// <summary>By fields: <c>metadata.name=shop</c>.</summary>
    public string? FieldSelector { get; init; }
    /// <summary>The state to go on from.</summary>
    public required string ResourceVersion { get; init; }
    /// <summary>When the server is to end it.</summary>
    public required TimeSpan Timeout { get; init; }
}

/// <summary>What happened to an object.</summary>
/// <param name="Type">ADDED, MODIFIED, DELETED, or BOOKMARK: only metadata.resourceVersion counts, up to which the watch has come.</param>
/// <param name="Object">The object after it, for DELETED its last state.</param>
/// <typeparam name="T">The kind's model.</typeparam>
public sealed record WatchEvent<T>(string Type, T Object);

/// <summary>A change of an object, made by <see cref="Merge"/>, <see cref="StrategicMerge"/>, <see cref="Json"/> or <see cref="Apply"/>.</summary>
public sealed record Patch
{
    private Patch(string mediaType, JsonNode body) => (MediaType, Body) = (mediaType, body);

    /// <summary>Which of the four it is.</summary>
    public string MediaType { get; }

    /// <summary>The change.</summary>
    public JsonNode Body { get; }

    /// <summary>log, scale, status ...; null for the object itself.</summary>
    public string? Subresource { get; init; }

    /// <summary>Takes over fields that another manager owns (server-side apply).</summary>
    public bool Force { get; init; }

    /// <summary>The same for whatever version the object has by then.</summary>
    internal Patch OfAnyVersion()
    {
        var body = Body.DeepClone();
        ((body as JsonObject)?["metadata"] as JsonObject)?.Remove("resourceVersion");
        return new Patch(MediaType, body) { Subresource = Subresource, Force = Force };
    }

    /// <summary>An annotation that it sets; null where it sets none of that name.</summary>
    internal string? Annotation(string key) => (Body as JsonObject)?["metadata"]?["annotations"]?[key]?.GetValue<string>();

    /// <summary>JSON merge patch (RFC 7396): objects are merged, lists replaced, null removes.</summary>
    public static Patch Merge(JsonObject body) => new("application/merge-patch+json", body);

    /// <summary>Kubernetes' own: as a merge patch, but lists with a merge key (containers by name) are merged by it.</summary>
    public static Patch StrategicMerge(JsonObject body) => new("application/strategic-merge-patch+json", body);

    /// <summary>JSON patch (RFC 6902): a list of operations, of which <c>test</c> is a precondition.</summary>
    public static Patch Json(JsonArray operations) => new("application/json-patch+json", operations);

    /// <summary>Server-side apply: the fields given are owned by <c>rollout</c> from then on. JSON is YAML, which its media type asks for.</summary>
    public static Patch Apply(JsonObject body) => new("application/apply-patch+yaml", body);
}
