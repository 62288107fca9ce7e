using Microsoft.Win32.SafeHandles;

namespace Rollout.Engine.Images.Context;

/// <summary>A file of a context while it is sent. Others may go on writing; that is an error where it changes the length.</summary>
internal sealed class ContextFile : IDisposable
{
    private readonly string _path;
    private readonly SafeFileHandle _handle;

    private ContextFile(string path, SafeFileHandle handle)
    {
        _path = path;
        _handle = handle;
        Size = RandomAccess.GetLength(handle);
    }

    internal long Size { get; }

    // Windows has no such modes; the docker CLI gives everything the executable bit there.
    internal int Mode => OperatingSystem.IsWindows() ? 0x1ed : (int)File.GetUnixFileMode(_handle);

    internal DateTime LastWriteTimeUtc => File.GetLastWriteTimeUtc(_handle);

    /// <exception cref="RolloutException">ContextChanged, ContextUnreadable.</exception>
    internal static ContextFile Open(string path)
    {
        try
        {
            return new ContextFile(path, File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw ImageErrors.ContextVanished(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ImageErrors.ContextUnreadable(path, e);
        }
    }

    public void Dispose() => _handle.Dispose();

    /// <summary>Reads from a position before <paramref name="end"/>, and at least one byte.</summary>
    /// <exception cref="RolloutException">ContextChanged, ContextUnreadable.</exception>
    internal int Read(Span<byte> target, long position, long end)
    {
        var read = Read(target[..(int)Math.Min(target.Length, end - position)], position);
        return read > 0 ? read : throw ImageErrors.ContextChanged(_path, $"shrank from {end} to {position} bytes");
    }

    /// <summary>Makes sure that nothing comes after what was read.</summary>
    /// <exception cref="RolloutException">ContextChanged, ContextUnreadable.</exception>
    internal void EnsureEndsAt(long end)
    {
        Span<byte> oneMore = stackalloc byte[1];
        if (end > 0 && Read(oneMore, end) > 0) throw ImageErrors.ContextChanged(_path, $"grew beyond {end} bytes");
    }

    private int Read(Span<byte> target, long position)
    {
        try
        {
            return RandomAccess.Read(_handle, target, position);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ImageErrors.ContextUnreadable(_path, e);
        }
    }
}
