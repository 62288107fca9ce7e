using System.Text.Json.Nodes;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Images.Context;
using Rollout.Engine.Images.Dockerfiles;
using Rollout.Engine.Registries;

namespace Rollout.Engine.Images.Builders;

/// <summary>
/// Builds with the engine's classic builder: the context is the request's body. The base images are brought into the engine first, so that it needs no
/// logins, and only what the build reads is sent.
/// </summary>
internal sealed class ClassicBuilder(IDockerClient client, IRegistryCredentials credentials) : IImageBuilder
{
    private readonly BaseImages _bases = new(client, credentials);

    public ImageBuilderKind Kind => ImageBuilderKind.Classic;

    public Task<string?> MissingAsync(CancellationToken cancellation) => Task.FromResult<string?>(null);

    public async Task<string> BuildAsync(BuildJob job, BuildProgress progress, CancellationToken cancellation)
    {
        var copied = await PrepareAsync(job, progress, cancellation);
        // It takes an ignored Dockerfile out again by the rules it is sent.
        var context = BuildContext.Open(job.Directory, job.Dockerfile.Path, copied, sendsRules: true);
        RolloutException? contextFailure = null;
        List<KeyValuePair<string, string>> query = [new("version", "1"), new("dockerfile", context.DockerfileName)];
        return await new EngineBuild(client, job, progress).RunAsync(query, WriteContextAsync, () => contextFailure, cancellation);

        async Task WriteContextAsync(Stream body, CancellationToken token)
        {
            try
            {
                await context.WriteAsync(body, progress.Warn, token);
            }
            catch (RolloutException e)
            {
                contextFailure = e;
                throw;
            }
        }
    }

    /// <summary>Brings the base images into the engine; returns the part of the context that the build reads.</summary>
    private async Task<CopiedPaths> PrepareAsync(BuildJob job, BuildProgress progress, CancellationToken cancellation)
    {
        var request = job.Request;
        var platform = request.Platforms is [var wanted] ? wanted : null;
        var target = string.IsNullOrEmpty(request.Target) ? null : request.Target;
        var engine = await client.System.VersionAsync(cancellation);
        var variables = DockerfileVariables.Of(job.Dockerfile, request.BuildArgs, $"{engine.Os}/{engine.Arch}", platform);
        var needs = BuildNeeds.Of(job.Dockerfile, target, variables, everyStage: true);
        var images = await _bases.BringAsync(needs.Images, platform, request.Pull, progress, cancellation);

        // A base image's ONBUILD may copy anything.
        var hasTriggers = images.Any(image => image.Config?["OnBuild"] is JsonArray { Count: > 0 });
        return hasTriggers ? CopiedPaths.Everything : CopiedPaths.Of(job.Dockerfile, needs.Stages, job.Directory);
    }
}
