namespace Rollout.Help;

/// <summary>
/// One cmdlet's help as written: a heading with its name, a synopsis, and the sections Description, Examples, Parameters, Inputs,
/// Outputs and Links, whose entries are headings of the third level.
/// </summary>
internal sealed record MarkdownTopic(string Name, string Synopsis, IReadOnlyDictionary<string, MarkdownTopic.Section> Sections)
{
    private const string Fence = "```";

    internal sealed record Section(string Text, IReadOnlyList<Entry> Entries);

    /// <param name="Title">The heading.</param>
    /// <param name="Code">The first fenced block; empty where there is none.</param>
    /// <param name="Text">The rest.</param>
    internal sealed record Entry(string Title, string Code, string Text);

    internal IReadOnlyList<Entry> Entries(string section) => Sections.TryGetValue(section, out var found) ? found.Entries : [];

    internal string Text(string section) => Sections.TryGetValue(section, out var found) ? found.Text : "";

    internal static MarkdownTopic Read(string file)
    {
        var blocks = Split(File.ReadAllLines(file), "# ").ToList();
        if (blocks is not [_, var (name, topic)]) throw new InvalidDataException($"{file} must have one heading of the first level.");

        var sections = Split(topic, "## ").ToList();
        return new MarkdownTopic(name, Join(sections[0].Lines), sections.Skip(1).ToDictionary(s => s.Title, s => ReadSection(s.Lines), StringComparer.Ordinal));
    }

    private static Section ReadSection(IReadOnlyList<string> lines)
    {
        var entries = Split(lines, "### ").ToList();
        return new Section(Join(entries[0].Lines), [.. entries.Skip(1).Select(e => ReadEntry(e.Title, e.Lines))]);
    }

    private static Entry ReadEntry(string title, IReadOnlyList<string> lines)
    {
        int[] fences = [.. Enumerable.Range(0, lines.Count).Where(i => lines[i].StartsWith(Fence, StringComparison.Ordinal))];
        return fences is [var open, var close, ..]
            ? new Entry(title, Join(lines.Take(close).Skip(open + 1)), Join(lines.Take(open).Concat(lines.Skip(close + 1))))
            : new Entry(title, "", Join(lines));
    }

    /// <summary>Splits at headings of one level, outside code; the first block is what stands before any.</summary>
    private static IEnumerable<(string Title, IReadOnlyList<string> Lines)> Split(IReadOnlyList<string> lines, string heading)
    {
        var title = "";
        var block = new List<string>();
        var inCode = false;
        foreach (var line in lines)
        {
            if (line.StartsWith(Fence, StringComparison.Ordinal)) inCode = !inCode;
            if (inCode || !line.StartsWith(heading, StringComparison.Ordinal))
            {
                block.Add(line);
                continue;
            }

            yield return (title, block);
            (title, block) = (line[heading.Length..].Trim(), []);
        }

        yield return (title, block);
    }

    private static string Join(IEnumerable<string> lines) => string.Join('\n', lines).Trim();
}
