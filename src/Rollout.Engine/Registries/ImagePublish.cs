using Polly;
using Rollout.Engine.Docker.Api;

namespace Rollout.Engine.Registries;

/// <summary>
/// Publishes an image: the engine pushes each tag, and then the registry is asked for everything that was pushed. Nothing is pushed
/// before every tag has been found publishable.
/// </summary>
public sealed class ImagePublish : IDisposable
{
    private readonly PublishRequest _request;
    private readonly IReporter _reporter;
    private readonly ResiliencePipeline _retry;
    private readonly Dictionary<string, Registry> _registries = new(StringComparer.Ordinal);

    private ImagePublish(PublishRequest request, IReporter reporter)
    {
        _request = request;
        _reporter = reporter;
        _retry = RegistryRetry.Create(request.RetryCount, request.Time, request.Random, reporter);
    }

    /// <summary>Publishes and proves.</summary>
    /// <param name="request">What and how.</param>
    /// <param name="reporter">Hears of layers, retries and the proof.</param>
    /// <param name="cancellation">Ends it; what was pushed stays.</param>
    /// <returns>The image as the registry has it; its reference and each of its references with the digest.</returns>
    /// <exception cref="RolloutException">
    /// ImageNotFound, ImageTagMoved, PublishNeedsTag, TagIsImmutable, PublishTimeout, TokenRealmNotTrusted, what the engine or the registry
    /// refuses, and where the proof fails PublishedDigestMismatch, PublishedManifestMissing, PublishedManifestInvalid,
    /// PublishedBlobMissing, PublishedBlobSizeMismatch.
    /// </exception>
    public static async Task<PublishedImage> RunAsync(PublishRequest request, IReporter reporter, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var timer = request.Timeout is { } timeout ? new CancellationTokenSource(timeout, request.Time) : new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        using var publish = new ImagePublish(request, reporter);
        try
        {
            return await publish.RunAsync(either.Token);
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw PublishErrors.Timeout(request.Image.Reference, request.Timeout!.Value);
        }
    }

    /// <summary>Closes the connections to registries.</summary>
    public void Dispose()
    {
        foreach (var registry in _registries.Values) registry.Client.Dispose();
    }

    private async Task<PublishedImage> RunAsync(CancellationToken cancellation)
    {
        var started = _request.Time.GetTimestamp();
        var candidates = await CandidatesAsync(cancellation);

        var published = new List<PublishedTag>();
        foreach (var candidate in candidates) published.Add(await PublishAsync(candidate, cancellation));

        var main = published[0];
        return new PublishedImage
        {
            Reference = main.Reference,
            References = [.. published.Select(tag => tag.Reference)],
            Digest = main.Reference.Digest!,
            MediaType = main.Proof.MediaType,
            Size = main.Proof.Size,
            Layers = main.Layers,
            Verified = main.Layers.All(layer => layer.Verified),
            Duration = _request.Time.GetElapsedTime(started),
            Endpoint = _request.Docker.Endpoint,
        };
    }

    /// <summary>Every tag to publish with its local image, each found to be what it should be, and not to overwrite what it must not.</summary>
    private async Task<IReadOnlyList<Candidate>> CandidatesAsync(CancellationToken cancellation)
    {
        var candidates = new List<Candidate>();
        foreach (var reference in await ReferencesAsync(cancellation))
        {
            var image = await _request.Docker.Images.InspectAsync(reference.ToString(), cancellation) ?? throw DockerErrors.ImageNotFound(reference.ToString());
            if (_request.Image.Built is { } built && !_request.AllTags && image.Id != built.Id) throw PublishErrors.TagMoved(reference, built.Id, image.Id);

            var registry = await RegistryAsync(reference.Registry, cancellation);
            var existing = _request.Immutable ? await ImmutableTag.ExistingAsync(registry.Client, reference, image, cancellation) : null;
            candidates.Add(new Candidate(reference, image, registry, existing));
        }

        return candidates;
    }

    private async Task<IReadOnlyList<ImageReference>> ReferencesAsync(CancellationToken cancellation)
    {
        var main = Tagged(_request.Image.Reference);
        if (_request.AllTags)
        {
            var all = await _request.Docker.Images.ReferencesAsync(main.Name, cancellation);
            if (all.Count == 0) throw DockerErrors.ImageNotFound(main.Name);
            return [.. all.OrderBy(reference => reference.Equals(main) ? 0 : 1).ThenBy(reference => reference.Tag, StringComparer.Ordinal)];
        }

        var given = _request.Image.Built?.References ?? _request.Image.Published?.References ?? [];
        return [.. given.Select(Tagged).Prepend(main).Distinct()];
    }

    private static ImageReference Tagged(ImageReference reference) => reference switch
    {
        { Tag: { } tag } => reference.WithTag(tag),
        { Digest: null } => reference.WithTag("latest"),
        _ => throw PublishErrors.TagNeeded(reference),
    };

    private async Task<Registry> RegistryAsync(string name, CancellationToken cancellation)
    {
        if (_registries.TryGetValue(name, out var known)) return known;

        var client = new RegistryClient(new RegistryOptions
        {
            Registry = name,
            Credentials = _request.Credentials,
            AllowedTokenRealms = _request.AllowedTokenRealms,
            IsInsecure = await InsecureRegistries.ContainAsync(_request.Docker, name, cancellation),
            RequestTimeout = _request.RequestTimeout,
            Time = _request.Time,
            Retry = _retry,
        });
        return _registries[name] = new Registry(client, new PublishProof(client));
    }

    private async Task<PublishedTag> PublishAsync(Candidate candidate, CancellationToken cancellation)
    {
        var activity = $"Publishing {candidate.Reference}";
        var progress = new PushProgress(activity, _reporter);
        try
        {
            var digest = candidate.Existing ?? await PushAsync(candidate, progress, cancellation);
            _reporter.Progress(new ProgressReport(activity, "asking the registry for all of it", 100));
            var image = candidate.Image;
            var proof = await candidate.Registry.Proof.ProveAsync(candidate.Reference, digest, $"{image.Os}/{image.Architecture}", cancellation);
            _reporter.Verbose($"{candidate.Reference} is {digest}; the registry has it whole.");
            return new PublishedTag(candidate.Reference.WithDigest(digest), proof, LayersOf(proof, image, progress));
        }
        finally
        {
            _reporter.Progress(new ProgressReport(activity, "done", Completed: true));
        }
    }

    private async Task<string> PushAsync(Candidate candidate, PushProgress progress, CancellationToken cancellation)
    {
        // Asked anew for each attempt: what the registry wants now is what the engine will act on.
        var pushed = await _retry.ExecuteAsync(async token =>
        {
            var credentials = await candidate.Registry.Client.CredentialsForEngineAsync(candidate.Reference.Repository, token);
            return await _request.Docker.Images.PushAsync(candidate.Reference, credentials, progress.Take, token);
        }, cancellation);
        return pushed.Digest;
    }

    private static IReadOnlyList<PublishedLayer> LayersOf(ProvenImage proof, ImageInspect image, PushProgress progress)
    {
        // Both lists are base first, and of one image as long as each other.
        var diffIds = image.RootFs.Layers.Count == proof.Layers.Count ? image.RootFs.Layers : null;
        return [.. proof.Layers.Select((layer, i) =>
            new PublishedLayer(layer.Digest, layer.Size, progress.StatusOf(layer.Digest, diffIds?[i]), layer.IsVerified))];
    }

    private sealed record Registry(RegistryClient Client, PublishProof Proof);

    /// <summary>A tag to publish; <paramref name="Existing"/> is the digest under which the registry has this very image already, where that was asked.</summary>
    private sealed record Candidate(ImageReference Reference, ImageInspect Image, Registry Registry, string? Existing);

    private sealed record PublishedTag(ImageReference Reference, ProvenImage Proof, IReadOnlyList<PublishedLayer> Layers);
}
