using Rollout.Engine.Docker.Api;
using Rollout.Engine.Images.Dockerfiles;
using Rollout.Engine.Registries;

namespace Rollout.Engine.Images.Builders;

/// <summary>Brings the images that a build starts from into the engine, with the login of their registries.</summary>
internal sealed class BaseImages(IDockerClient client, IRegistryCredentials credentials)
{
    /// <summary>Pulls what is missing, or everything; returns the images.</summary>
    /// <param name="images">The images.</param>
    /// <param name="platform">The platform of the build; null for the engine's own.</param>
    /// <param name="always">Pulls also what is there.</param>
    /// <param name="progress">Hears of each pull.</param>
    /// <param name="cancellation">Ends it.</param>
    internal async Task<IReadOnlyList<ImageInspect>> BringAsync(
        IReadOnlyList<BaseImage> images, string? platform, bool always, BuildProgress progress, CancellationToken cancellation)
    {
        var found = new List<ImageInspect>();
        foreach (var image in images)
        {
            var wanted = image.Platform ?? platform;
            var local = always ? null : await FindAsync(image.Reference, wanted, cancellation);
            if (local is null)
            {
                progress.Pulling(image.Reference);
                var auth = await credentials.FindAsync(image.Reference.Registry, cancellation);
                await client.Images.PullAsync(image.Reference, wanted, auth, null, cancellation);
                local = await FindAsync(image.Reference, null, cancellation) ?? throw DockerErrors.ImageNotFound(image.Reference.ToString());
            }

            found.Add(local);
        }

        return found;
    }

    private async Task<ImageInspect?> FindAsync(ImageReference reference, string? platform, CancellationToken cancellation)
    {
        var image = await client.Images.InspectAsync(reference.ToString(), cancellation);
        return image is null || platform is null || $"{LocalImage.PlatformOf(image)}/".StartsWith($"{platform}/", StringComparison.Ordinal) ? image : null;
    }
}
