using System.Globalization;
using System.Text.RegularExpressions;
using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Images;

/// <summary>Gives an image in an engine other names.</summary>
public sealed partial class ImageTagging
{
    private const int CommitLength = 12;
    private const int LongestTag = 128;
    private const string DirtySuffix = "-dirty";
    private const string OfficialNamespace = "library/";

    // Where CI systems, which check out a commit rather than a branch, name the branch.
    private static readonly string[] BranchVariables = ["GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", "BUILD_SOURCEBRANCHNAME", "GIT_BRANCH"];

    private readonly IDockerClient _client;
    private readonly TimeProvider _time;
    private readonly Func<string, string?> _variable;

    /// <summary>Tags images in an engine.</summary>
    /// <param name="client">The engine that holds the images.</param>
    /// <param name="time">The clock of <see cref="ImageTagPolicy.DateSha"/>; null for the system's.</param>
    /// <param name="variable">The value of an environment variable; null for this process's.</param>
    public ImageTagging(IDockerClient client, TimeProvider? time = null, Func<string, string?>? variable = null)
    {
        _client = client;
        _time = time ?? TimeProvider.System;
        _variable = variable ?? Environment.GetEnvironmentVariable;
    }

    /// <summary>The references that <see cref="RunAsync"/> would set; nothing is changed.</summary>
    /// <exception cref="RolloutException">InvalidImageReference, InvalidImageTag.</exception>
    public async Task<IReadOnlyList<ImageReference>> ReferencesAsync(ImageTagRequest request, CancellationToken cancellation)
    {
        var given = request.Tags.Where(t => !string.IsNullOrWhiteSpace(t)).ToList();
        if (given is [var whole] && IsWholeReference(whole)) return await WholeReferenceAsync(whole, request, cancellation);
        if (given.Find(IsWholeReference) is { } among) throw ImageErrors.InvalidTag(among, "a whole reference stands alone, not among tags");

        var name = Name(request, request.Image.Reference);
        List<string> tags = [.. given, .. await PolicyTagsAsync(request, cancellation)];
        if (tags.Count == 0) return [.. Present(request.Image).Select(r => Name(request, r).WithTag(r.Tag ?? "latest")).Distinct()];
        return [.. tags.Distinct().Select(tag => ImageReference.IsTag(tag) ? name.WithTag(tag) : throw ImageErrors.InvalidTag(tag, "a tag is up to 128 of letters, digits, '_', '.' and '-'"))];
    }

    /// <summary>
    /// Sets the references. The result is the image in the engine under its new names: what was published before is not yet under them.
    /// </summary>
    /// <exception cref="RolloutException">As <see cref="ReferencesAsync"/>, and ImageNotFound, ImageTagTaken, and the engine's own.</exception>
    public async Task<RolloutImage> RunAsync(ImageTagRequest request, CancellationToken cancellation)
    {
        var references = await ReferencesAsync(request, cancellation);
        var image = await FindAsync(request.Image, cancellation);
        if (!request.Force) await RefuseTakenVersionsAsync(request, references, image, cancellation);
        foreach (var reference in references) await _client.Images.TagAsync(image.Id, reference, cancellation);

        image = await _client.Images.InspectAsync(image.Id, cancellation) ?? throw DockerErrors.ImageNotFound(image.Id);
        return request.Image.Built is { } built
            ? built with { Reference = references[0], References = references, Tags = image.RepoTags }
            : LocalImage.Of(image, references, _client.Endpoint);
    }

    private async Task<IReadOnlyList<ImageReference>> WholeReferenceAsync(string text, ImageTagRequest request, CancellationToken cancellation)
    {
        var reference = ImageReference.Parse(text);
        if (reference.Digest is not null) throw ImageErrors.InvalidTag(text, "a digest comes from what is published, and cannot be set");
        if (!string.IsNullOrEmpty(request.Registry) || !string.IsNullOrEmpty(request.Repository))
        {
            throw ImageErrors.InvalidTag(text, "it is a whole reference, beside which -Registry and -Repository have no place");
        }

        var tags = await PolicyTagsAsync(request, cancellation);
        return reference.Tag is null && tags.Count > 0
            ? [.. tags.Select(reference.WithTag)]
            : [reference.Tag is null ? reference.WithTag("latest") : reference, .. tags.Where(t => t != reference.Tag).Select(reference.WithTag)];
    }

    /// <summary>The image by what is surest: its id, then the tag that was published, then the digest.</summary>
    private async Task<ImageInspect> FindAsync(ImageSource source, CancellationToken cancellation)
    {
        var reference = source.Reference;
        string[] names = source.Built is { } built ? [built.Id]
            : reference.Digest is not null ? [$"{reference.Name}@{reference.Digest}"]
            : [reference.ToString()];
        foreach (var name in names)
        {
            if (await _client.Images.InspectAsync(name, cancellation) is { } image) return image;
        }

        throw DockerErrors.ImageNotFound(names[0]);
    }

    /// <summary>A version is one image for good; only the tags that move with it may be taken from another.</summary>
    private async Task RefuseTakenVersionsAsync(ImageTagRequest request, IReadOnlyList<ImageReference> references, ImageInspect image, CancellationToken cancellation)
    {
        if (PolicyOf(request) != ImageTagPolicy.SemVer) return;
        var exact = VersionTags.Of(VersionOf(request))[0];
        foreach (var reference in references.Where(r => r.Tag == exact))
        {
            var taken = await _client.Images.InspectAsync(reference.ToString(), cancellation);
            if (taken is not null && taken.Id != image.Id) throw ImageErrors.TagTaken(reference);
        }
    }

    private async Task<IReadOnlyList<string>> PolicyTagsAsync(ImageTagRequest request, CancellationToken cancellation)
    {
        var tags = PolicyOf(request) switch
        {
            ImageTagPolicy.SemVer => VersionTags.Of(VersionOf(request)),
            ImageTagPolicy.GitSha => [Commit(request)],
            ImageTagPolicy.DateSha => [$"{_time.GetUtcNow().ToString("yyyyMMdd", CultureInfo.InvariantCulture)}-{Commit(request)}"],
            ImageTagPolicy.Branch => [await BranchAsync(request, cancellation)],
            _ => Enumerable.Empty<string>(),
        };
        if (!string.IsNullOrEmpty(request.Environment)) tags = tags.Append(request.Environment);
        if (request.Latest) tags = tags.Append("latest");
        return [.. tags];
    }

    private static ImageTagPolicy? PolicyOf(ImageTagRequest request) =>
        request.Policy ?? (string.IsNullOrEmpty(request.Version) ? null : ImageTagPolicy.SemVer);

    private static string VersionOf(ImageTagRequest request) => string.IsNullOrEmpty(request.Version)
        ? throw ImageErrors.InvalidTag("SemVer", "the policy needs -Version")
        : request.Version;

    private static string Commit(ImageTagRequest request)
    {
        var revision = request.Image.Built?.Revision ?? throw ImageErrors.InvalidTag(request.Image.ToString(), "it is not known to be built from a git commit");
        var dirty = revision.EndsWith(DirtySuffix, StringComparison.Ordinal) ? DirtySuffix : "";
        return revision[..Math.Min(CommitLength, revision.Length - dirty.Length)] + dirty;
    }

    private async Task<string> BranchAsync(ImageTagRequest request, CancellationToken cancellation)
    {
        var directory = request.Directory ?? Environment.CurrentDirectory;
        var branch = await GitRevision.BranchAsync(directory, cancellation)
            ?? BranchVariables.Select(_variable).FirstOrDefault(value => !string.IsNullOrEmpty(value))
            ?? throw ImageErrors.InvalidTag("Branch", $"'{directory}' is on no git branch");
        var tag = NotInTags().Replace(branch, "-").TrimStart('-', '.');
        return tag[..Math.Min(tag.Length, LongestTag)];
    }

    /// <summary>The image's name in the registry and repository wanted.</summary>
    private static ImageReference Name(ImageTagRequest request, ImageReference present)
    {
        var registry = string.IsNullOrEmpty(request.Registry) ? present.Registry : request.Registry.TrimEnd('/');
        var repository = present.Repository;
        // Docker Hub's namespace for names without one means nothing elsewhere.
        if (registry != present.Registry && present.Registry == ImageReference.DefaultRegistry && repository.StartsWith(OfficialNamespace, StringComparison.Ordinal))
        {
            repository = repository[OfficialNamespace.Length..];
        }

        if (!string.IsNullOrEmpty(request.Repository)) repository = request.Repository.Trim('/');
        var reference = ImageReference.Parse($"{registry}/{repository}");
        if (reference.Tag is not null || reference.Digest is not null) throw ImageErrors.InvalidTag(repository, "-Repository takes no tag");
        return reference;
    }

    private static IReadOnlyList<ImageReference> Present(ImageSource image) =>
        image.Built is { References.Count: > 0 } built ? built.References
        : image.Published is { References.Count: > 0 } published ? published.References
        : [image.Reference];

    private static bool IsWholeReference(string text) => text.AsSpan().ContainsAny("/:@");

    [GeneratedRegex("[^A-Za-z0-9_.-]+")]
    private static partial Regex NotInTags();
}
