using System.Text;
using System.Text.Encodings.Web;

namespace Rollout.Engine.Docker.Api;

/// <summary>Paths and queries of the API, escaped.</summary>
internal static class ApiPath
{
    /// <summary>One segment.</summary>
    internal static string Segment(string name) => Uri.EscapeDataString(name);

    /// <summary>An image's name, whose slashes stand in the path as they are.</summary>
    internal static string Image(string idOrReference) => Uri.EscapeDataString(idOrReference).Replace("%2F", "/", StringComparison.Ordinal);

    /// <summary>A query with each name as often as it is given.</summary>
    internal static string Query(IEnumerable<KeyValuePair<string, string>> parameters)
    {
        var query = new StringBuilder();
        foreach (var (name, value) in parameters)
        {
            query.Append(query.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }

        return query.ToString();
    }

    /// <summary>The API's form of filters: a JSON map of lists. Without the serialiser, as <see cref="ContainerList"/>, whose request has them.</summary>
    internal static string Filters(IReadOnlyDictionary<string, IReadOnlyList<string>> filters)
    {
        var json = new StringBuilder();
        foreach (var (name, values) in filters) json.Append(json.Length == 0 ? '{' : ',').Append(Quote(name)).Append(":[").AppendJoin(',', values.Select(Quote)).Append(']');
        return json.Length == 0 ? "{}" : json.Append('}').ToString();
    }

    private static string Quote(string text) => $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text)}\"";
}
