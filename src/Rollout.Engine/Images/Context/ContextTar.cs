using System.Buffers.Binary;
using System.Text;

namespace Rollout.Engine.Images.Context;

/// <summary>
/// A tar in GNU format for a builder: owner 0, times in whole seconds, the files' own modes. Small files are gathered into large
/// writes, and no file is held whole.
/// </summary>
internal sealed class ContextTar(Stream destination)
{
    private const int BlockSize = 512;
    private const int NameLength = 100;

    private const byte RegularFile = (byte)'0';
    private const byte SymbolicLink = (byte)'2';
    private const byte Directory = (byte)'5';
    private const byte LongLinkTarget = (byte)'K';
    private const byte LongName = (byte)'L';

    private readonly byte[] _buffer = new byte[256 * 1024];
    private int _filled;

    /// <summary>Whether a name needs no header beside the plain one.</summary>
    internal static bool FitsPlainHeader(string name) => Encoding.UTF8.GetByteCount(name) <= NameLength;

    /// <summary>Writes a directory.</summary>
    internal async ValueTask WriteDirectoryAsync(string name, string path, CancellationToken cancellation)
    {
        var info = new DirectoryInfo(path);
        if (!info.Exists) throw ImageErrors.ContextVanished(path);
        await WriteHeaderAsync(Directory, name + "/", "", 0, Mode(info), Seconds(info.LastWriteTimeUtc), cancellation);
    }

    /// <summary>Writes a symbolic link, whatever it points to.</summary>
    internal ValueTask WriteLinkAsync(string name, string path, string target, CancellationToken cancellation) =>
        WriteHeaderAsync(SymbolicLink, name, target.Replace(Path.DirectorySeparatorChar, '/'), 0, 0x1ff, Seconds(File.GetLastWriteTimeUtc(path)), cancellation);

    /// <summary>Writes a file.</summary>
    internal async ValueTask WriteFileAsync(string name, string path, CancellationToken cancellation)
    {
        using var file = ContextFile.Open(path);
        await WriteHeaderAsync(RegularFile, name, "", file.Size, file.Mode, Seconds(file.LastWriteTimeUtc), cancellation);
        await WriteContentAsync(file, cancellation);
    }

    /// <summary>Ends the archive and sends what is still held.</summary>
    internal async ValueTask EndAsync(CancellationToken cancellation)
    {
        await ReserveAsync(2 * BlockSize, cancellation);
        Zero(2 * BlockSize);
        await FlushAsync(cancellation);
    }

    private async ValueTask WriteContentAsync(ContextFile file, CancellationToken cancellation)
    {
        for (long position = 0; position < file.Size;)
        {
            if (_filled == _buffer.Length) await FlushAsync(cancellation);
            var read = file.Read(_buffer.AsSpan(_filled), position, file.Size);
            _filled += read;
            position += read;
        }

        file.EnsureEndsAt(file.Size);
        await PadAsync(file.Size, cancellation);
    }

    private async ValueTask WriteHeaderAsync(byte type, string name, string target, long size, int mode, long seconds, CancellationToken cancellation)
    {
        if (!FitsPlainHeader(name)) await WriteLongAsync(LongName, name, cancellation);
        if (!FitsPlainHeader(target)) await WriteLongAsync(LongLinkTarget, target, cancellation);
        await ReserveAsync(BlockSize, cancellation);
        FillHeader(type, name, target, size, mode, seconds);
    }

    /// <summary>A name beyond 100 bytes stands in an entry of its own before the entry that bears it.</summary>
    private async ValueTask WriteLongAsync(byte type, string text, CancellationToken cancellation)
    {
        var bytes = Encoding.UTF8.GetBytes(text + '\0');
        await ReserveAsync(BlockSize, cancellation);
        FillHeader(type, "././@LongLink", "", bytes.Length, 0, 0);
        foreach (var chunk in bytes.Chunk(BlockSize))
        {
            await ReserveAsync(chunk.Length, cancellation);
            chunk.CopyTo(_buffer, _filled);
            _filled += chunk.Length;
        }

        await PadAsync(bytes.Length, cancellation);
    }

    private void FillHeader(byte type, string name, string target, long size, int mode, long seconds)
    {
        var header = Zero(BlockSize);
        Text(header[..100], name);
        Number(header.Slice(100, 8), mode);
        Number(header.Slice(108, 8), 0);
        Number(header.Slice(116, 8), 0);
        Number(header.Slice(124, 12), size);
        Number(header.Slice(136, 12), seconds);
        header.Slice(148, 8).Fill((byte)' ');
        header[156] = type;
        Text(header.Slice(157, 100), target);
        "ustar  "u8.CopyTo(header[257..]);

        var sum = 0;
        foreach (var b in header) sum += b;
        Number(header.Slice(148, 7), sum);
    }

    private static void Text(Span<byte> field, string text)
    {
        if (FitsPlainHeader(text)) Encoding.UTF8.GetBytes(text, field);
        else Encoding.UTF8.GetBytes(text).AsSpan(0, field.Length).CopyTo(field);
    }

    /// <summary>Octal with a NUL behind it, or in base 256 where it does not fit.</summary>
    private static void Number(Span<byte> field, long value)
    {
        var digits = field.Length - 1;
        if (value >= 1L << (3 * digits))
        {
            BinaryPrimitives.WriteInt64BigEndian(field[^8..], value);
            field[0] = 0x80;
            return;
        }

        for (var i = digits - 1; i >= 0; i--, value >>= 3) field[i] = (byte)('0' + (value & 7));
    }

    private async ValueTask PadAsync(long size, CancellationToken cancellation)
    {
        var padding = (int)(-size & (BlockSize - 1));
        await ReserveAsync(padding, cancellation);
        Zero(padding);
    }

    private Span<byte> Zero(int count)
    {
        var span = _buffer.AsSpan(_filled, count);
        span.Clear();
        _filled += count;
        return span;
    }

    private ValueTask ReserveAsync(int count, CancellationToken cancellation) =>
        _buffer.Length - _filled >= count ? ValueTask.CompletedTask : FlushAsync(cancellation);

    private async ValueTask FlushAsync(CancellationToken cancellation)
    {
        await destination.WriteAsync(_buffer.AsMemory(0, _filled), cancellation);
        _filled = 0;
    }

    // Windows has no such modes; the docker CLI gives everything the executable bit there.
    private static int Mode(FileSystemInfo info) => OperatingSystem.IsWindows() ? 0x1ed : (int)info.UnixFileMode;

    private static long Seconds(DateTime utc) => Math.Max(0, new DateTimeOffset(utc).ToUnixTimeSeconds());
}
