using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Images.Context;
using Rollout.Engine.Images.Dockerfiles;
using Rollout.Engine.Registries;

namespace Rollout.Engine.Images.Builders;

/// <summary>
/// Builds over the engine's API, with its BuildKit or its classic builder: the context is the request's body. There is no session, so
/// the base images have to be there already, and secrets and cache exports are beyond it.
/// </summary>
internal sealed class EngineBuilder(ImageBuilderKind kind, IDockerClient client, IRegistryCredentials credentials) : IImageBuilder
{
    // BuildKit does not take any over this way; the classic builder needs none once the base images are there.
    private static readonly IReadOnlyDictionary<string, RegistryAuth> NoAuths = new Dictionary<string, RegistryAuth>();

    private readonly BaseImages _bases = new(client, credentials);
    private SystemVersion? _engine;

    public ImageBuilderKind Kind => kind;

    private bool IsClassic => kind == ImageBuilderKind.Classic;

    public async Task<string?> MissingAsync(CancellationToken cancellation)
    {
        if (IsClassic) return null;
        return (await EngineAsync(cancellation)).Os == "windows" ? "an engine for Windows containers has no BuildKit" : null;
    }

    public async Task<string> BuildAsync(BuildJob job, BuildProgress progress, CancellationToken cancellation)
    {
        var copied = await PrepareAsync(job, progress, cancellation);
        // The classic builder takes an ignored Dockerfile out again by the rules it is sent; BuildKit does not look at them.
        var context = BuildContext.Open(job.Directory, job.Dockerfile.Path, copied, sendsRules: IsClassic);
        var answer = new Answer(progress);
        RolloutException? contextFailure = null;
        try
        {
            await client.Images.BuildAsync(Query(job, context), WriteContextAsync, NoAuths, answer.Take, cancellation);
        }
        catch (RolloutException) when (contextFailure is not null)
        {
            throw contextFailure;
        }
        catch (RolloutException e) when (e.Id is "BuildFailed" or "DockerRequestRefused")
        {
            answer.End(e.Message);
            throw progress.Failure(e.Message, e);
        }

        answer.End(null);
        return answer.ImageId ?? throw ImageErrors.BuildFailed(job.Dockerfile.Path, "the engine named no image at the end", null);

        async Task WriteContextAsync(Stream body, CancellationToken token)
        {
            try
            {
                await context.WriteAsync(body, progress.Warn, token);
            }
            catch (RolloutException e)
            {
                // The engine only sees a body that ends too early.
                contextFailure = e;
                throw;
            }
        }
    }

    // Asked once: an engine takes longer to tell its version than to build what it has cached.
    private async Task<SystemVersion> EngineAsync(CancellationToken cancellation) => _engine ??= await client.System.VersionAsync(cancellation);

    /// <summary>Brings the base images into the engine; returns the part of the context that the build reads.</summary>
    private async Task<CopiedPaths> PrepareAsync(BuildJob job, BuildProgress progress, CancellationToken cancellation)
    {
        var request = job.Request;
        var platform = request.Platforms is [var wanted] ? wanted : null;
        var target = string.IsNullOrEmpty(request.Target) ? null : request.Target;
        var engine = await EngineAsync(cancellation);
        var variables = DockerfileVariables.Of(job.Dockerfile, request.BuildArgs, $"{engine.Os}/{engine.Arch}", platform);
        var needs = BuildNeeds.Of(job.Dockerfile, target, variables, everyStage: IsClassic);
        var images = await _bases.BringAsync(needs.Images, platform, request.Pull, progress, cancellation);

        // A base image's ONBUILD may copy anything.
        var hasTriggers = images.Any(image => image.Config?["OnBuild"] is JsonArray { Count: > 0 });
        return hasTriggers ? CopiedPaths.Everything : CopiedPaths.Of(job.Dockerfile, needs.Stages, job.Directory);
    }

    private List<KeyValuePair<string, string>> Query(BuildJob job, BuildContext context)
    {
        var request = job.Request;
        var query = new List<KeyValuePair<string, string>>
        {
            new("version", IsClassic ? "1" : "2"),
            new("dockerfile", context.DockerfileName),
            new("rm", "1"),
            new("forcerm", "1"),
        };
        query.AddRange(job.References.Select(r => KeyValuePair.Create("t", r.ToString())));
        if (!string.IsNullOrEmpty(request.Target)) query.Add(new("target", request.Target));
        if (request.NoCache) query.Add(new("nocache", "1"));
        if (request.Platforms is [var platform]) query.Add(new("platform", platform));
        if (request.BuildArgs.Count > 0) query.Add(new("buildargs", JsonSerializer.Serialize(request.BuildArgs, ImagesJson.Default.IReadOnlyDictionaryStringString)));
        if (request.Labels.Count > 0) query.Add(new("labels", JsonSerializer.Serialize(request.Labels, ImagesJson.Default.IReadOnlyDictionaryStringString)));
        if (request.CacheFrom.Count > 0) query.Add(new("cachefrom", JsonSerializer.Serialize(CacheSources(request), ImagesJson.Default.IReadOnlyListString)));
        return query;
    }

    private static IReadOnlyList<string> CacheSources(ImageBuildRequest request) => [.. request.CacheFrom.Select(s => CacheSource.Parse(s).Reference ?? s)];

    /// <summary>What comes back, by either builder.</summary>
    private sealed class Answer(BuildProgress progress)
    {
        private readonly BuildKitTrace _trace = new(progress);
        private readonly ClassicOutput _classic = new(progress);

        internal string? ImageId { get; private set; }

        internal void Take(StreamMessage message)
        {
            if (message.Id == "moby.buildkit.trace" && message.Aux is not null) TakeTrace(message.Aux.GetValue<string>());
            else if (message.Aux?["ID"] is { } id) ImageId = id.GetValue<string>();
            else if (message.Stream is { } text) _classic.Take(text);
        }

        internal void End(string? error) => _classic.Complete(error);

        private void TakeTrace(string base64)
        {
            try
            {
                _trace.Take(Convert.FromBase64String(base64));
            }
            catch (Exception e) when (e is InvalidProtocolBufferException or FormatException)
            {
                progress.Detail($"A progress record of the engine was not understood: {e.Message}");
            }
        }
    }
}
