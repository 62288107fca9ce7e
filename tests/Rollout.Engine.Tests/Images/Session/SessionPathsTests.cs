using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Images.Builders.Session;
using Rollout.Engine.Images.Context;
using Xunit;

namespace Rollout.Engine.Tests.Images.Session;

public sealed class SessionPathsTests
{
    [Theory]
    [InlineData("plain/file", "plain/file")]
    [InlineData("./plain/", "plain")]
    [InlineData("../../plain", "plain")]
    [InlineData("nowhere", "nowhere")]
    [InlineData("link/file", "link plain/file")]
    [InlineData("absolute/file", "absolute plain/file")]
    [InlineData("twice", "twice link plain")]
    [InlineData("sub/up/file", "sub/up plain/file")]
    [InlineData("out", "out etc")]
    [InlineData("round", "round")]
    [InlineData("li*", "li* plain")]
    [InlineData(".", "")]
    public void A_link_is_followed_within_the_context(string path, string found)
    {
        using var tree = new TemporaryDirectory().With("plain/file").With("sub/file");
        Directory.CreateSymbolicLink(tree.At("link"), "plain");
        Directory.CreateSymbolicLink(tree.At("absolute"), "/plain");
        Directory.CreateSymbolicLink(tree.At("twice"), "./link");
        Directory.CreateSymbolicLink(tree.At("sub/up"), "../plain");
        Directory.CreateSymbolicLink(tree.At("out"), "../../../etc");
        Directory.CreateSymbolicLink(tree.At("round"), "round");

        Assert.Equal(found.Split(' ').Order(StringComparer.Ordinal), FollowedPaths.Of(tree.Path, [path]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("", "a", nameof(Wanted.Yes))]
    [InlineData("a/b", "a", nameof(Wanted.OnTheWay))]
    [InlineData("a/b", "a/b", nameof(Wanted.Yes))]
    [InlineData("a/b", "a/b/c/d", nameof(Wanted.Yes))]
    [InlineData("a/b", "a/bc", nameof(Wanted.No))]
    [InlineData("a/b", "b", nameof(Wanted.No))]
    [InlineData("a/*.c", "a/x.c", nameof(Wanted.Yes))]
    [InlineData("a/*.c", "a/x.d", nameof(Wanted.OnTheWay))]
    [InlineData("a/*.c", "b", nameof(Wanted.No))]
    [InlineData("a[", "b", nameof(Wanted.Yes))]
    public void What_is_included_is_all_below_a_pattern_and_the_way_there(string pattern, string path, string wanted) =>
        Assert.Equal(wanted, new IncludedPaths(pattern.Length == 0 ? [] : [pattern]).Of(path).ToString());

    [Fact]
    public void Names_are_in_the_order_of_their_UTF8_bytes() =>
        Prop.ForAll(Names().Two().ToArbitrary(), pair =>
        {
            var (one, other) = pair;
            Assert.Equal(
                Math.Sign(Encoding.UTF8.GetBytes(one).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(other))),
                Math.Sign(Utf8Order.Compare(one, other)));
        }).QuickCheckThrowOnFailure();

    private static Gen<string> Names() =>
        Gen.ListOf(Gen.Elements("a", "b", "-", "\u00e9", "\ud7ff", "\ue000", "\uffff", "\ud83d\ude00", "\ud800\udc00"), 3).Select(parts => string.Concat(parts));
}
