using System.Text;
using System.Text.Json;

namespace Rollout.Engine.Images.Builders;

/// <summary>
/// Reads what buildx prints under <c>--progress=rawjson</c>: BuildKit's SolveStatus, one after another, each on one line or indented
/// over several, and between them what buildx itself has to say.
/// </summary>
internal sealed class RawJsonOutput(BuildProgress progress, Action<string> say)
{
    private readonly StringBuilder _document = new();

    internal void Take(string line)
    {
        if (_document.Length == 0 && !line.StartsWith('{'))
        {
            say(line);
            return;
        }

        _document.Append(line).Append('\n');
        // An indented document's own braces are the only ones that start a line.
        if (line != "}" && !(line.StartsWith('{') && line.EndsWith('}'))) return;

        var text = _document.ToString();
        _document.Clear();
        Read(text);
    }

    private void Read(string document)
    {
        SolveStatus? status;
        try
        {
            status = JsonSerializer.Deserialize(document, ImagesJson.Default.SolveStatus);
        }
        catch (JsonException)
        {
            say(document);
            return;
        }

        foreach (var v in status?.Vertexes ?? [])
        {
            progress.Take(new BuildVertex(v.Digest, v.Name, v.Started is not null, v.Completed is not null, v.Cached, string.IsNullOrEmpty(v.Error) ? null : v.Error));
        }

        foreach (var log in status?.Logs ?? []) progress.Log(log.Vertex, Encoding.UTF8.GetString(log.Data ?? []));
    }
}

/// <summary>BuildKit's SolveStatus, as far as it is used.</summary>
internal sealed record SolveStatus
{
    public IReadOnlyList<SolveVertex>? Vertexes { get; init; }

    public IReadOnlyList<SolveLog>? Logs { get; init; }
}

/// <summary>A vertex of a SolveStatus.</summary>
internal sealed record SolveVertex
{
    public string Digest { get; init; } = "";

    public string Name { get; init; } = "";

    public DateTimeOffset? Started { get; init; }

    public DateTimeOffset? Completed { get; init; }

    public bool Cached { get; init; }

    public string? Error { get; init; }
}

/// <summary>A log of a SolveStatus.</summary>
internal sealed record SolveLog
{
    public string Vertex { get; init; } = "";

    public byte[]? Data { get; init; }
}
