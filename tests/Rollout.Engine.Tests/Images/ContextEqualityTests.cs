using System.Diagnostics;
using System.Formats.Tar;
using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Images;
using Rollout.Engine.Images.Context;
using Rollout.Engine.Registries;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Images;

/// <summary>What arrives in a build is what docker itself sends, whichever builder builds.</summary>
[Trait("Needs", "docker")]
public sealed class ContextEqualityTests(DockerEngineFixture engine) : IClassFixture<DockerEngineFixture>
{
    /// <summary>Every path of three names out of these, so that generated rules have something to match.</summary>
    private static readonly string[] Names = ["a", "b", "ab", "ba", "a.md", ".a", "a b", "é"];

    [BuilderTheory(needsBuildx: true)]
    [InlineData(12)]
    public void Generated_rules_keep_what_buildx_keeps(int cases)
    {
        using var tree = new TemporaryDirectory().With("Dockerfile", "FROM scratch\nCOPY . /\n");
        foreach (var x in Names)
        {
            tree.With($"{x}/file").With($"{x}.d/deep/{x}");
            foreach (var y in Names)
            {
                if (x != y) tree.With($"{x}/{y}/a").With($"{x}/{y}/b/a.md");
            }
        }

        Prop.ForAll(Trees.Rules.ToArbitrary(), rules =>
        {
            tree.With(".dockerignore", rules);
            Assert.Equal(ByBuildx(tree), ByRollout(tree));
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(cases));
    }

    [BuilderTheory]
    [MemberData(nameof(ImageBuildTests.Builders), MemberType = typeof(ImageBuildTests))]
    public async Task The_same_files_arrive_by_every_builder(ImageBuilderKind builder)
    {
        using var tree = new TemporaryDirectory();
        foreach (var path in new[] { "keep", "drop", "some dir/keep.md", "some dir/drop.txt", "deep/er/keep.md", "deep/er/drop", "empty/x/.keep", "Exact/é" }) tree.With(path, path);
        File.Copy(Needs.Program("busybox")!, tree.At("busybox"));
        File.CreateSymbolicLink(tree.At("link"), "nowhere");
        File.SetUnixFileMode(tree.At("keep"), (UnixFileMode)0b110_100_000);
        tree.With("sub/Other.Dockerfile", """
            FROM scratch
            COPY busybox /bin/busybox
            COPY . /context/
            RUN ["/bin/busybox", "sh", "-c", "cd /context; /bin/busybox find . -not -type d -print0 | /bin/busybox xargs -0 /bin/busybox stat -c 'found %a %F %n'"]
            """);
        tree.With("sub/Other.Dockerfile.dockerignore", "# what is dropped\n**/drop*\ndeep\n!deep/er/*.md\n .dockerignore \n/empty/x/\nExact\n!Exact/[é]\n");
        tree.With(".dockerignore", "*");
        var reporter = new Recorder();

        await new ImageBuild(engine.Client, new DockerConfig(), Buildx.Settings).RunAsync(
            new ImageBuildRequest
            {
                Path = tree.Path,
                Dockerfile = "sub/Other.Dockerfile",
                Builder = builder,
                Tags = [$"localhost/{engine.Prefix}context-{builder}".ToLowerInvariant()],
                NoCache = true,
            },
            reporter,
            default);

        string[] expected =
        [
            "640 regular file ./keep",
            "777 symbolic link ./link",
            "644 regular file ./Exact/é",
            "755 regular file ./busybox",
            "644 regular file ./deep/er/keep.md",
            "644 regular file ./some dir/keep.md",
            "644 regular file ./sub/Other.Dockerfile",
            "644 regular file ./sub/Other.Dockerfile.dockerignore",
        ];
        var found = reporter.Lines.Where(l => l.StartsWith("found ", StringComparison.Ordinal)).Select(l => l["found ".Length..]);
        Assert.Equal(expected.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    private static List<string> ByRollout(TemporaryDirectory tree)
    {
        using var tar = new MemoryStream();
        BuildContext.Open(tree.Path, tree.At("Dockerfile")).WriteAsync(tar, _ => { }, default).GetAwaiter().GetResult();
        tar.Position = 0;
        using var reader = new TarReader(tar);
        var names = new List<string>();
        while (reader.GetNextEntry() is { } entry) names.Add(entry.Name.TrimEnd('/'));
        // The builder needs the Dockerfile, which buildx sends beside the context.
        if (DockerIgnore.Read(tree.Path, tree.At("Dockerfile")).Excludes("Dockerfile")) names.Remove("Dockerfile");
        return [.. names.Order(StringComparer.Ordinal)];
    }

    private static List<string> ByBuildx(TemporaryDirectory tree)
    {
        using var output = new TemporaryDirectory();
        var start = new ProcessStartInfo("docker", ["buildx", "build", "--quiet", "--output", output.Path, tree.Path])
        {
            Environment = { ["DOCKER_CONFIG"] = Buildx.Settings.ConfigDirectory },
            RedirectStandardError = true,
        };
        using var docker = Process.Start(start)!;
        var error = docker.StandardError.ReadToEnd();
        docker.WaitForExit();
        Assert.True(docker.ExitCode == 0, error);
        return [.. Directory.EnumerateFileSystemEntries(output.Path, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(output.Path, path))
            .Order(StringComparer.Ordinal)];
    }
}
