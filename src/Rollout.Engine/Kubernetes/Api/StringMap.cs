using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Rollout.Engine.Kubernetes.Api;

/// <summary>
/// Labels or annotations: a handful of texts by name. A fleet keeps tens of thousands of them, and a hash table takes several times the room of what is in it.
/// </summary>
internal sealed class StringMap : IReadOnlyDictionary<string, string>
{
    private readonly KeyValuePair<string, string>[] _pairs;

    private StringMap(KeyValuePair<string, string>[] pairs) => _pairs = pairs;

    public static StringMap Empty { get; } = new([]);

    public int Count => _pairs.Length;

    public IEnumerable<string> Keys => _pairs.Select(pair => pair.Key);

    public IEnumerable<string> Values => _pairs.Select(pair => pair.Value);

    public string this[string key] => TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"There is no '{key}'.");

    /// <param name="pairs">No name twice, as the server writes them.</param>
    public static StringMap Of(List<KeyValuePair<string, string>> pairs) => pairs.Count == 0 ? Empty : new([.. pairs]);

    public bool ContainsKey(string key) => TryGetValue(key, out _);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out string value)
    {
        foreach (var pair in _pairs)
        {
            if (pair.Key != key) continue;
            value = pair.Value;
            return true;
        }

        value = null;
        return false;
    }

    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => _pairs.AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
