using System.IO.Enumeration;

namespace Rollout.Engine.Images.Context;

/// <summary>
/// The files of a context, directory by directory, each directory before what is in it: an order that depends on the names alone, and the one
/// that BuildKit wants. Only one directory's names are held at a time.
/// </summary>
/// <param name="directory">The context, full path.</param>
/// <param name="ignore">What stays behind.</param>
/// <param name="wants">What is asked for, by its path within the context.</param>
/// <param name="warn">Hears of what cannot be sent.</param>
internal sealed class ContextWalk(string directory, DockerIgnore ignore, Func<string, Wanted> wants, Action<string> warn)
{
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false, RecurseSubdirectories = false };

    /// <exception cref="RolloutException">ContextChanged, ContextUnreadable.</exception>
    internal IEnumerable<ContextEntry> Entries() => Below("", [], null);

    /// <param name="path">The directory's path within the context; empty at the top.</param>
    /// <param name="pending">Directories on the way here that go only where something within them goes.</param>
    /// <param name="match">How the directory fared.</param>
    private IEnumerable<ContextEntry> Below(string path, List<ContextEntry> pending, IgnoreMatch? match)
    {
        foreach (var entry in Listing(path))
        {
            var wanted = wants(entry.Path);
            if (wanted == Wanted.No) continue;

            var entryMatch = ignore.Match(entry.Path, match);
            var isKept = wanted == Wanted.Always || (wanted == Wanted.Yes && !entryMatch.Excluded);
            if (entry.IsDirectory)
            {
                if (entryMatch.Excluded && !ignore.MayKeepBelow(entry.Path)) continue;
                pending.Add(entry);
                if (isKept)
                {
                    foreach (var one in pending) yield return one;
                    pending.Clear();
                }

                foreach (var one in Below(entry.Path, pending, entryMatch)) yield return one;
                if (pending.Count > 0) pending.RemoveAt(pending.Count - 1);
            }
            else if (isKept && CanBeSent(entry))
            {
                foreach (var one in pending) yield return one;
                pending.Clear();
                yield return entry;
            }
        }
    }

    /// <summary>Opening a fifo would wait for its writer. Only what has no length can be one.</summary>
    private bool CanBeSent(ContextEntry entry)
    {
        if (entry.LinkTarget is not null || entry.Length > 0 || !SpecialFile.IsSpecial(entry.FullPath)) return true;
        warn($"'{entry.Path}' is a socket, a fifo or a device and is not sent to the builder.");
        return false;
    }

    private List<ContextEntry> Listing(string path)
    {
        var fullPath = Path.Join(directory, path);
        try
        {
            var entries = new FileSystemEnumerable<ContextEntry>(fullPath, Read, Everything).ToList();
            entries.Sort((one, other) => Utf8Order.Compare(one.Path, other.Path));
            return entries;
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
        {
            throw ImageErrors.ContextVanished(fullPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ImageErrors.ContextUnreadable(fullPath, e);
        }

        ContextEntry Read(ref FileSystemEntry entry)
        {
            // A link to a directory has both attributes.
            var name = path.Length == 0 ? entry.FileName.ToString() : $"{path}/{entry.FileName}";
            var target = entry.Attributes.HasFlag(FileAttributes.ReparsePoint) ? new FileInfo(Path.Join(directory, name)).LinkTarget : null;
            return new ContextEntry(directory, name, entry.IsDirectory && target is null, target, target is null && !entry.IsDirectory ? entry.Length : 0);
        }
    }
}

/// <summary>Whether something in a context is asked for.</summary>
internal enum Wanted
{
    /// <summary>Neither it nor anything below it.</summary>
    No,
    /// <summary>Not itself, but maybe something below it.</summary>
    OnTheWay,
    /// <summary>Yes, unless it is ignored.</summary>
    Yes,
    /// <summary>Yes, ignored or not.</summary>
    Always,
}

/// <summary>A file, a directory or a link in a context.</summary>
/// <param name="Directory">The context, full path.</param>
/// <param name="Path">Its path within, with slashes.</param>
/// <param name="IsDirectory">It is a directory.</param>
/// <param name="LinkTarget">What it points to; null where it is no link.</param>
/// <param name="Length">A file's length.</param>
internal readonly record struct ContextEntry(string Directory, string Path, bool IsDirectory, string? LinkTarget, long Length)
{
    internal string FullPath => System.IO.Path.Join(Directory, Path);
}
