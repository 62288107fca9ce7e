using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Rollout.Engine.Kubernetes.Api;

// Only what Rollout reads. Nothing is ever written back whole: a change is a patch of the fields it is about, and a piece that is
// copied (a pod template, a revision's data) stays the JSON it came as, so that fields this version does not know survive.
//
// The server leaves zeros, false and empty lists out of its JSON, so a missing counter is 0, never "unknown"; where a null is written it is turned into empty.
// Only the JSON reader sets anything. The accessors are not init, as the source generator makes of those a constructor's parameters, of which each object read
// needs a list first: a fleet's watches read thousands.

/// <summary>An object of the API.</summary>
public interface IKubernetesObject
{
    /// <summary>Name, namespace, version and the like.</summary>
    ObjectMeta Metadata { get; }
}

/// <summary>metadata of an object.</summary>
[JsonConverter(typeof(ModelReader<ObjectMeta>))]
public record ObjectMeta : IReadable
{
    /// <summary>The name.</summary>
    public string Name { get; set => field = value ?? ""; } = "";
    /// <summary>The namespace; empty for what is the cluster's.</summary>
    public string Namespace { get; set => field = value ?? ""; } = "";
    /// <summary>The identity that no second object of that name ever gets.</summary>
    public string Uid { get; set => field = value ?? ""; } = "";
    /// <summary>Changes with every write. Opaque: only equality means something.</summary>
    public string ResourceVersion { get; set => field = value ?? ""; } = "";
    /// <summary>Counts changes of spec; 0 where the kind has none.</summary>
    public long Generation { get; set; }
    /// <summary>When it was made.</summary>
    public DateTimeOffset? CreationTimestamp { get; set; }
    /// <summary>When it was asked to go; null while it was not.</summary>
    public DateTimeOffset? DeletionTimestamp { get; set; }
    /// <summary>The labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; set => field = value ?? StringMap.Empty; } = StringMap.Empty;
    /// <summary>The annotations.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; set => field = value ?? StringMap.Empty; } = StringMap.Empty;
    /// <summary>Who owns it.</summary>
    public IReadOnlyList<OwnerReference> OwnerReferences { get; set => field = value ?? []; } = [];

    /// <summary>An annotation's value, or null.</summary>
    public string? Annotation(string key) => Annotations.TryGetValue(key, out var value) ? value : null;

    /// <summary>True where the object with this uid controls it.</summary>
    public bool IsControlledBy(string uid) => OwnerReferences.Any(owner => owner.Controller && owner.Uid == uid);

    void IReadable.Take(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("name"u8)) Name = json.Text();
        else if (json.ValueTextEquals("namespace"u8)) Namespace = json.Text();
        else if (json.ValueTextEquals("uid"u8)) Uid = json.Text();
        else if (json.ValueTextEquals("resourceVersion"u8)) ResourceVersion = json.Text();
        else if (json.ValueTextEquals("generation"u8)) Generation = json.Long();
        else if (json.ValueTextEquals("creationTimestamp"u8)) CreationTimestamp = json.Time();
        else if (json.ValueTextEquals("deletionTimestamp"u8)) DeletionTimestamp = json.Time();
        else if (json.ValueTextEquals("labels"u8)) Labels = json.Map();
        else if (json.ValueTextEquals("annotations"u8)) Annotations = json.Map();
        else if (json.ValueTextEquals("ownerReferences"u8)) OwnerReferences = json.List<OwnerReference>();
        else json.TrySkip();
    }
}

/// <summary>metadata of an object of which it matters who wrote which field; that is much text, which others leave out.</summary>
public sealed record ManagedMeta : ObjectMeta
{
    /// <summary>Who wrote which fields.</summary>
    public IReadOnlyList<ManagedFieldsEntry> ManagedFields { get; set => field = value ?? []; } = [];
}

/// <summary>An entry of metadata.managedFields.</summary>
public sealed record ManagedFieldsEntry
{
    /// <summary>Who: the name that a client gives itself.</summary>
    public string Manager { get; set => field = value ?? ""; } = "";
    /// <summary>Apply (declared, and kept) or Update.</summary>
    public string Operation { get; set => field = value ?? ""; } = "";
    /// <summary>status, scale ...; empty for the object itself.</summary>
    public string Subresource { get; set => field = value ?? ""; } = "";
    /// <summary>Which, as a tree of <c>f:name</c>.</summary>
    public JsonObject FieldsV1 { get; set => field = value ?? []; } = [];
}

/// <summary>An entry of metadata.ownerReferences.</summary>
public sealed record OwnerReference : IReadable
{
    /// <summary>The owner's kind.</summary>
    public string Kind { get; set => field = value ?? ""; } = "";
    /// <summary>The owner's name.</summary>
    public string Name { get; set => field = value ?? ""; } = "";
    /// <summary>The owner's uid.</summary>
    public string Uid { get; set => field = value ?? ""; } = "";
    /// <summary>True for the one owner that manages it.</summary>
    public bool Controller { get; set; }

    void IReadable.Take(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("kind"u8)) Kind = json.Text();
        else if (json.ValueTextEquals("name"u8)) Name = json.Text();
        else if (json.ValueTextEquals("uid"u8)) Uid = json.Text();
        else if (json.ValueTextEquals("controller"u8)) Controller = json.Flag();
        else json.TrySkip();
    }
}

/// <summary>Names another object.</summary>
public sealed record ObjectReference
{
    /// <summary>Its kind.</summary>
    public string Kind { get; set => field = value ?? ""; } = "";
    /// <summary>Its name.</summary>
    public string Name { get; set => field = value ?? ""; } = "";
}

/// <summary>A condition of an object's status.</summary>
[JsonConverter(typeof(ModelReader<Condition>))]
public sealed record Condition : IReadable
{
    /// <summary>Available, Progressing, Ready, PodScheduled ...</summary>
    public string Type { get; set => field = value ?? ""; } = "";
    /// <summary>True, False or Unknown.</summary>
    public string Status { get; set => field = value ?? ""; } = "";
    /// <summary>One word for why.</summary>
    public string Reason { get; set => field = value ?? ""; } = "";
    /// <summary>The same in a sentence.</summary>
    public string Message { get; set => field = value ?? ""; } = "";
    /// <summary>When the status last changed.</summary>
    public DateTimeOffset? LastTransitionTime { get; set; }

    void IReadable.Take(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("type"u8)) Type = json.Text();
        else if (json.ValueTextEquals("status"u8)) Status = json.Text();
        else if (json.ValueTextEquals("reason"u8)) Reason = json.Text();
        else if (json.ValueTextEquals("message"u8)) Message = json.Text();
        else if (json.ValueTextEquals("lastTransitionTime"u8)) LastTransitionTime = json.Time();
        else json.TrySkip();
    }
}

/// <summary>One page of a list.</summary>
/// <typeparam name="T">The items' type.</typeparam>
public sealed record KubernetesList<T>
{
    /// <summary>The list's version and the token of the next page.</summary>
    public ListMeta Metadata { get; set => field = value ?? new(); } = new();
    /// <summary>The items.</summary>
    public IReadOnlyList<T> Items { get; set => field = value ?? []; } = [];
}

/// <summary>metadata of a list.</summary>
public sealed record ListMeta
{
    /// <summary>The state the list shows; a watch goes on from here.</summary>
    public string ResourceVersion { get; set => field = value ?? ""; } = "";
    /// <summary>The next page's token; empty on the last page.</summary>
    public string Continue { get; set => field = value ?? ""; } = "";
}

/// <summary>A Service, or an object of a kind that somebody installed: as the API gave it.</summary>
public sealed record PlainObject : IKubernetesObject
{
    /// <summary>Name, namespace, version, and who wrote what.</summary>
    public ManagedMeta Metadata { get; set => field = value ?? new(); } = new();
    ObjectMeta IKubernetesObject.Metadata => Metadata;
    /// <summary>What is wanted.</summary>
    public JsonObject Spec { get; set => field = value ?? []; } = [];
    /// <summary>What is.</summary>
    public JsonObject Status { get; set => field = value ?? []; } = [];
}
