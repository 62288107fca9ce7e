namespace Rollout.Help;

/// <summary>What the help lacks, or has too much of, against the cmdlets as compiled.</summary>
internal static class HelpGaps
{
    private const int ExamplesNeeded = 3;

    internal static IEnumerable<(string File, string Problem)> Find(IReadOnlyList<CmdletShape> cmdlets, IReadOnlyDictionary<string, MarkdownTopic> topics)
    {
        foreach (var name in topics.Keys.Except(cmdlets.Select(cmdlet => cmdlet.Name))) yield return ($"{name}.md", "there is no such cmdlet");
        foreach (var cmdlet in cmdlets)
        {
            var file = $"{cmdlet.Name}.md";
            var problems = topics.TryGetValue(cmdlet.Name, out var topic) ? Find(cmdlet, topic) : ["it is missing"];
            foreach (var problem in problems) yield return (file, problem);
        }
    }

    private static IEnumerable<string> Find(CmdletShape cmdlet, MarkdownTopic topic)
    {
        if (topic.Synopsis.Length == 0) yield return "it has no synopsis";
        foreach (var section in new[] { "Description", "Inputs", "Outputs", "Links" })
        {
            if (topic.Text(section).Length == 0 && topic.Entries(section).Count == 0) yield return $"it has no {section}";
        }

        var examples = topic.Entries("Examples").Count(example => example.Code.Length > 0);
        if (examples < ExamplesNeeded) yield return $"it has {examples} of {ExamplesNeeded} examples";

        var described = topic.Entries("Parameters").Where(entry => entry.Text.Length > 0).Select(entry => entry.Title.TrimStart('-')).ToHashSet();
        var there = cmdlet.Parameters.Select(parameter => parameter.Name).ToHashSet();
        foreach (var name in there.Except(described)) yield return $"-{name} is not described";
        foreach (var name in described.Except(there)) yield return $"-{name} is described, but the cmdlet has none";
    }
}
