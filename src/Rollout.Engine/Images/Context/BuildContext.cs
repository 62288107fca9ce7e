using System.IO.Enumeration;
using Rollout.Engine.Images.Dockerfiles;

namespace Rollout.Engine.Images.Context;

/// <summary>
/// The files that a build copies: a directory without what its .dockerignore leaves behind, and what no instruction reads. Written as a tar while the tree is
/// walked, so that memory does not grow with the context, in an order that depends on the names alone.
/// </summary>
internal sealed class BuildContext
{
    private readonly string _directory;
    private readonly DockerIgnore _ignore;
    private readonly string _dockerfilePath;
    private readonly CopiedPaths _copied;
    private readonly bool _sendsRules;

    private BuildContext(string directory, string dockerfilePath, string dockerfileName, DockerIgnore ignore, CopiedPaths copied, bool sendsRules)
    {
        _directory = directory;
        _dockerfilePath = dockerfilePath;
        _ignore = ignore;
        _copied = copied;
        _sendsRules = sendsRules;
        DockerfileName = dockerfileName;
    }

    /// <summary>The Dockerfile's name within the tar, for the API's <c>dockerfile</c> parameter.</summary>
    internal string DockerfileName { get; }

    /// <summary>Opens a context; reads its ignore rules.</summary>
    /// <param name="directory">The directory, full path.</param>
    /// <param name="dockerfilePath">The Dockerfile, full path; it may lie outside the directory.</param>
    /// <param name="copied">The part that the build reads; null for the whole.</param>
    /// <param name="sendsRules">Sends the context's .dockerignore even where it leaves itself behind, if the rules are from there.</param>
    internal static BuildContext Open(string directory, string dockerfilePath, CopiedPaths? copied = null, bool sendsRules = false)
    {
        var ignore = DockerIgnore.Read(directory, dockerfilePath);
        var fromContext = ignore.Path == Path.Combine(directory, DockerIgnore.FileName);
        var name = DockerfileEntry(directory, dockerfilePath);
        return new BuildContext(directory, dockerfilePath, name, ignore, copied ?? CopiedPaths.Everything, sendsRules && fromContext);
    }

    /// <summary>Writes the tar. The warnings name what a tar for Docker cannot hold.</summary>
    /// <exception cref="RolloutException">ContextChanged, ContextUnreadable.</exception>
    internal async Task WriteAsync(Stream destination, Action<string> warn, CancellationToken cancellation)
    {
        var tar = new ContextTar(destination);
        // First, for it is always there and its name is short: BuildKit takes a body for a tar only where the first kilobyte parses as one.
        await tar.WriteFileAsync(DockerfileName, _dockerfilePath, cancellation);
        await WriteDirectoryAsync(tar, "", [], null, warn, cancellation);
        await tar.EndAsync(cancellation);
    }

    /// <param name="tar">Where it goes.</param>
    /// <param name="path">The directory's path within the context; empty at the top.</param>
    /// <param name="pending">Excluded directories on the way here, which go in front of the first thing that is kept within them.</param>
    /// <param name="match">How the directory fared.</param>
    /// <param name="warn">Takes warnings.</param>
    /// <param name="cancellation">Ends it.</param>
    private async Task WriteDirectoryAsync(
        ContextTar tar, string path, List<string> pending, IgnoreMatch? match, Action<string> warn, CancellationToken cancellation)
    {
        foreach (var entry in Entries(path))
        {
            var name = path.Length == 0 ? entry.Name : $"{path}/{entry.Name}";
            if (name == DockerfileName) continue;

            var isRules = _sendsRules && name == DockerIgnore.FileName;
            if (!isRules && !_copied.Needs(name)) continue;

            var entryMatch = _ignore.Match(name, match);
            var isExcluded = entryMatch.Excluded && !isRules;
            if (entry.Kind != EntryKind.Directory)
            {
                if (isExcluded) continue;
                await WritePendingAsync();
                await WriteLeafAsync(tar, name, entry, warn, cancellation);
                continue;
            }

            if (isExcluded && !_ignore.MayKeepBelow(name)) continue;
            pending.Add(name);
            if (!isExcluded) await WritePendingAsync();
            await WriteDirectoryAsync(tar, name, pending, entryMatch, warn, cancellation);
            if (pending.Count > 0) pending.RemoveAt(pending.Count - 1);
        }

        async Task WritePendingAsync()
        {
            foreach (var directory in pending) await tar.WriteDirectoryAsync(directory, FullPath(directory), cancellation);
            pending.Clear();
        }
    }

    private async Task WriteLeafAsync(ContextTar tar, string name, Entry entry, Action<string> warn, CancellationToken cancellation)
    {
        var fullPath = FullPath(name);
        if (entry.Kind == EntryKind.Link && new FileInfo(fullPath).LinkTarget is { } target)
        {
            await tar.WriteLinkAsync(name, fullPath, target, cancellation);
            return;
        }

        // Opening a fifo would wait for its writer. Only what has no length can be one.
        if (entry.Length == 0 && SpecialFile.IsSpecial(fullPath))
        {
            warn($"'{name}' is a socket, a fifo or a device and is not sent to the builder.");
            return;
        }

        await tar.WriteFileAsync(name, fullPath, cancellation);
    }

    private List<Entry> Entries(string path)
    {
        var fullPath = FullPath(path);
        try
        {
            var entries = new FileSystemEnumerable<Entry>(fullPath, Entry.From, Everything).ToList();
            entries.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
            return entries;
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
        {
            throw ImageErrors.ContextChanged(fullPath, "vanished");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ImageErrors.ContextUnreadable(fullPath, e);
        }
    }

    private string FullPath(string path) => Path.Join(_directory, path);

    /// <summary>Its own path within the context, or a stand-in where it lies outside or its path does not fit a plain tar header.</summary>
    private static string DockerfileEntry(string directory, string dockerfilePath)
    {
        var relative = Path.GetRelativePath(directory, dockerfilePath).Replace('\\', '/');
        var isInside = !Path.IsPathRooted(relative) && relative != ".." && !relative.StartsWith("../", StringComparison.Ordinal);
        return isInside && ContextTar.FitsPlainHeader(relative) ? relative : ".rollout.Dockerfile";
    }

    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false, RecurseSubdirectories = false };

    private enum EntryKind
    {
        File,
        Directory,
        Link,
    }

    private readonly record struct Entry(string Name, EntryKind Kind, long Length)
    {
        internal static Entry From(ref FileSystemEntry entry)
        {
            // A link to a directory has both attributes.
            var kind = entry.Attributes.HasFlag(FileAttributes.ReparsePoint) ? EntryKind.Link
                : entry.IsDirectory ? EntryKind.Directory
                : EntryKind.File;
            return new Entry(entry.FileName.ToString(), kind, kind == EntryKind.File ? entry.Length : -1);
        }
    }
}
