using Rollout.Engine.Docker.Api;
using Rollout.Engine.Registries;

namespace Rollout.Engine.Images.Builders;

/// <summary>Which builder builds: the first that is there and can do what is asked.</summary>
/// <param name="Builders">The builders, the best first.</param>
internal sealed record BuilderChoice(IReadOnlyList<IImageBuilder> Builders)
{
    internal static BuilderChoice Of(IDockerClient client, IRegistryCredentials credentials, DockerSettings settings) => new(
    [
        new CliBuilder(ImageBuilderKind.Buildx, client, settings),
        new CliBuilder(ImageBuilderKind.Cli, client, settings),
        new BuildKitBuilder(client, credentials),
        new ClassicBuilder(client, credentials),
    ]);

    /// <summary>Chooses.</summary>
    /// <exception cref="RolloutException">BuilderNotFound, BuildNeedsBuildx.</exception>
    internal async Task<IImageBuilder> ForAsync(ImageBuildRequest request, IReporter reporter, CancellationToken cancellation)
    {
        var isAuto = request.Builder == ImageBuilderKind.Auto;
        var needs = Needs(request);
        var missing = "";
        foreach (var builder in Builders.Where(b => isAuto || b.Kind == request.Builder))
        {
            if (needs.FirstOrDefault(n => !n.Builders.Contains(builder.Kind)) is { } need)
            {
                throw ImageErrors.BuildNeedsBuildx(need.What, isAuto ? "which is not on this machine" : $"and -Builder {builder.Kind} is without it");
            }

            if (await builder.MissingAsync(cancellation) is not { } reason) return builder;
            reporter.Verbose($"The builder {builder.Kind} is left out: {reason}.");
            missing = reason;
        }

        throw ImageErrors.BuilderNotFound(request.Builder, missing);
    }

    private static List<Need> Needs(ImageBuildRequest request)
    {
        var needs = new List<Need>();
        if (request.Platforms.Count > 1) needs.Add(new Need("Building for several platforms", ImageBuilderKind.Buildx));
        if (request.CacheTo.Count > 0) needs.Add(new Need("-CacheTo", ImageBuilderKind.Buildx));
        if (request.CacheFrom.FirstOrDefault(s => !CacheSource.Parse(s).IsImage) is { } source) needs.Add(new Need($"-CacheFrom '{source}'", ImageBuilderKind.Buildx));
        if (request.Secrets.Count > 0) needs.Add(new Need("-Secret", ImageBuilderKind.Buildx, ImageBuilderKind.Cli, ImageBuilderKind.BuildKit));
        return needs;
    }

    /// <summary>Something asked for, and who can do it.</summary>
    private sealed record Need(string What, params IReadOnlyList<ImageBuilderKind> Builders);
}
