using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Rollout.Engine.Docker.Api;
using Xunit;

namespace Rollout.Engine.Tests.Engines;

/// <summary>
/// The engine that the docker CLI would use, shared with whoever else uses it: everything a test makes carries <see cref="Prefix"/>
/// in its name and is removed at the end. Touches nothing where there is no engine.
/// </summary>
public sealed class DockerEngineFixture : IAsyncLifetime
{
    private readonly ConcurrentBag<string> _networks = [];
    private bool _isUsed;

    /// <summary>What names of containers, images and networks begin with.</summary>
    internal string Prefix { get; } = $"rt{Guid.NewGuid().ToString("N")[..8]}-";

    internal DockerEndpoint Endpoint { get; } = DockerEndpoint.Resolve(null, null, DockerSettings.OfThisProcess);

    internal IDockerClient Client
    {
        get
        {
            _isUsed = true;
            return field ??= new DockerClient(Endpoint);
        }
    }

    /// <summary>Builds <c>localhost/{prefix}{name}:{tag}</c> from busybox and the Dockerfile lines given.</summary>
    internal async Task<ImageReference> ImageAsync(
        string name = "busybox", string tag = "1", string dockerfile = "", IReadOnlyDictionary<string, byte[]>? files = null)
    {
        var reference = ImageReference.Parse($"localhost/{Prefix}{name}:{tag}");
        await TestImages.BuildAsync(Client, reference, dockerfile, files);
        return reference;
    }

    /// <summary>Creates a container <c>{prefix}{name}</c> that runs a shell script; returns its id.</summary>
    internal async Task<string> CreateAsync(string name, string script = "exec sleep 1000000", Action<JsonObject, JsonObject>? adjust = null)
    {
        var image = await ImageAsync();
        // Without an init, PID 1 has no default signal handling and each stop would take its whole grace.
        var config = new JsonObject { ["Image"] = image.ToString(), ["Cmd"] = new JsonArray("sh", "-c", script) };
        var host = new JsonObject { ["Init"] = true };
        adjust?.Invoke(config, host);
        return await Client.Containers.CreateAsync(Prefix + name, new CreateContainerBody(config, host), CancellationToken.None);
    }

    /// <summary>Creates a bridge network <c>{prefix}{name}</c>; returns its name.</summary>
    internal async Task<string> NetworkAsync(string name)
    {
        await Client.Networks.CreateAsync(Prefix + name, new Dictionary<string, string>(), CancellationToken.None);
        _networks.Add(Prefix + name);
        return Prefix + name;
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (!_isUsed) return;
        await RemoveAllAsync();
        Client.Dispose();
    }

    private async Task RemoveAllAsync()
    {
        var containers = await Client.Containers.ListAsync([], all: true, CancellationToken.None);
        foreach (var container in containers.Where(container => container.Names.Any(name => name.Contains(Prefix, StringComparison.Ordinal))))
        {
            await Client.Containers.RemoveAsync(container.Id, CancellationToken.None);
        }

        foreach (var network in _networks) await Client.Networks.RemoveAsync(network, CancellationToken.None);
        foreach (var image in await Client.Images.ReferencesAsync(null, CancellationToken.None))
        {
            if (image.Repository.Contains(Prefix, StringComparison.Ordinal)) await Client.Images.RemoveAsync(image.ToString(), force: true, CancellationToken.None);
        }

        await RemovePulledByDigestAsync();
    }

    /// <summary>What was pulled by its digest has no tag to be found by.</summary>
    private async Task RemovePulledByDigestAsync()
    {
        using var connection = new DockerConnection(Endpoint);
        var images = await connection.GetAsync("images/json", DockerJson.Default.IReadOnlyListImageSummary, CancellationToken.None);
        foreach (var digest in images.SelectMany(image => image.RepoDigests).Where(digest => digest.Contains(Prefix, StringComparison.Ordinal)))
        {
            await Client.Images.RemoveAsync(digest, force: true, CancellationToken.None);
        }
    }
}
