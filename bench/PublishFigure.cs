using Rollout.Engine.Registries;
using Rollout.Engine.Tests.Engines;

namespace Rollout.Bench;

/// <summary>Publish of a 240 MB image, proof included, against <c>docker push</c>: at most 1.1 times its time.</summary>
internal static class PublishFigure
{
    private const int Layers = 4;
    private const int LayerSize = 60_000_000;
    private const double MostTimes = 1.1;

    internal static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        var engine = new DockerEngineFixture();
        TestRegistry? registry = null;
        try
        {
            var image = await BuildAsync(engine);
            ImageReference? reference = null;
            var result = await SideBySide.MeasureAsync(5, NewRegistryAsync, () => PublishAsync(engine, reference!), () => PushAsync(engine, reference!));
            yield return result.ToFigure($"publish of {Layers * LayerSize / 1_000_000} MB with its proof", "docker push", MostTimes);

            // One that has nothing yet: each layer is sent, and none is mounted from what an earlier round sent.
            async Task NewRegistryAsync()
            {
                if (registry is not null) await registry.DisposeAsync();
                registry = await TestRegistry.StartAsync();
                reference = registry.Reference(engine.Prefix + "publish");
                await engine.Client.Images.TagAsync(image.ToString(), reference, CancellationToken.None);
            }
        }
        finally
        {
            if (registry is not null) await registry.DisposeAsync();
            await engine.DisposeAsync();
        }
    }

    // Bytes that cannot be packed any smaller, as those of most programs' own layers hardly can.
    private static async Task<ImageReference> BuildAsync(DockerEngineFixture engine)
    {
        var files = Enumerable.Range(0, Layers).ToDictionary(i => $"layer{i}", _ => new byte[LayerSize]);
        foreach (var content in files.Values) Random.Shared.NextBytes(content);
        return await engine.ImageAsync("publish", dockerfile: string.Concat(files.Keys.Select(name => $"COPY {name} /{name}\n")), files: files);
    }

    private static Task PushAsync(DockerEngineFixture engine, ImageReference reference) =>
        DockerCommand.RunAsync(new Dictionary<string, string> { ["DOCKER_HOST"] = engine.Endpoint.ToString() }, "push", reference.ToString());

    private static async Task PublishAsync(DockerEngineFixture engine, ImageReference reference)
    {
        var request = new PublishRequest { Image = reference, Docker = engine.Client };
        var published = await ImagePublish.RunAsync(request, SilentReporter.Instance, CancellationToken.None);
        if (!published.Verified) throw new InvalidOperationException($"{published} is not verified");
    }
}
