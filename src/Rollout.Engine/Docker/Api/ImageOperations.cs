using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Rollout.Engine.Docker.Api;

/// <inheritdoc cref="IImageOperations"/>
internal sealed partial class ImageOperations(DockerConnection connection) : IImageOperations
{
    public Task<ImageInspect?> InspectAsync(string idOrReference, CancellationToken cancellation) =>
        connection.FindAsync($"images/{ApiPath.Image(idOrReference)}/json", DockerJson.Default.ImageInspect, cancellation);

    public Task TagAsync(string idOrReference, ImageReference reference, CancellationToken cancellation)
    {
        var query = new Dictionary<string, string> { ["repo"] = reference.Name };
        if (reference.Tag is not null) query["tag"] = reference.Tag;
        return connection.PostAsync($"images/{ApiPath.Image(idOrReference)}/tag" + ApiPath.Query(query), null, cancellation);
    }

    public async Task RemoveAsync(string idOrReference, bool force, CancellationToken cancellation)
    {
        var request = new EngineRequest(HttpMethod.Delete, $"images/{ApiPath.Image(idOrReference)}?force={(force ? 1 : 0)}");
        using var response = await connection.SendAsync(request, cancellation);
    }

    public async Task<IReadOnlyList<ImageReference>> ReferencesAsync(string? repositoryName, CancellationToken cancellation)
    {
        // The engine's own filter matches the shortened name only, so the list is looked through here.
        var images = await connection.GetAsync("images/json", DockerJson.Default.IReadOnlyListImageSummary, cancellation);
        return [.. images
            .SelectMany(image => image.RepoTags)
            .Select(tag => ImageReference.TryParse(tag, out var reference) ? reference : null)
            .OfType<ImageReference>()
            .Where(reference => repositoryName is null || reference.Name == repositoryName)];
    }

    public Task PullAsync(ImageReference reference, string? platform, RegistryAuth? auth, Action<StreamMessage>? progress, CancellationToken cancellation)
    {
        var query = new Dictionary<string, string>
        {
            ["fromImage"] = reference.Name,
            ["tag"] = reference.Digest ?? reference.Tag ?? "latest",
        };
        if (platform is not null) query["platform"] = platform;

        var request = new EngineRequest(HttpMethod.Post, "images/create" + ApiPath.Query(query))
        {
            Headers = RegistryAuthHeader.For(auth),
            Explain = says => DockerErrors.PullFailed(reference, says),
        };
        return FollowAsync(request, message => progress?.Invoke(message), cancellation);
    }

    public async Task<PushResult> PushAsync(ImageReference reference, RegistryAuth? auth, Action<StreamMessage>? progress, CancellationToken cancellation)
    {
        var query = reference.Tag is null ? "" : ApiPath.Query(new Dictionary<string, string> { ["tag"] = reference.Tag });
        var request = new EngineRequest(HttpMethod.Post, $"images/{ApiPath.Image(reference.Name)}/push{query}")
        {
            Headers = RegistryAuthHeader.For(auth),
            Explain = says => DockerErrors.ImageMissing(says) ?? DockerErrors.PushFailed(reference, says),
        };

        PushResult? result = null;
        await FollowAsync(request, Take, cancellation);
        return result ?? throw DockerErrors.MalformedAnswer(connection.Endpoint, request.ToString(), null);

        void Take(StreamMessage message)
        {
            if (message.Status is { } status && PushedPattern().Match(status) is { Success: true } pushed)
            {
                result = new PushResult(pushed.Groups["tag"].Value, pushed.Groups["digest"].Value, long.Parse(pushed.Groups["size"].ValueSpan, CultureInfo.InvariantCulture));
            }

            progress?.Invoke(message);
        }
    }

    public Task BuildAsync(
        IReadOnlyList<KeyValuePair<string, string>> query,
        Func<Stream, CancellationToken, Task> writeContext,
        IReadOnlyDictionary<string, RegistryAuth> auths,
        Action<StreamMessage> message,
        CancellationToken cancellation)
    {
        var request = new EngineRequest(HttpMethod.Post, "build" + ApiPath.Query(query))
        {
            Content = new WrittenContent(writeContext, "application/x-tar"),
            Headers = RegistryAuthHeader.ForBuild(auths),
            Explain = DockerErrors.BuildFailed,
        };
        return FollowAsync(request, message, cancellation);
    }

    /// <summary>Without the upgrade that makes it one, an engine that knows of sessions refuses it, and others do not know the path.</summary>
    public async Task<bool> TakesSessionsAsync(CancellationToken cancellation)
    {
        try
        {
            using var response = await connection.SendAsync(new EngineRequest(HttpMethod.Post, "session"), cancellation);
            return true;
        }
        catch (RolloutException unknown) when (unknown.Id is "DockerNotFound" or "DockerNotImplemented")
        {
            return false;
        }
        catch (RolloutException refused) when (refused.Id is "DockerRequestRefused" or "DockerEngineFailed")
        {
            return true;
        }
    }

    public async Task<Stream> OpenSessionAsync(string id, string sharedKey, string method, CancellationToken cancellation)
    {
        var request = new EngineRequest(HttpMethod.Post, "session")
        {
            Headers = new Dictionary<string, string>
            {
                ["Connection"] = "Upgrade",
                ["Upgrade"] = "h2c",
                ["X-Docker-Expose-Session-Uuid"] = id,
                ["X-Docker-Expose-Session-Name"] = "rollout",
                ["X-Docker-Expose-Session-Sharedkey"] = sharedKey,
                ["X-Docker-Expose-Session-Grpc-Method"] = method,
            },
        };
        var response = await connection.SendAsync(request, cancellation);
        if (response.StatusCode == HttpStatusCode.SwitchingProtocols) return await response.Content.ReadAsStreamAsync(cancellation);
        using (response) throw DockerErrors.MalformedAnswer(connection.Endpoint, request.ToString(), null);
    }

    /// <summary>Sends a request whose answer is a stream of messages, and throws the error that one of them may carry.</summary>
    private async Task FollowAsync(EngineRequest request, Action<StreamMessage> take, CancellationToken cancellation)
    {
        using var response = await connection.SendAsync(request, cancellation);
        await foreach (var message in connection.ReadDocumentsAsync(response, request, DockerJson.Default.StreamMessage, cancellation))
        {
            if ((message.ErrorDetail?.Message ?? message.Error) is { } says) throw DockerErrors.Refused(connection.Endpoint, request, response.StatusCode, says);
            take(message);
        }
    }

    // The last line of a push. Engines with their own image store also send it as data (aux), those with containerd's do not.
    [GeneratedRegex(@"^(?<tag>\S+): digest: (?<digest>\S+) size: (?<size>\d{1,18})$", RegexOptions.CultureInvariant)]
    private static partial Regex PushedPattern();
}
