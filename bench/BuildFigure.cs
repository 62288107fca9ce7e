using System.Globalization;
using Rollout.Engine.Docker.Api;
using Rollout.Engine.Images;
using Rollout.Engine.Registries;
using Rollout.Engine.Tests.Engines;
using Rollout.Engine.Tests.Images;

namespace Rollout.Bench;

/// <summary>
/// Builds of a 1 GiB context of which half is never COPYed, and of one of 20,000 small files, cold and warm, against the docker CLI with
/// the same builder: at most 1.1 times. Over the engine's API, peak memory at most 64 MiB over idle.
/// </summary>
internal static class BuildFigure
{
    private const int Rounds = 3;

    // A warm build takes parts of a second, of which what else the machine does may be half.
    private const int WarmRounds = 15;
    private const double MostTimes = 1.1;
    private const double MostMebibytes = 64;

    // What each of Rollout's builders is measured against: the CLI with the engine's same builder.
    private static readonly Opponent[] Opponents =
    [
        new(ImageBuilderKind.Buildx, "docker buildx build", ["buildx", "build"], "1"),
        new(ImageBuilderKind.Cli, "DOCKER_BUILDKIT=1 docker build", ["build"], "1"),
        new(ImageBuilderKind.BuildKit, "DOCKER_BUILDKIT=1 docker build", ["build"], "1"),
        new(ImageBuilderKind.Classic, "DOCKER_BUILDKIT=0 docker build", ["build"], "0"),
    ];

    internal static async IAsyncEnumerable<Figure> MeasureAsync()
    {
        // An engine of its own, so that cold is cold and nobody else's cache is lost.
        await using var engine = await PrivateEngine.StartAsync();
        foreach (var (name, write) in new (string, Action<string>)[] { ("1 GiB, half of it COPYed", WriteLarge), ("20,000 small files", WriteMany) })
        {
            var directory = Directory.CreateTempSubdirectory("rollout-bench-");
            try
            {
                write(directory.FullName);
                foreach (var opponent in Opponents.Where(opponent => Buildx.IsThere || opponent.Builder != ImageBuilderKind.Buildx))
                {
                    await foreach (var figure in MeasureAsync(engine, directory.FullName, name, opponent)) yield return figure;
                }
            }
            finally
            {
                directory.Delete(recursive: true);
            }
        }
    }

    private static async IAsyncEnumerable<Figure> MeasureAsync(PrivateEngine engine, string directory, string context, Opponent opponent)
    {
        var environment = new Dictionary<string, string>
        {
            ["DOCKER_HOST"] = engine.Endpoint.ToString(),
            ["DOCKER_BUILDKIT"] = opponent.BuildKit,
            ["DOCKER_CONFIG"] = Buildx.Settings.ConfigDirectory,
        };
        var settings = new DockerSettings(
            name => environment.GetValueOrDefault(name) ?? Environment.GetEnvironmentVariable(name),
            DockerSettings.OfThisProcess.ReadFile,
            "/nowhere",
            isWindows: false);
        var build = new ImageBuild(engine.Client, new DockerConfig(), settings);
        var request = new ImageBuildRequest { Path = directory, Tags = ["localhost/bench:ours"], Builder = opponent.Builder };
        var memory = new PeakMemory();

        var name = $"build of {context}, {opponent.Builder}";
        var cold = await SideBySide.MeasureAsync(Rounds, PruneAsync, OursAsync, TheirsAsync);
        yield return cold.ToFigure($"{name}, cold", opponent.Name, MostTimes);
        var warm = await SideBySide.MeasureAsync(WarmRounds, () => Task.CompletedTask, OursAsync, TheirsAsync);
        yield return warm.ToFigure($"{name}, warm", opponent.Name, MostTimes);

        // The CLI's builders read the context in a process of their own.
        if (opponent.Builder is not (ImageBuilderKind.BuildKit or ImageBuilderKind.Classic)) yield break;
        yield return new Figure(
            $"{name}, peak memory",
            string.Create(CultureInfo.InvariantCulture, $"{memory.MebibytesOverIdle:0.0} MiB over idle"),
            $"at most {MostMebibytes} MiB",
            memory.MebibytesOverIdle <= MostMebibytes);

        async Task OursAsync()
        {
            using (memory.Watch()) await build.RunAsync(request, SilentReporter.Instance, CancellationToken.None);
        }

        Task TheirsAsync() => DockerCommand.RunAsync(environment, [.. opponent.Command, "-q", "-t", "localhost/bench:theirs", directory]);

        Task PruneAsync() => DockerCommand.RunAsync(environment, "system", "prune", "--all", "--force");
    }

    private static void WriteLarge(string directory)
    {
        var random = new Random(1);
        var block = new byte[1024 * 1024];
        foreach (var half in new[] { "copied", "left" })
        {
            Directory.CreateDirectory(Path.Combine(directory, half));
            for (var file = 0; file < 8; file++)
            {
                using var stream = File.Create(Path.Combine(directory, half, $"{file}.bin"));
                for (var written = 0; written < 64; written++)
                {
                    random.NextBytes(block);
                    stream.Write(block);
                }
            }
        }

        File.WriteAllText(Path.Combine(directory, "Dockerfile"), "FROM scratch\nCOPY copied/ /\n");
    }

    private static void WriteMany(string directory)
    {
        for (var file = 0; file < 20_000; file++)
        {
            var folder = Directory.CreateDirectory(Path.Combine(directory, "files", $"{file / 100}"));
            File.WriteAllText(Path.Combine(folder.FullName, $"{file}.txt"), $"file {file}\n");
        }

        File.WriteAllText(Path.Combine(directory, "Dockerfile"), "FROM scratch\nCOPY files/ /\n");
    }

    /// <summary>What a builder is measured against.</summary>
    /// <param name="Builder">Rollout's builder.</param>
    /// <param name="Name">How the other is called in the figure.</param>
    /// <param name="Command">The CLI's words for it.</param>
    /// <param name="BuildKit">DOCKER_BUILDKIT for it.</param>
    private sealed record Opponent(ImageBuilderKind Builder, string Name, string[] Command, string BuildKit);
}
