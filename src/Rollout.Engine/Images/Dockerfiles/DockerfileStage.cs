namespace Rollout.Engine.Images.Dockerfiles;

/// <summary>One stage: a FROM and what follows it.</summary>
/// <param name="Index">0 is the first.</param>
/// <param name="Name">What stands after AS; null where nothing does.</param>
/// <param name="From">The FROM.</param>
/// <param name="Instructions">What follows the FROM.</param>
internal sealed record DockerfileStage(int Index, string? Name, DockerfileInstruction From, IReadOnlyList<DockerfileInstruction> Instructions)
{
    /// <summary>What FROM names, variables and all: an image, <c>scratch</c> or an earlier stage.</summary>
    internal string Base => Words(From) is [var first, ..] ? first : "";

    /// <summary>What COPY --from and RUN --mount=from= name: images, stages, or stages' numbers.</summary>
    internal IEnumerable<string> Sources => Instructions.SelectMany(i => i.Flags).SelectMany(flag => flag.Key switch
    {
        "from" => [flag.Value],
        "mount" => flag.Value.Split(',').Where(part => part.StartsWith("from=", StringComparison.Ordinal)).Select(part => part["from=".Length..]),
        _ => Enumerable.Empty<string>(),
    });

    internal bool IsCalled(string name) => Name is not null && Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    internal static IReadOnlyList<DockerfileStage> Of(IReadOnlyList<DockerfileInstruction> instructions)
    {
        var starts = Enumerable.Range(0, instructions.Count).Where(i => instructions[i].Keyword == "FROM").Append(instructions.Count).ToList();
        return [.. starts.SkipLast(1).Select((start, n) => new DockerfileStage(
            n,
            Words(instructions[start]) is [_, var keyword, var name] && keyword.Equals("AS", StringComparison.OrdinalIgnoreCase) ? name : null,
            instructions[start],
            [.. instructions.Skip(start + 1).Take(starts[n + 1] - start - 1)]))];
    }

    private static string[] Words(DockerfileInstruction from) => from.Text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
}
