using Rollout.Engine.Docker.Api;
using Rollout.Engine.Images.Builders;
using Rollout.Engine.Images.Dockerfiles;
using Rollout.Engine.Registries;

namespace Rollout.Engine.Images;

/// <summary>Builds an image in an engine, with whichever builder is there.</summary>
public sealed class ImageBuild
{
    private readonly IDockerClient _client;
    private readonly TimeProvider _time;
    private readonly BuilderChoice _choice;

    /// <summary>Builds in an engine.</summary>
    /// <param name="client">The engine.</param>
    /// <param name="credentials">Where logins for base images come from.</param>
    /// <param name="settings">Docker's settings; null for this process's.</param>
    /// <param name="time">The clock of the image's Duration; null for the system's.</param>
    public ImageBuild(IDockerClient client, IRegistryCredentials credentials, DockerSettings? settings = null, TimeProvider? time = null)
    {
        _client = client;
        _time = time ?? TimeProvider.System;
        _choice = BuilderChoice.Of(client, new TrustedCredentials(credentials, client), settings ?? DockerSettings.OfThisProcess);
    }

    /// <summary>Builds.</summary>
    /// <exception cref="RolloutException">
    /// ContextNotFound, NoDockerfile, InvalidImageReference, InvalidImageTag, BuildNeedsBuildx, BuilderNotFound before anything is done;
    /// ContextChanged, ContextUnreadable, InvalidIgnorePattern, InvalidDockerfile, BuildStepFailed, BuildFailed, and the engine's own.
    /// </exception>
    public async Task<RolloutImage> RunAsync(ImageBuildRequest request, IReporter reporter, CancellationToken cancellation)
    {
        var start = _time.GetTimestamp();
        var directory = ContextDirectory(request.Path);
        var dockerfile = Dockerfile.Read(Path.Combine(directory, string.IsNullOrEmpty(request.Dockerfile) ? "Dockerfile" : request.Dockerfile));
        var given = request.Tags.Where(t => !string.IsNullOrWhiteSpace(t)).Select(ParseTag).ToList();
        foreach (var secret in request.Secrets) CheckReadable(secret.Key, secret.Value);

        // An engine that is not there is told as that, and not as a build that failed.
        await _client.System.PingAsync(cancellation);
        var git = GitRevision.ReadAsync(directory, cancellation);
        var builder = await _choice.ForAsync(request, reporter, cancellation);

        var repository = ImageReference.Parse(DefaultImageName.Repository(directory));
        IReadOnlyList<ImageReference> references = given.Count > 0 ? given : await git is { } commit ? [repository.WithTag(commit.Tag)] : [];
        var job = new BuildJob(request, directory, dockerfile, references);

        var activity = $"Building {(references is [var first, ..] ? first : repository)}";
        var (id, progress) = await BuildAsync(builder, job, activity, reporter, cancellation);
        if (references.Count == 0) references = [await TagByIdAsync(repository, id, cancellation)];

        var image = await _client.Images.InspectAsync(id, cancellation) ?? throw DockerErrors.ImageNotFound(id);
        return LocalImage.Of(image, references, _client.Endpoint) with
        {
            Revision = (await git)?.ToString(),
            Builder = builder.Kind,
            Steps = progress.Steps,
            CachedSteps = progress.CachedSteps,
            Duration = _time.GetElapsedTime(start),
        };
    }

    /// <summary>Builds; where only a cache stood in the way, without it.</summary>
    private static async Task<(string Id, BuildProgress Progress)> BuildAsync(
        IImageBuilder builder, BuildJob job, string activity, IReporter reporter, CancellationToken cancellation)
    {
        var progress = new BuildProgress(activity, job.Dockerfile, reporter);
        var hasCache = job.Request.CacheFrom.Count + job.Request.CacheTo.Count > 0;
        try
        {
            return (await builder.BuildAsync(job, progress, cancellation), progress);
        }
        catch (RolloutException e) when (hasCache && progress.IsCacheFailure(e))
        {
            reporter.Warning($"The build goes on without its cache source and export: {e.Message}");
        }
        finally
        {
            progress.End();
        }

        var withoutCache = job with { Request = job.Request with { CacheFrom = [], CacheTo = [] } };
        return await BuildAsync(builder, withoutCache, activity, reporter, cancellation);
    }

    private async Task<ImageReference> TagByIdAsync(ImageReference repository, string id, CancellationToken cancellation)
    {
        var reference = repository.WithTag(DefaultImageName.TagOf(id));
        await _client.Images.TagAsync(id, reference, cancellation);
        return reference;
    }

    private static string ContextDirectory(string path)
    {
        var directory = Path.GetFullPath(path);
        if (File.Exists(directory)) throw ImageErrors.ContextNotFound(directory, "is a file");
        return Directory.Exists(directory) ? directory : throw ImageErrors.ContextNotFound(directory, "does not exist");
    }

    /// <summary>Before anything is done, whoever builds.</summary>
    private static void CheckReadable(string id, BuildSecret secret)
    {
        if (secret.File is not { } file) return;
        try
        {
            // What has no length may be a pipe, which can be opened once.
            if (new FileInfo(file).Length > 0) File.OpenHandle(file).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ImageErrors.SecretUnreadable(id, file, e);
        }
    }

    private static ImageReference ParseTag(string text)
    {
        var reference = ImageReference.Parse(text);
        if (reference.Digest is not null) throw ImageErrors.InvalidTag(text, "a build cannot choose its digest");
        return reference.Tag is null ? reference.WithTag("latest") : reference;
    }
}
