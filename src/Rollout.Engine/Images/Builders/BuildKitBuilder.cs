using Rollout.Engine.Docker.Api;
using Rollout.Engine.Images.Builders.Session;
using Rollout.Engine.Registries;

namespace Rollout.Engine.Images.Builders;

/// <summary>Builds with the engine's BuildKit over the engine's API, without any docker program: through a session of its own.</summary>
internal sealed class BuildKitBuilder(IDockerClient client, IRegistryCredentials credentials) : IImageBuilder
{
    public ImageBuilderKind Kind => ImageBuilderKind.BuildKit;

    public async Task<string?> MissingAsync(CancellationToken cancellation)
    {
        if (await client.System.PingAsync(cancellation) == "windows") return "an engine for Windows containers has no BuildKit";
        return await client.Images.TakesSessionsAsync(cancellation)
            ? null
            : $"the engine at {client.Endpoint} takes no build sessions (POST /session); Podman's Docker API and engines before 18.09 have none";
    }

    public async Task<string> BuildAsync(BuildJob job, BuildProgress progress, CancellationToken cancellation)
    {
        await using var session = await BuildSession.OpenAsync(client, job, credentials, progress.Warn, cancellation);
        List<KeyValuePair<string, string>> query =
        [
            new("version", "2"),
            new("remote", "client-session"),
            new("session", session.Id),
            new("dockerfile", Path.GetFileName(job.Dockerfile.Path)),
        ];
        if (job.Request.Pull) query.Add(new("pull", "1"));
        return await new EngineBuild(client, job, progress).RunAsync(query, (_, _) => Task.CompletedTask, () => session.Failure, cancellation);
    }
}
