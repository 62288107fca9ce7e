using Rollout.Engine.Docker.Api;
using Rollout.Engine.Registries;
using Rollout.Engine.Rollouts;

namespace Rollout.Engine.Docker;

/// <summary>Finds the image that a rollout asks for, and has the engine pull it where it has not got it.</summary>
internal sealed class DockerImages(IDockerClient engine, IRegistryCredentials credentials)
{
    /// <summary>The image in the engine, under the reference it is deployed by; null where it would have to be pulled.</summary>
    internal async Task<WantedImage?> FindAsync(ImageSource source, bool byTag, CancellationToken cancellation)
    {
        var reference = ReferenceOf(source, byTag);
        var isLocal = source.Built is not null && source.Published is null;
        var image = await engine.Images.InspectAsync(isLocal ? source.Built!.Id : reference.ToString(), cancellation);
        return image is null ? null : new WantedImage(Pin(reference, image, byTag), image);
    }

    /// <summary>The image in the engine, pulled where it was not there.</summary>
    /// <exception cref="RolloutException">ImageNotFound and what else a pull can end with.</exception>
    internal async Task<WantedImage> EnsureAsync(ImageSource source, bool byTag, IReporter reporter, CancellationToken cancellation)
    {
        if (await FindAsync(source, byTag, cancellation) is { } present) return present;
        var reference = ReferenceOf(source, byTag);
        await PullAsync(reference, reporter, cancellation);
        return await FindAsync(source, byTag, cancellation) ?? throw DockerErrors.ImageNotFound(reference.ToString());
    }

    private async Task PullAsync(ImageReference reference, IReporter reporter, CancellationToken cancellation)
    {
        var activity = $"Pulling {reference}";
        try
        {
            var auth = await new TrustedCredentials(credentials, engine).FindAsync(reference.Registry, cancellation);
            await engine.Images.PullAsync(reference, null, auth, message => reporter.Progress(new ProgressReport(activity, $"{message.Status} {message.Id}".Trim())), cancellation);
        }
        catch (RolloutException missing) when (missing.Kind == ErrorKind.NotFound || SaysMissing(missing.Message))
        {
            throw RolloutErrors.ImageNotInRegistry(reference, missing);
        }
        finally
        {
            reporter.Progress(new ProgressReport(activity, "", Completed: true));
        }
    }

    private static bool SaysMissing(string message) =>
        message.Contains("manifest unknown", StringComparison.OrdinalIgnoreCase) || message.Contains("not found", StringComparison.OrdinalIgnoreCase);

    private static ImageReference ReferenceOf(ImageSource source, bool byTag) =>
        byTag && source.Reference.Tag is { } tag ? source.Reference.WithTag(tag) : source.Reference;

    /// <summary>With the digest under which the engine has it from that repository, where it has.</summary>
    private static ImageReference Pin(ImageReference reference, ImageInspect image, bool byTag)
    {
        if (byTag || reference.Digest is not null) return reference;
        var digest = image.RepoDigests
            .Select(text => ImageReference.TryParse(text, out var known) ? known : null)
            .FirstOrDefault(known => known?.Name == reference.Name)?.Digest;
        return digest is null ? reference : reference.WithDigest(digest);
    }
}

/// <summary>The image of a release to be.</summary>
/// <param name="Reference">As it is deployed.</param>
/// <param name="Image">The engine's image.</param>
internal sealed record WantedImage(ImageReference Reference, ImageInspect Image);
