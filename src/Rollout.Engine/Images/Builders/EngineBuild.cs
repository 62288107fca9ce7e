using System.Text.Json;
using Google.Protobuf;
using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Images.Builders;

/// <summary>One build over the engine's API, by either of its builders: what is asked, and what comes back.</summary>
internal sealed class EngineBuild(IDockerClient client, BuildJob job, BuildProgress progress)
{
    // BuildKit does not take any over this way; the classic builder needs none once the base images are there.
    private static readonly IReadOnlyDictionary<string, RegistryAuth> NoAuths = new Dictionary<string, RegistryAuth>();

    private readonly BuildKitTrace _trace = new(progress);
    private readonly ClassicOutput _classic = new(progress);
    private string? _imageId;

    /// <summary>Builds; returns the image's id.</summary>
    /// <param name="query">What only the one builder is asked.</param>
    /// <param name="writeContext">Writes the request's body.</param>
    /// <param name="failure">What went wrong on this side, of which the engine only sees the end of something.</param>
    /// <param name="cancellation">Ends it.</param>
    internal async Task<string> RunAsync(
        IEnumerable<KeyValuePair<string, string>> query, Func<Stream, CancellationToken, Task> writeContext, Func<RolloutException?> failure, CancellationToken cancellation)
    {
        try
        {
            await client.Images.BuildAsync([.. query, .. Query()], writeContext, NoAuths, Take, cancellation);
        }
        catch (RolloutException) when (failure() is { } own)
        {
            throw own;
        }
        catch (RolloutException e) when (e.Id is "BuildFailed" or "DockerRequestRefused")
        {
            _classic.Complete(e.Message);
            throw progress.Failure(e.Message, e);
        }

        _classic.Complete();
        return _imageId ?? throw ImageErrors.BuildFailed(job.Dockerfile.Path, "the engine named no image at the end", null);
    }

    private List<KeyValuePair<string, string>> Query()
    {
        var request = job.Request;
        var query = new List<KeyValuePair<string, string>> { new("rm", "1"), new("forcerm", "1") };
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

    private void Take(StreamMessage message)
    {
        if (message.Id == "moby.buildkit.trace" && message.Aux is not null) TakeTrace(message.Aux.GetValue<string>());
        else if (message.Aux?["ID"] is { } id) _imageId = id.GetValue<string>();
        else if (message.Stream is { } text) _classic.Take(text);
    }

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
