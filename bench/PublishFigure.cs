using System.Diagnostics;
using System.Globalization;
using Rollout.Engine.Registries;
using Rollout.Engine.Tests.Engines;

namespace Rollout.Bench;

/// <summary>Publish of a 240 MB image, proof included, against <c>docker push</c>: at most 1.1 times its time.</summary>
internal static class PublishFigure
{
    private const int Runs = 5;
    private const int Layers = 4;
    private const int LayerSize = 60_000_000;
    private const double MostTimes = 1.1;

    internal static async Task<IReadOnlyList<Figure>> MeasureAsync()
    {
        var engine = new DockerEngineFixture();
        await engine.InitializeAsync();
        try
        {
            var image = await BuildAsync(engine);
            var (publish, push) = (new List<double>(), new List<double>());
            // In turns, so that what else the machine does falls on both; the first of each warms up.
            for (var run = 0; run <= Runs; run++)
            {
                push.Add(await TimeAsync(engine, image, PushAsync));
                publish.Add(await TimeAsync(engine, image, reference => PublishAsync(engine, reference)));
            }

            var (ours, theirs) = (Median(publish.Skip(1)), Median(push.Skip(1)));
            return
            [
                new Figure(
                    $"Publish of {Layers * LayerSize / 1_000_000} MB with its proof, against docker push",
                    string.Create(CultureInfo.InvariantCulture, $"{ours / theirs:0.00} times ({ours:0.00} s against {theirs:0.00} s, medians of {Runs})"),
                    string.Create(CultureInfo.InvariantCulture, $"at most {MostTimes:0.0} times"),
                    ours <= MostTimes * theirs),
            ];
        }
        finally
        {
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

    /// <summary>Seconds that a push to an empty registry takes.</summary>
    private static async Task<double> TimeAsync(DockerEngineFixture engine, ImageReference image, Func<ImageReference, Task> pushAsync)
    {
        await using var registry = await TestRegistry.StartAsync();
        var reference = registry.Reference(engine.Prefix + "publish");
        await engine.Client.Images.TagAsync(image.ToString(), reference, CancellationToken.None);

        var watch = Stopwatch.StartNew();
        await pushAsync(reference);
        var seconds = watch.Elapsed.TotalSeconds;

        await engine.Client.Images.RemoveAsync(reference.ToString(), force: false, CancellationToken.None);
        return seconds;
    }

    private static async Task PushAsync(ImageReference reference)
    {
        using var docker = Process.Start(new ProcessStartInfo("docker", ["push", reference.ToString()]) { RedirectStandardOutput = true })!;
        await docker.StandardOutput.ReadToEndAsync();
        await docker.WaitForExitAsync();
        if (docker.ExitCode != 0) throw new InvalidOperationException($"docker push ended with {docker.ExitCode}");
    }

    private static async Task PublishAsync(DockerEngineFixture engine, ImageReference reference)
    {
        var request = new PublishRequest { Image = reference, Docker = engine.Client };
        var published = await ImagePublish.RunAsync(request, SilentReporter.Instance, CancellationToken.None);
        if (!published.Verified) throw new InvalidOperationException($"{published} is not verified");
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Runs / 2);
}
