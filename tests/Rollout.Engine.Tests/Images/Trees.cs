using FsCheck;
using FsCheck.Fluent;

namespace Rollout.Engine.Tests.Images;

/// <summary>Generated paths and ignore rules over a few names, so that they often meet.</summary>
internal static class Trees
{
    private static readonly Gen<string> Name = Gen.Elements("a", "b", "ab", "ba", "a.md", ".a", "a b", "é");

    private static readonly Gen<string> PatternPart = Gen.Frequency(
        (6, Name),
        (2, Gen.Elements("*", "**")),
        (2, Gen.Elements("a*", "*b", "?", "?b", "[ab]", "[^a]*", "*.md", "a**", "**b", "\\a", "[b-z]?", "..", ".")));

    internal static readonly Gen<string> Paths = Joined(Name);

    private static readonly Gen<string> Pattern =
        from exception in Gen.Elements("", "", "!")
        from root in Gen.Elements("", "", "", "/")
        from body in Joined(PatternPart.Where(part => part != "\\a"))
        select exception + root + body;

    internal static readonly Gen<string> Rules =
        from count in Gen.Choose(1, 5)
        from lines in Pattern.ListOf(count)
        select string.Join('\n', lines);

    private static Gen<string> Joined(Gen<string> part) =>
        from depth in Gen.Choose(1, 4)
        from parts in part.ListOf(depth)
        select string.Join('/', parts);
}
