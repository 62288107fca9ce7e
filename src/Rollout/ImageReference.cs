using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Rollout;

/// <summary>
/// The name of an image: <c>registry/repository:tag@digest</c>, by the grammar of the distribution project's reference package.
/// A name without a registry is Docker Hub's, and one without a slash there is in <c>library/</c>.
/// </summary>
public sealed partial class ImageReference : IEquatable<ImageReference>
{
    /// <summary>Docker Hub, the registry of a name that names none.</summary>
    public const string DefaultRegistry = "docker.io";

    private const string OfficialNamespace = "library/";
    private const int LongestRepository = 255;
    private const string TagRule = "a tag is up to 128 of letters, digits, '_', '.' and '-', and starts with none of the last two";
    private const string DigestRule = "a digest is sha256, sha384 or sha512, a colon, and 64, 96 or 128 lower-case hex digits";

    private ImageReference(string registry, string repository, string? tag, string? digest)
    {
        Registry = registry;
        Repository = repository;
        Tag = tag;
        Digest = digest;
    }

    /// <summary>Host and optional port: <c>docker.io</c>, <c>localhost:5000</c>, <c>[::1]:5000</c>.</summary>
    public string Registry { get; }

    /// <summary>The path within the registry: <c>library/nginx</c>, <c>team/shop</c>.</summary>
    public string Repository { get; }

    /// <summary>The tag, or null.</summary>
    public string? Tag { get; }

    /// <summary>The digest (<c>sha256:</c> and 64 hex digits, or sha384 or sha512), or null.</summary>
    public string? Digest { get; }

    /// <summary>Registry and repository, without tag and digest.</summary>
    public string Name => $"{Registry}/{Repository}";

    /// <summary>The canonical reference: always with its registry. <see cref="Parse"/> of it gives an equal reference.</summary>
    public override string ToString() =>
        Name + (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    /// <summary>The same image under another tag, without digest.</summary>
    public ImageReference WithTag(string tag) =>
        TagPattern().IsMatch(tag) ? new(Registry, Repository, tag, null) : throw Unparsable(tag, TagRule);

    /// <summary>The same name and tag, pinned to a digest.</summary>
    public ImageReference WithDigest(string digest) =>
        IsDigest(digest) ? new(Registry, Repository, Tag, digest) : throw Unparsable(digest, DigestRule);

    /// <summary>The same name and digest without its tag.</summary>
    public ImageReference WithoutTag() => new(Registry, Repository, null, Digest);

    /// <summary>Parses a reference.</summary>
    /// <exception cref="RolloutException">InvalidImageReference: it does not follow the grammar.</exception>
    public static ImageReference Parse(string text) =>
        Problem(text, out var reference) is { } problem ? throw Unparsable(text, problem) : reference!;

    /// <summary>Parses a reference; false where it does not follow the grammar.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ImageReference? reference) =>
        Problem(text, out reference) is null;

    /// <summary>Whether a text is one valid tag.</summary>
    public static bool IsTag(string text) => TagPattern().IsMatch(text);

    /// <summary>Whether a text is one valid digest, of an algorithm that the OCI image specification registers: sha256, sha384 or sha512.</summary>
    public static bool IsDigest(string text) => DigestPattern().IsMatch(text);

    /// <inheritdoc/>
    public bool Equals(ImageReference? other) =>
        other is not null && Registry == other.Registry && Repository == other.Repository && Tag == other.Tag && Digest == other.Digest;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ImageReference);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Registry, Repository, Tag, Digest);

    /// <summary>What keeps a text from being a reference; null where it is one.</summary>
    private static string? Problem(string? text, out ImageReference? reference)
    {
        reference = null;
        if (string.IsNullOrEmpty(text)) return "it is empty";
        if (IdentifierPattern().IsMatch(text)) return "64 hex digits are an image id, not a name";

        var rest = text;
        string? digest = null;
        var at = rest.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
        {
            digest = rest[(at + 1)..];
            rest = rest[..at];
            if (!IsDigest(digest)) return DigestRule;
        }

        string? tag = null;
        var colon = rest.LastIndexOf(':');
        if (colon > rest.LastIndexOf('/'))
        {
            tag = rest[(colon + 1)..];
            rest = rest[..colon];
            if (!IsTag(tag)) return TagRule;
        }

        var (registry, repository) = SplitRegistry(rest);
        if (!RegistryPattern().IsMatch(registry)) return "the registry is not a host name, an IPv4 address or a bracketed IPv6 address with an optional port";
        if (!RepositoryPattern().IsMatch(repository))
        {
            return repository.Any(char.IsAsciiLetterUpper)
                ? "a repository must be in lower case"
                : "a repository is lower-case letters and digits, separated by '.', '_', '__', '-' or '/'";
        }

        if (repository.Length > LongestRepository) return $"a repository has at most {LongestRepository} characters";

        reference = new ImageReference(registry, repository, tag, digest);
        return null;
    }

    /// <summary>The first component is a registry where it has a dot, a colon or capitals, or is localhost; else the name is Docker Hub's.</summary>
    private static (string Registry, string Repository) SplitRegistry(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : name[..slash];
        var isRegistry = slash >= 0 && (first.AsSpan().ContainsAny('.', ':') || first == "localhost" || first.Any(char.IsAsciiLetterUpper));
        var (registry, repository) = isRegistry ? (first, name[(slash + 1)..]) : (DefaultRegistry, name);

        if (registry == "index.docker.io") registry = DefaultRegistry;
        if (registry == DefaultRegistry && !repository.Contains('/', StringComparison.Ordinal)) repository = OfficialNamespace + repository;
        return (registry, repository);
    }

    internal static RolloutException Unparsable(string? text, string problem)
    {
        var shown = text is null ? null : UserInfo.Hide(text);
        return new(
            "InvalidImageReference",
            ErrorKind.Syntax,
            $"'{shown}' is not an image reference: {problem}.",
            "Write it as registry/repository:tag, for example registry.example.com/team/shop:v1.2.0.",
            shown);
    }

    [GeneratedRegex(@"^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex RegistryPattern();

    [GeneratedRegex(@"^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex RepositoryPattern();

    [GeneratedRegex(@"^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex TagPattern();

    [GeneratedRegex(@"^(?:sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})\z", RegexOptions.CultureInvariant)]
    private static partial Regex DigestPattern();

    [GeneratedRegex(@"^[a-f0-9]{64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex IdentifierPattern();
}
