using System.Diagnostics;
using System.Formats.Tar;
using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Images.Context;
using Xunit;

namespace Rollout.Engine.Tests.Images;

public sealed class BuildContextTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void What_the_rules_keep_is_sent_with_its_parents_and_nothing_else() => Prop.ForAll(
        Trees.Paths.ListOf().ToArbitrary(),
        Trees.Rules.ToArbitrary(),
        (paths, rules) =>
        {
            using var tree = new TemporaryDirectory();
            Plant(tree, paths, rules);
            var ignore = DockerIgnore.Parse(rules);

            var everything = Directory.EnumerateFileSystemEntries(tree.Path, "*", SearchOption.AllDirectories)
                .Select(path => (Name: Path.GetRelativePath(tree.Path, path), IsDirectory: Directory.Exists(path)))
                .ToList();
            var kept = everything.Where(e => e.Name == "Dockerfile" || !ignore.Excludes(e.Name)).Select(e => e.Name).ToHashSet();
            var expected = everything
                .Where(e => kept.Contains(e.Name) || (e.IsDirectory && kept.Any(k => k.StartsWith(e.Name + "/", StringComparison.Ordinal))))
                .Select(e => e.IsDirectory ? e.Name + "/" : e.Name);

            Assert.Equal(expected.Order(StringComparer.Ordinal), Names(tree).Order(StringComparer.Ordinal));
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));

    [Fact]
    public void The_order_depends_on_the_names_alone() => Prop.ForAll(
        Trees.Paths.ListOf().ToArbitrary(),
        paths =>
        {
            using var one = new TemporaryDirectory();
            using var other = new TemporaryDirectory();
            // What was planted first decides whether a name is a file or a directory: keep that, and change the order of the rest.
            var leaves = paths.Where(p => !paths.Any(q => q.StartsWith(p + "/", StringComparison.Ordinal))).Distinct().ToList();
            Plant(one, leaves, "");
            Plant(other, Enumerable.Reverse(leaves), "");
            return Names(one).SequenceEqual(Names(other));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(30));

    [Fact]
    public void Links_stay_links_and_modes_times_and_content_are_kept()
    {
        _directory.With("Dockerfile", "FROM scratch").With("bin/run", "#!").With("bin/data", "x");
        File.SetUnixFileMode(_directory.At("bin/run"), (UnixFileMode)0b111_101_100);
        File.SetUnixFileMode(_directory.At("bin"), (UnixFileMode)0b111_000_000);
        File.SetLastWriteTimeUtc(_directory.At("bin/data"), DateTime.UnixEpoch.AddSeconds(1_000_000_001.75));
        File.CreateSymbolicLink(_directory.At("dangling"), "../nowhere");
        Directory.CreateSymbolicLink(_directory.At("linked"), "bin");

        var entries = Entries(_directory).ToDictionary(e => e.Name);

        Assert.Equal((UnixFileMode)0b111_101_100, entries["bin/run"].Mode);
        Assert.Equal((UnixFileMode)0b111_000_000, entries["bin/"].Mode);
        Assert.Equal(1_000_000_001, entries["bin/data"].ModificationTime.ToUnixTimeSeconds());
        Assert.Equal((TarEntryType.SymbolicLink, "../nowhere"), (entries["dangling"].EntryType, entries["dangling"].LinkName));
        Assert.Equal((TarEntryType.SymbolicLink, "bin"), (entries["linked"].EntryType, entries["linked"].LinkName));
        Assert.DoesNotContain("linked/run", entries.Keys);
        Assert.All(entries.Values, e => Assert.Equal((0, 0), (e.Uid, e.Gid)));
    }

    [Fact]
    public void Contents_of_every_length_arrive() => Prop.ForAll(
        Gen.Choose(0, 3 * 256 * 1024).Or(Gen.Elements(0, 1, 511, 512, 513, 262_143, 262_144, 262_145)).ListOf(3).ToArbitrary(),
        lengths =>
        {
            using var tree = new TemporaryDirectory().With("Dockerfile", "FROM scratch");
            var contents = lengths.Select((length, i) => (Name: $"f{i}", Bytes: Content(length, i))).ToList();
            foreach (var (name, bytes) in contents) File.WriteAllBytes(tree.At(name), bytes);

            var sent = Entries(tree).Where(e => e.Name != "Dockerfile").ToDictionary(e => e.Name, e => Bytes(e));
            return contents.All(c => sent[c.Name].SequenceEqual(c.Bytes));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20));

    [Fact]
    public void Long_names_and_targets_arrive()
    {
        var name = string.Join('/', Enumerable.Repeat(new string('é', 60), 5));
        var target = new string('t', 300);
        _directory.With("Dockerfile", "FROM scratch").With(name, "x");
        File.CreateSymbolicLink(_directory.At("link"), target);

        var entries = Entries(_directory).ToDictionary(e => e.Name);

        Assert.Equal("x"u8.ToArray(), Bytes(entries[name]));
        Assert.Equal(target, entries["link"].LinkName);
    }

    [Fact]
    public void The_first_kilobyte_is_a_tar_by_itself()
    {
        var path = string.Join('/', Enumerable.Repeat(new string('d', 90), 3)) + "/Dockerfile";
        _directory.With(path, "FROM scratch").With("0", "");
        var context = BuildContext.Open(_directory.Path, _directory.At(path));

        var start = new MemoryStream(Written(context), 0, 1024);

        Assert.Equal(context.DockerfileName, new TarReader(start).GetNextEntry()!.Name);
        Assert.Contains(path, Names(_directory, context));
    }

    [Fact]
    public void A_dockerfile_from_elsewhere_is_sent()
    {
        using var elsewhere = new TemporaryDirectory().With("My.Dockerfile", "FROM scratch");
        _directory.With("a");
        var context = BuildContext.Open(_directory.Path, elsewhere.At("My.Dockerfile"));
        Assert.Equal([context.DockerfileName, "a"], Names(_directory, context));
    }

    [Fact]
    public void The_dockerfiles_own_rules_go_before_the_contexts()
    {
        _directory.With(".dockerignore", "*").With("a").With("b").With("x/Dockerfile", "FROM scratch").With("x/Dockerfile.dockerignore", "a\nx\n.*");
        var context = BuildContext.Open(_directory.Path, _directory.At("x/Dockerfile"));
        Assert.Equal(["x/Dockerfile", "b"], Names(_directory, context));
    }

    [Fact]
    public void A_name_that_is_not_utf8_is_told_as_that()
    {
        _directory.With("Dockerfile", "FROM scratch");
        using var shell = Process.Start("sh", ["-c", "printf x > \"$(printf '%s/b\\377d' \"$0\")\"", _directory.Path]);
        shell.WaitForExit();
        var error = Assert.Throws<RolloutException>(() => Names(_directory));

        // It cannot be removed by its name either.
        using var cleaning = Process.Start("sh", ["-c", "rm \"$0\"/b*", _directory.Path]);
        cleaning.WaitForExit();

        Assert.Equal("ContextUnreadable", error.Id);
        Assert.Contains("not UTF-8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sockets_and_fifos_are_skipped_with_a_warning()
    {
        _directory.With("Dockerfile", "FROM scratch").With("empty");
        using var fifo = Process.Start("mkfifo", _directory.At("fifo"));
        fifo.WaitForExit();
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(_directory.At("socket")));
        var warnings = new List<string>();

        Assert.Equal(["Dockerfile", "empty"], Names(_directory, warnings: warnings));
        Assert.Equal(2, warnings.Count);
        Assert.Contains("'fifo'", warnings[0], StringComparison.Ordinal);
        Assert.Contains("'socket'", warnings[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("grew")]
    [InlineData("shrank")]
    [InlineData("vanished")]
    public async Task A_file_that_changes_meanwhile_is_an_error_that_names_it(string how)
    {
        var big = _directory.With("Dockerfile", "FROM scratch").With("big").At("big");
        await File.WriteAllBytesAsync(big, new byte[1024 * 1024]);
        if (how == "vanished") await File.WriteAllBytesAsync(_directory.At("a"), new byte[1024 * 1024]);

        // The first write comes when the buffer is full, in the middle of the first large file.
        var target = new WatchedStream(() =>
        {
            if (how == "vanished") File.Delete(big);
            else using (var file = new FileStream(big, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) file.SetLength(how == "grew" ? 2 * 1024 * 1024 : 512 * 1024);
        });

        var error = await Assert.ThrowsAsync<RolloutException>(() => Open(_directory).WriteAsync(target, _ => { }, default));
        Assert.Equal("ContextChanged", error.Id);
        Assert.Contains(big, error.Message, StringComparison.Ordinal);
        Assert.Contains(how, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_file_is_held_whole()
    {
        _directory.With("Dockerfile", "FROM scratch");
        await using (var file = File.Create(_directory.At("big"))) file.SetLength(256L * 1024 * 1024);
        var context = Open(_directory);

        // Nothing here waits, so all of it is done on this thread; what other tests allocate meanwhile is not counted.
        var before = GC.GetAllocatedBytesForCurrentThread();
        var written = context.WriteAsync(Stream.Null, _ => { }, default);
        Assert.True(written.IsCompletedSuccessfully);
        await written;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 * 1024 * 1024);
    }

    private static void Plant(TemporaryDirectory tree, IEnumerable<string> paths, string rules)
    {
        tree.With("Dockerfile", "FROM scratch").With(".dockerignore", rules);
        foreach (var path in paths)
        {
            var taken = File.Exists(tree.At(path)) || Directory.Exists(tree.At(path))
                || Enumerable.Range(0, path.Length).Any(i => path[i] == '/' && File.Exists(tree.At(path[..i])));
            if (!taken) tree.With(path, path);
        }
    }

    private static BuildContext Open(TemporaryDirectory tree) => BuildContext.Open(tree.Path, tree.At("Dockerfile"));

    private static byte[] Written(BuildContext context, List<string>? warnings = null)
    {
        using var stream = new MemoryStream();
        context.WriteAsync(stream, text => warnings?.Add(text), default).GetAwaiter().GetResult();
        return stream.ToArray();
    }

    private static List<TarEntry> Entries(TemporaryDirectory tree, BuildContext? context = null, List<string>? warnings = null)
    {
        var reader = new TarReader(new MemoryStream(Written(context ?? Open(tree), warnings)));
        var entries = new List<TarEntry>();
        while (reader.GetNextEntry(copyData: true) is { } entry) entries.Add(entry);
        return entries;
    }

    private static List<string> Names(TemporaryDirectory tree, BuildContext? context = null, List<string>? warnings = null) =>
        Entries(tree, context, warnings).ConvertAll(e => e.Name);

    private static byte[] Bytes(TarEntry entry)
    {
        using var content = new MemoryStream();
        entry.DataStream?.CopyTo(content);
        return content.ToArray();
    }

    private static byte[] Content(int length, int seed)
    {
        var bytes = new byte[length];
        new System.Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Does something once, at the first write.</summary>
    private sealed class WatchedStream(Action first) : MemoryStream
    {
        private Action? _first = first;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Interlocked.Exchange(ref _first, null)?.Invoke();
            return ValueTask.CompletedTask;
        }
    }
}
