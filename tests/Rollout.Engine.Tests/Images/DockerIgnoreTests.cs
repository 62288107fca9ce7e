using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Images.Context;
using Xunit;

namespace Rollout.Engine.Tests.Images;

public sealed class DockerIgnoreTests
{
    [Theory]
    [InlineData("", "a", false)]
    [InlineData("a", "a", true)]
    [InlineData("a", "a/b", true)]
    [InlineData("a", "ab", false)]
    [InlineData("a", "b/a", false)]
    [InlineData("/a", "a", true)]
    [InlineData("a/", "a", true)]
    [InlineData("  a  ", "a", true)]
    [InlineData("a b", "a b", true)]
    [InlineData("./a//b/../c", "a/c", true)]
    [InlineData("../a", "a", false)]
    [InlineData("/../a", "a", true)]
    [InlineData("# a\na", "# a", false)]
    [InlineData("#a", "#a", false)]
    [InlineData(" #a", "#a", true)]
    [InlineData("\\#a", "#a", true)]
    [InlineData("\ufeffa", "a", true)]
    [InlineData("a\r\nb\r\n", "b", true)]
    [InlineData("*", "a/b", true)]
    [InlineData("*", ".a", true)]
    [InlineData("a/*", "a", false)]
    [InlineData("a/*", "a/b/c", true)]
    [InlineData("*/b", "a/b", true)]
    [InlineData("*/b", "b", false)]
    [InlineData("*.md", "a/b.md", false)]
    [InlineData("**/*.md", "a/b.md", true)]
    [InlineData("**/*.md", "b.md", true)]
    [InlineData("**", "a/b", true)]
    [InlineData("**/a", "b/c/a", true)]
    [InlineData("**/a", "a", true)]
    [InlineData("**/a", "ba", false)]
    [InlineData("**a", "ba", true)]
    [InlineData("a/**", "a", false)]
    [InlineData("a/**", "a/b/c", true)]
    [InlineData("a/**/c", "a/c", true)]
    [InlineData("a/**/c", "a/b/b/c", true)]
    [InlineData("a/**/c", "a/bc", false)]
    [InlineData("a*/**/c", "ab/c", true)]
    [InlineData("a*/**/c", "ab/b/c", true)]
    [InlineData("a*/**/c", "b/c", false)]
    [InlineData("a?c", "abc", true)]
    [InlineData("a?c", "a/c", false)]
    [InlineData("a?c", "a\U0001F600c", true)]
    [InlineData("[a-c]x", "bx", true)]
    [InlineData("[^a-c]x", "bx", false)]
    [InlineData("[a\\]]x", "]x", true)]
    [InlineData("a]", "a]", true)]
    [InlineData("a.c", "abc", false)]
    [InlineData("a+(b)|{c}$^", "a+(b)|{c}$^", true)]
    [InlineData("\\*", "*", true)]
    [InlineData("\\*", "a", false)]
    [InlineData("A", "a", false)]
    [InlineData("*\n!a", "a", false)]
    [InlineData("*\n!a", "a/b", false)]
    [InlineData("*\n! a", "a", false)]
    [InlineData("!a\n*", "a", true)]
    [InlineData("*\n!a\na/b", "a/b", true)]
    [InlineData("*\n!**/c", "a/b/c", false)]
    [InlineData("a\n!a/b/c", "a/b/c", false)]
    [InlineData("a\n!a/b/c", "a/b/d", true)]
    public void Paths_stay_behind_as_with_docker(string rules, string path, bool excluded) =>
        Assert.Equal(excluded, DockerIgnore.Parse(rules).Excludes(path));

    [Theory]
    [InlineData("[")]
    [InlineData("a[]")]
    [InlineData("a[b")]
    [InlineData("[a-]")]
    [InlineData("[z-a]")]
    [InlineData("a\\")]
    [InlineData("!")]
    [InlineData("\\q*")]
    public void A_malformed_pattern_is_an_error_that_names_it(string rules)
    {
        var error = Assert.Throws<RolloutException>(() => DockerIgnore.Parse(rules));
        Assert.Equal("InvalidIgnorePattern", error.Id);
        Assert.Contains($"'{rules}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_may_be_kept_below_an_excluded_directory_is_never_overlooked() => Prop.ForAll(
        Trees.Rules.ToArbitrary(),
        Trees.Paths.ToArbitrary(),
        (rules, path) =>
        {
            var ignore = DockerIgnore.Parse(rules);
            if (ignore.Excludes(path)) return true;
            var parents = Enumerable.Range(0, path.Length).Where(i => path[i] == '/').Select(i => path[..i]);
            return parents.Where(ignore.Excludes).All(ignore.MayKeepBelow);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_last_matching_rule_decides() => Prop.ForAll(
        Trees.Rules.ToArbitrary(),
        Trees.Paths.ToArbitrary(),
        (rules, path) =>
            DockerIgnore.Parse($"{rules}\n{path}").Excludes(path) && !DockerIgnore.Parse($"{rules}\n!{path}").Excludes(path))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Comments_blank_lines_and_line_ends_change_nothing() => Prop.ForAll(
        Trees.Rules.ToArbitrary(),
        Trees.Paths.ToArbitrary(),
        (rules, path) =>
        {
            var dressed = "\ufeff# first\n\n" + rules.Replace("\n", " \r\n#!**\r\n/./\r\n  ", StringComparison.Ordinal).Replace("/./\r\n", "", StringComparison.Ordinal);
            return DockerIgnore.Parse(dressed).Excludes(path) == DockerIgnore.Parse(rules).Excludes(path);
        }).QuickCheckThrowOnFailure();
}
