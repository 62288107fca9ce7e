using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>spec.selector of a workload.</summary>
[JsonConverter(typeof(ModelReader<LabelSelector>))]
public sealed record LabelSelector : IReadable
{
    /// <summary>Labels that must be equal.</summary>
    public IReadOnlyDictionary<string, string> MatchLabels { get; set => field = value ?? StringMap.Empty; } = StringMap.Empty;
    /// <summary>Further rules.</summary>
    public IReadOnlyList<LabelRequirement> MatchExpressions { get; set => field = value ?? []; } = [];

    /// <summary>Whether it selects what has these labels.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> labels) =>
        MatchLabels.All(label => labels.TryGetValue(label.Key, out var value) && value == label.Value) && MatchExpressions.All(rule => rule.Matches(labels));

    /// <summary>As a labelSelector parameter takes it: <c>app=shop,tier in (a,b)</c>.</summary>
    public override string ToString() => string.Join(',', MatchLabels.Select(label => $"{label.Key}={label.Value}").Concat(MatchExpressions.Select(rule => rule.ToString())));

    void IReadable.Take(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("matchLabels"u8)) MatchLabels = json.Map();
        else if (json.ValueTextEquals("matchExpressions"u8)) MatchExpressions = json.List<LabelRequirement>();
        else json.TrySkip();
    }
}

/// <summary>One rule of matchExpressions.</summary>
public sealed record LabelRequirement : IReadable
{
    /// <summary>The label.</summary>
    public string Key { get; set => field = value ?? ""; } = "";
    /// <summary>In, NotIn, Exists, DoesNotExist.</summary>
    public string Operator { get; set => field = value ?? ""; } = "";
    /// <summary>The values of In and NotIn.</summary>
    public IReadOnlyList<string> Values { get; set => field = value ?? []; } = [];

    /// <summary>Whether it holds for these labels.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> labels) => (Operator, labels.TryGetValue(Key, out var value)) switch
    {
        ("In", var has) => has && Values.Contains(value),
        ("NotIn", var has) => !has || !Values.Contains(value),
        ("Exists", var has) => has,
        var (_, has) => !has,
    };

    /// <inheritdoc/>
    public override string ToString() => Operator switch
    {
        "In" => $"{Key} in ({string.Join(',', Values)})",
        "NotIn" => $"{Key} notin ({string.Join(',', Values)})",
        "Exists" => Key,
        _ => "!" + Key,
    };

    void IReadable.Take(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("key"u8)) Key = json.Text();
        else if (json.ValueTextEquals("operator"u8)) Operator = json.Text();
        else if (json.ValueTextEquals("values"u8)) Values = json.Texts();
        else json.TrySkip();
    }
}
