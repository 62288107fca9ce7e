using System.Text.RegularExpressions;
using Xunit;

namespace Rollout.Engine.Tests;

/// <summary>docs/errors.md is the list that scripts are written against: it and the code may not drift apart.</summary>
public sealed partial class ErrorListTests
{
    private static readonly string Root = RepositoryRoot();

    [Fact]
    public void EveryErrorOfTheCodeIsListedAndEveryListedErrorIsInTheCode()
    {
        var inCode = Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => CodeEntry().Matches(File.ReadAllText(file)))
            .Select(Entry)
            .ToHashSet();

        Assert.NotEmpty(inCode);
        Assert.Empty(inCode.Except(Listed()));
        Assert.Empty(Listed().Except(inCode));
    }

    [Fact]
    public void TheListIsSortedAndNamesEachIdOnce()
    {
        var ids = Listed().Select(entry => entry.Id).ToList();

        Assert.Equal(ids.Distinct().Order(StringComparer.Ordinal), ids);
    }

    [Fact]
    public void ErrorsAreMadeInTheirAreasFactoryOnly()
    {
        var elsewhere = Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith("Errors.cs", StringComparison.Ordinal))
            .Where(file => File.ReadAllText(file).Contains("new RolloutException(", StringComparison.Ordinal));

        Assert.Empty(elsewhere);
    }

    private static List<(string Id, string Kind)> Listed() =>
        [.. TableRow().Matches(File.ReadAllText(Path.Combine(Root, "docs", "errors.md"))).Select(Entry)];

    private static (string Id, string Kind) Entry(Match match) => (match.Groups["id"].Value, match.Groups["kind"].Value);

    private static string RepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Rollout.sln"))) directory = directory.Parent!;
        return directory.FullName;
    }

    [GeneratedRegex("\"(?<id>[A-Z][A-Za-z0-9]+)\",\\s*ErrorKind\\.(?<kind>[A-Za-z]+)")]
    private static partial Regex CodeEntry();

    // The list of ids has four columns; that of the kinds above it, two.
    [GeneratedRegex("^\\| (?!Id )(?<id>[A-Z][A-Za-z0-9]+) \\| (?<kind>[A-Z][A-Za-z]+) \\|.*\\|.*\\|", RegexOptions.Multiline)]
    private static partial Regex TableRow();
}
