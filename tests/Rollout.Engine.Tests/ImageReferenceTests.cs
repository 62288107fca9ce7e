using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Rollout.Engine.Tests;

public sealed partial class ImageReferenceTests
{
    private const string Hex64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private static readonly Config Thorough = Config.QuickThrowOnFailure.WithMaxTest(3000);

    [Theory]
    [InlineData("http://user:hunter2@registry.example.com/shop:v1")]
    [InlineData("user:hunter2@registry.example.com/shop")]
    [InlineData("user:hun/ter2@registry.example.com:5000/shop")]
    [InlineData("user:hunter2:ter2@registry.example.com/shop@sha256:" + Hex64)]
    public void A_password_is_not_repeated(string text)
    {
        var source = (ImageSource?)text;
        var error = Assert.Throws<RolloutException>(() => source!.Reference);
        Assert.DoesNotContain("ter2", $"{error}{error.Subject}{source}", StringComparison.Ordinal);
        Assert.Contains("user:***@registry.example.com", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5, "Int32")]
    [InlineData(1.1, "Double")]
    [InlineData(true, "Boolean")]
    public void A_number_is_no_image(object number, string type)
    {
        var source = (ImageSource)(ValueType)number;
        var error = Assert.Throws<RolloutException>(() => source.Reference);
        Assert.Equal(("InvalidImageReference", ErrorKind.Syntax), (error.Id, error.Kind));
        Assert.Contains($"type {type}, so quote it", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shop:v1@sha256:abc")]
    [InlineData("127.0.0.1:5000/shop@md5:abc")]
    public void A_port_and_a_digest_are_no_password(string text) =>
        Assert.Contains(text, Assert.Throws<RolloutException>(() => ImageReference.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("nginx", "docker.io/library/nginx")]
    [InlineData("nginx:1.29", "docker.io/library/nginx:1.29")]
    [InlineData("team/shop:v1", "docker.io/team/shop:v1")]
    [InlineData("docker.io/nginx", "docker.io/library/nginx")]
    [InlineData("index.docker.io/nginx", "docker.io/library/nginx")]
    [InlineData("index.docker.io/team/shop", "docker.io/team/shop")]
    [InlineData("localhost/shop", "localhost/shop")]
    [InlineData("localhost:5000/shop", "localhost:5000/shop")]
    [InlineData("Team/shop", "Team/shop")]
    [InlineData("127.0.0.1:5000/demo/shop:v1.2.0", "127.0.0.1:5000/demo/shop:v1.2.0")]
    [InlineData("[::1]:5000/demo/shop:v1.2.0", "[::1]:5000/demo/shop:v1.2.0")]
    [InlineData("[2001:db8::1]/shop", "[2001:db8::1]/shop")]
    [InlineData("a/b__c/d---e/f.g_h", "docker.io/a/b__c/d---e/f.g_h")]
    [InlineData("shop@sha256:" + Hex64, "docker.io/library/shop@sha256:" + Hex64)]
    [InlineData("shop:v1@sha512:" + Hex64 + Hex64, "docker.io/library/shop:v1@sha512:" + Hex64 + Hex64)]
    [InlineData("docker.io/" + Hex64, "docker.io/library/" + Hex64)]
    public void Parse_gives_the_canonical_name(string text, string canonical) =>
        Assert.Equal(canonical, ImageReference.Parse(text).ToString());

    [Theory]
    [InlineData(null, "empty")]
    [InlineData("", "empty")]
    [InlineData(Hex64, "image id")]
    [InlineData("Shop", "lower case")]
    [InlineData("registry.example.com/Team/shop", "lower case")]
    [InlineData("registry.example.com/", "repository")]
    [InlineData("shop:", "tag")]
    [InlineData("shop:.v1", "tag")]
    [InlineData("shop:v1:v2", "repository")]
    [InlineData("shop@sha256:abc", "digest")]
    [InlineData("shop@md5:0123456789abcdef0123456789abcdef", "digest")]
    [InlineData("shop@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", "digest")]
    [InlineData("a___b", "repository")]
    [InlineData("a..b", "repository")]
    [InlineData("-shop", "repository")]
    [InlineData("shop-", "repository")]
    [InlineData("a//b", "repository")]
    [InlineData("/shop", "repository")]
    [InlineData("-registry.example.com/shop", "registry")]
    [InlineData("registry_1.example.com/shop", "registry")]
    [InlineData("registry.example.com:port/shop", "registry")]
    [InlineData("::1/shop", "registry")]
    [InlineData("[::1]]/shop", "registry")]
    [InlineData("https://registry.example.com/shop", "registry")]
    [InlineData(" shop", "repository")]
    [InlineData("shop\n", "repository")]
    [InlineData("shop:v1\n", "tag")]
    public void What_is_no_reference_is_refused_with_its_reason(string? text, string reason)
    {
        Assert.False(ImageReference.TryParse(text, out _));
        var error = Assert.Throws<RolloutException>(() => ImageReference.Parse(text!));

        Assert.Equal(("InvalidImageReference", ErrorKind.Syntax), (error.Id, error.Kind));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("r.io/", 255, true)]
    [InlineData("r.io/", 256, false)]
    [InlineData("", 247, true)] // with library/ it is 255
    [InlineData("", 248, false)]
    [InlineData("shop:", 128, true)]
    [InlineData("shop:", 129, false)]
    public void Lengths_are_limited_as_upstream(string prefix, int length, bool valid) =>
        Assert.Equal(valid, ImageReference.TryParse(prefix + new string('a', length), out _));

    [Fact]
    public void Every_valid_reference_parses_to_its_parts_and_back() =>
        Prop.ForAll(References.Valid.ToArbitrary(), text =>
        {
            var reference = ImageReference.Parse(text);
            Assert.Equal(Upstream.Read(text), (reference.Registry, reference.Repository, reference.Tag, reference.Digest));
            Assert.Equal(reference, ImageReference.Parse(reference.ToString()));
            Assert.Equal(reference.ToString(), ImageReference.Parse(reference.ToString()).ToString());
        }).Check(Thorough);

    [Fact]
    public void Mutated_references_are_judged_as_upstream_judges_them()
    {
        int valid = 0, invalid = 0;
        Prop.ForAll(References.Mutated.ToArbitrary(), text =>
        {
            var expected = Upstream.Read(text);
            var parsed = ImageReference.TryParse(text, out var reference);
            Assert.Equal(expected is not null, parsed);
            if (reference is not null) Assert.Equal(expected, (reference.Registry, reference.Repository, reference.Tag, reference.Digest));
            _ = parsed ? valid++ : invalid++;
        }).Check(Thorough);

        // The generator must go both ways, or the comparison shows nothing.
        Assert.True(valid > 300 && invalid > 300, $"{valid} valid, {invalid} invalid");
    }

    [Fact]
    public void Any_text_at_all_is_judged_as_upstream_judges_it() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string?>(), text =>
            Assert.Equal(Upstream.Read(text) is not null, ImageReference.TryParse(text, out _))).Check(Thorough);

    [Fact]
    public void Equal_references_are_those_with_the_same_canonical_text() =>
        Prop.ForAll(References.Valid.Two().ToArbitrary(), pair =>
        {
            var (one, two) = (ImageReference.Parse(pair.Item1), ImageReference.Parse(pair.Item2));
            Assert.Equal(one.ToString() == two.ToString(), one.Equals(two));
            Assert.True(!one.Equals(two) || one.GetHashCode() == two.GetHashCode());
        }).Check(Thorough);

    [Fact]
    public void A_tag_or_digest_is_replaced_and_nothing_else() =>
        Prop.ForAll(References.Valid.ToArbitrary(), References.Tag.ToArbitrary(), References.Digest.ToArbitrary(), (text, tag, digest) =>
        {
            var reference = ImageReference.Parse(text);
            Assert.Equal($"{reference.Name}:{tag}", reference.WithTag(tag).ToString());
            Assert.Equal((reference.Name, reference.Tag, digest), (reference.WithDigest(digest).Name, reference.WithDigest(digest).Tag, reference.WithDigest(digest).Digest));
            Assert.Null(reference.WithoutTag().Tag);
            Assert.Throws<RolloutException>(() => reference.WithTag(tag + "/"));
            Assert.Throws<RolloutException>(() => reference.WithDigest(digest + "0"));
        }).Check(Thorough);

    /// <summary>The judge: the grammar of the distribution project's reference package as one expression, and its way of choosing the registry.</summary>
    private static partial class Upstream
    {
        public static (string Registry, string Repository, string? Tag, string? Digest)? Read(string? text)
        {
            if (text is null || Identifier().IsMatch(text)) return null;

            var (domain, remainder) = Split(text);
            var match = Reference().Match(domain + "/" + remainder);
            if (!match.Success || match.Groups["path"].Length > 255) return null;
            return (match.Groups["domain"].Value, match.Groups["path"].Value, Part(match, "tag"), Part(match, "digest"));
        }

        private static (string Domain, string Remainder) Split(string text)
        {
            var cut = text.Split('/', 2);
            if (cut.Length == 1) return ("docker.io", "library/" + text);

            var (domain, remainder) = cut[0] switch
            {
                "localhost" => ("localhost", cut[1]),
                "index.docker.io" => ("docker.io", cut[1]),
                var first when first.Contains('.', StringComparison.Ordinal) || first.Contains(':', StringComparison.Ordinal) => (first, cut[1]),
                var first when first.Any(c => c is >= 'A' and <= 'Z') => (first, cut[1]),
                _ => ("docker.io", text),
            };
            return domain == "docker.io" && !remainder.Contains('/', StringComparison.Ordinal) ? (domain, "library/" + remainder) : (domain, remainder);
        }

        private static string? Part(Match match, string group) => match.Groups[group].Success ? match.Groups[group].Value : null;

        [GeneratedRegex("""
            ^(?<domain>(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::[0-9]+)?|\[[a-fA-F0-9:]+\](?::[0-9]+)?)
            /(?<path>[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)
            (?::(?<tag>[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}))?
            (?:@(?<digest>sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}))?\z
            """, RegexOptions.IgnorePatternWhitespace)]
        private static partial Regex Reference();

        [GeneratedRegex(@"^[a-f0-9]{64}\z")]
        private static partial Regex Identifier();
    }

    /// <summary>References made from the grammar, and such with one or two characters changed.</summary>
    private static class References
    {
        private static readonly Gen<string> Word = Text("abcz019", 1, 6);
        private static readonly Gen<string> Separator = Gen.Elements(".", "_", "__", "-", "---");
        private static readonly Gen<string> Component = Joined(Word, Separator, 3);
        private static readonly Gen<string> Path = Joined(Component, Gen.Constant("/"), 4);
        private static readonly Gen<string> DomainComponent =
            from first in Text("abzABZ09", 1, 3) from middle in Text("ab-", 0, 3) from last in Text("aZ9", 1, 1) select first + middle + last;
        private static readonly Gen<string> Host = Gen.OneOf(
            Joined(DomainComponent, Gen.Constant("."), 4),
            Gen.Elements("localhost", "docker.io", "index.docker.io", "127.0.0.1", "[::1]", "[2001:db8::1]", "Registry"));
        private static readonly Gen<string> Domain = from host in Host from port in Optional(":", Text("0123456789", 1, 5)) select host + port;

        public static readonly Gen<string> Tag = from first in Text("aZ9_", 1, 1) from rest in Text("aZ9_.-", 0, 12) select first + rest;

        public static readonly Gen<string> Digest = Gen.OneOf(
            Text("0123456789abcdef", 64, 64).Select(hex => "sha256:" + hex),
            Text("0123456789abcdef", 96, 96).Select(hex => "sha384:" + hex),
            Text("0123456789abcdef", 128, 128).Select(hex => "sha512:" + hex));

        // Without a registry the first of several components must have no dot, or it is taken for one.
        private static readonly Gen<string> Name = Gen.OneOf(
            from domain in Domain from path in Path select $"{domain}/{path}",
            from first in Word from path in Path select $"{first}/{path}",
            Component);

        public static readonly Gen<string> Valid =
            from name in Name
            from tag in Optional(":", Tag)
            from digest in Optional("@", Digest)
            select name + tag + digest;

        public static readonly Gen<string> Mutated =
            from text in Valid
            from changes in Gen.Choose(1, 2)
            from places in Gen.Choose(0, 1000).ArrayOf(changes)
            from kinds in Gen.Choose(0, 2).ArrayOf(changes)
            from characters in Gen.Elements("/:@._-[]aA0g%é \n\0".ToCharArray()).ArrayOf(changes)
            select Enumerable.Range(0, changes).Aggregate(text, (now, i) => Mutate(now, places[i] % (now.Length + 1), kinds[i], characters[i]));

        private static string Mutate(string text, int at, int kind, char character) => kind switch
        {
            0 => text.Insert(at, character.ToString()),
            1 when at < text.Length => text.Remove(at, 1),
            2 when at < text.Length => text.Remove(at, 1).Insert(at, character.ToString()),
            _ => text,
        };

        private static Gen<string> Text(string alphabet, int shortest, int longest) =>
            from length in Gen.Choose(shortest, longest)
            from characters in Gen.Elements(alphabet.ToCharArray()).ArrayOf(length)
            select new string(characters);

        private static Gen<string> Optional(string prefix, Gen<string> part) =>
            Gen.OneOf(part.Select(text => prefix + text), Gen.Constant(""));

        private static Gen<string> Joined(Gen<string> part, Gen<string> separator, int most) =>
            from count in Gen.Choose(1, most)
            from parts in part.ArrayOf(count)
            from separators in separator.ArrayOf(count)
            select parts[0] + string.Concat(Enumerable.Range(1, count - 1).Select(i => separators[i] + parts[i]));
    }
}
