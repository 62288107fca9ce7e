using System.Text.RegularExpressions;

namespace Rollout.Engine.Images.Builders;

/// <summary>Reads what a docker CLI prints under <c>--progress=plain</c>: <c>#5 [2/3] RUN make</c>, <c>#5 CACHED</c>, <c>#5 0.3 output</c>.</summary>
internal sealed partial class PlainOutput(BuildProgress progress, Action<string> say)
{
    private readonly Dictionary<string, BuildVertex> _vertices = [];
    private bool _isSummary;

    internal void Take(string line)
    {
        // Behind this the failing step's output is printed a second time.
        if (line == "------") _isSummary = true;

        var match = VertexLine().Match(line);
        if (!match.Success || _isSummary)
        {
            if (!_isSummary || line.StartsWith("ERROR", StringComparison.Ordinal) || line.StartsWith("failed to solve", StringComparison.Ordinal)) say(line);
            return;
        }

        var (id, text) = (match.Groups["id"].Value, match.Groups["text"].Value);
        if (_vertices.TryGetValue(id, out var vertex)) Take(vertex, text);
        else Update(new BuildVertex(id, text, IsStarted: true, IsCompleted: false, IsCached: false, null));
    }

    private void Take(BuildVertex vertex, string text)
    {
        if (text == "CACHED") Update(vertex with { IsCached = true, IsCompleted = true });
        else if (text.StartsWith("DONE ", StringComparison.Ordinal)) Update(vertex with { IsCompleted = true });
        else if (text.StartsWith("ERROR: ", StringComparison.Ordinal)) Update(vertex with { IsCompleted = true, Error = text["ERROR: ".Length..] });
        else if (LogLine().Match(text) is { Success: true } log) progress.Log(vertex.Id, log.Groups["text"].Value + "\n");
    }

    private void Update(BuildVertex vertex)
    {
        _vertices[vertex.Id] = vertex;
        progress.Take(vertex);
    }

    [GeneratedRegex(@"^#(?<id>\d+) (?<text>.*)$", RegexOptions.Singleline)]
    private static partial Regex VertexLine();

    [GeneratedRegex(@"^\d+\.\d+ (?<text>.*)$", RegexOptions.Singleline)]
    private static partial Regex LogLine();
}
