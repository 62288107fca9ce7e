using Rollout.Engine.Images;
using Rollout.Engine.Registries;
using Rollout.Engine.Tests.Engines;
using Xunit;

namespace Rollout.Engine.Tests.Images.Session;

/// <summary>What only the session's own builder has to prove on the real engine; what every builder has is in ImageBuildTests.</summary>
[Trait("Needs", "docker")]
public sealed class BuildSessionTests(DockerEngineFixture engine) : IClassFixture<DockerEngineFixture>, IDisposable
{
    private readonly TemporaryDirectory _context = new();
    private readonly Recorder _reporter = new();

    public void Dispose() => _context.Dispose();

    [FactNeeds("docker", "busybox")]
    public async Task Files_of_every_kind_and_size_arrive_as_they_are_and_again_after_a_change()
    {
        File.Copy(Needs.Program("busybox")!, _context.At("busybox"));
        _context.With("empty", "").With("d\u00efr/\ue000", "private").With("d\u00efr/\ud83d\ude00", "face").With("d\u00efr-x", "behind");
        File.SetUnixFileMode(_context.At("empty"), (UnixFileMode)0b100_111_101_101); // set-user-id
        foreach (var size in new[] { 1, 65_535, 65_536, 65_537, 1_000_000 }) File.WriteAllBytes(_context.At($"d\u00efr/{size}"), Bytes(size));
        for (var file = 0; file < 300; file++) _context.With($"many/{file % 7}/{file}", $"{file}");
        Directory.CreateSymbolicLink(_context.At("link"), "d\u00efr/1");
        _context.With("Dockerfile", """
            FROM scratch
            COPY busybox /bin/busybox
            COPY empty link d\u00efr-x many /got/
            COPY d\u00efr /got/d
            RUN ["/bin/busybox", "sh", "-c", "cd /got; /bin/busybox stat -c 'mode %a' empty; /bin/busybox find . -type f | /bin/busybox sort | /bin/busybox xargs /bin/busybox cat | /bin/busybox sha256sum | /bin/busybox sed 's/^/sum /'"]
            """.Replace("\\u00ef", "\u00ef", StringComparison.Ordinal));

        await BuildAsync();
        Assert.Contains("mode 4755", _reporter.Lines);
        Assert.Contains(Sum(), _reporter.Lines);

        _context.With("d\u00efr/1", "another").With("many/0/new", "new");
        File.Delete(_context.At("d\u00efr/65536"));
        await BuildAsync();
        Assert.Contains(Sum(), _reporter.Lines);
    }

    [FactNeeds("docker", "busybox")]
    public async Task A_file_that_cannot_be_sent_and_a_secret_that_cannot_be_read_are_told_as_that()
    {
        File.Copy(Needs.Program("busybox")!, _context.At("busybox"));
        _context.With("Dockerfile", "FROM scratch\nCOPY busybox /bin/busybox\nRUN --mount=type=secret,id=gone [\"/bin/busybox\", \"true\"]\n");
        var secrets = new Dictionary<string, BuildSecret> { ["gone"] = BuildSecret.FromFile(_context.At("gone")) };
        Assert.Equal("SecretUnreadable", (await Assert.ThrowsAsync<RolloutException>(() => BuildAsync(secrets))).Id);

        _context.With(".dockerignore", "a[").With("Dockerfile", "FROM scratch\nCOPY . /\n");
        var ignored = await Assert.ThrowsAsync<RolloutException>(() => BuildAsync());
        Assert.Contains("a[", ignored.Message, StringComparison.Ordinal);
    }

    private Task<RolloutImage> BuildAsync(IReadOnlyDictionary<string, BuildSecret>? secrets = null) => new ImageBuild(engine.Client, new DockerConfig()).RunAsync(
        new ImageBuildRequest
        {
            Path = _context.Path,
            Builder = ImageBuilderKind.BuildKit,
            Tags = [$"localhost/{engine.Prefix}session:1"],
            NoCache = true,
            Secrets = secrets ?? new Dictionary<string, BuildSecret>(),
        },
        _reporter,
        default);

    /// <summary>What the step prints of these files: their contents in the order of their paths.</summary>
    private string Sum()
    {
        var copied = new Dictionary<string, string> { ["./empty"] = "empty", ["./link"] = "d\u00efr/1", ["./d\u00efr-x"] = "d\u00efr-x" };
        foreach (var file in Files("many")) copied[$"./{file["many/".Length..]}"] = file;
        foreach (var file in Files("d\u00efr")) copied[$"./d/{file["d\u00efr/".Length..]}"] = file;
        using var whole = new MemoryStream();
        foreach (var (_, file) in copied.OrderBy(one => one.Key, Comparer<string>.Create(Rollout.Engine.Images.Context.Utf8Order.Compare))) whole.Write(File.ReadAllBytes(_context.At(file)));
        return $"sum {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(whole.ToArray()))}  -";
    }

    private IEnumerable<string> Files(string directory) => Directory.EnumerateFiles(_context.At(directory), "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(_context.Path, path));

    private static byte[] Bytes(int size)
    {
        var bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        return bytes;
    }
}
