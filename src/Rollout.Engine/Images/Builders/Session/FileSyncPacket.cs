using System.Text;
using Google.Protobuf;
using Rollout.Engine.Images.Builders.Session.Grpc;
using Rollout.Engine.Images.Context;

namespace Rollout.Engine.Images.Builders.Session;

/// <summary>What a packet of the file transfer is (fsutil's wire.proto).</summary>
internal enum FileSyncPacketType
{
    Stat = 0,
    Request = 1,
    Data = 2,
    Finish = 3,
    Error = 4,
}

/// <summary>
/// A packet of the file transfer. One side tells of all files in order (Stat, the last one empty), the other asks for those it has not got (Request, by their number
/// in that order), gets their bytes (Data, the last one empty), and says that it has all (Finish).
/// </summary>
/// <param name="Type">What it is.</param>
/// <param name="Id">The file's number.</param>
/// <param name="Text">An error's text.</param>
internal readonly record struct FileSyncPacket(FileSyncPacketType Type, uint Id, string Text)
{
    /// <summary>What a Data packet has in front of its bytes, gRPC's own included, at the most.</summary>
    internal const int DataRoom = GrpcCall.Prefix + 16;

    private const byte TypeTag = 0x08;

    // Go's os.FileMode.
    private const uint DirectoryMode = 1u << 31;
    private const uint LinkMode = 1u << 27;
    private const uint SetUserMode = 1u << 23;
    private const uint SetGroupMode = 1u << 22;
    private const uint StickyMode = 1u << 20;
    private const int NanosecondsPerTick = 100;

    // A Stat's numbers, and the heads of its texts.
    private const int StatRest = 64;

    internal static FileSyncPacket Parse(byte[] message)
    {
        var input = new CodedInputStream(message);
        var packet = default(FileSyncPacket) with { Text = "" };
        while (input.ReadTag() is not 0 and var tag)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1:
                    packet = packet with { Type = (FileSyncPacketType)input.ReadEnum() };
                    break;
                case 3:
                    packet = packet with { Id = input.ReadUInt32() };
                    break;
                case 4:
                    packet = packet with { Text = input.ReadBytes().ToStringUtf8() };
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return packet;
    }

    /// <summary>A packet without content, with what gRPC puts in front.</summary>
    internal static byte[] Of(FileSyncPacketType type)
    {
        byte[] framed = type == FileSyncPacketType.Stat ? new byte[GrpcCall.Prefix] : [.. new byte[GrpcCall.Prefix], TypeTag, (byte)type];
        GrpcCall.Frame(framed);
        return framed;
    }

    /// <summary>Tells of a file. Owner 0, as the docker CLI has it.</summary>
    internal static byte[] Stat(ContextEntry entry)
    {
        var info = new FileInfo(entry.FullPath);
        var link = entry.LinkTarget?.Replace(Path.DirectorySeparatorChar, '/') ?? "";

        // Written without a stream in between: there are tens of thousands of these.
        var stat = new byte[StatRest + Encoding.UTF8.GetMaxByteCount(entry.Path.Length) + Encoding.UTF8.GetMaxByteCount(link.Length)];
        using var output = new CodedOutputStream(stat);
        output.WriteTag(1, WireFormat.WireType.LengthDelimited);
        output.WriteString(entry.Path);
        WriteVarint(output, 2, ModeOf(entry, info));
        if (entry.Length > 0) WriteVarint(output, 5, (ulong)entry.Length);
        WriteVarint(output, 6, (ulong)((info.LastWriteTimeUtc - DateTime.UnixEpoch).Ticks * NanosecondsPerTick));
        if (link.Length > 0)
        {
            output.WriteTag(7, WireFormat.WireType.LengthDelimited);
            output.WriteString(link);
        }

        return Framed(2, stat.AsSpan(0, (int)output.Position));
    }

    /// <summary>
    /// Makes packets of a piece of a file, around the bytes where they stand: Data in front, and behind the last piece the empty one that ends the file.
    /// </summary>
    /// <param name="buffer">The bytes stand in it behind <see cref="DataRoom"/>, and before as much room.</param>
    /// <param name="id">The file's number.</param>
    /// <param name="count">How many bytes; a file may have none.</param>
    /// <param name="isLast">Whether these are the last.</param>
    internal static ReadOnlyMemory<byte> Data(byte[] buffer, uint id, int count, bool isLast)
    {
        var start = count > 0 ? DataRoom - PutHead(buffer.AsSpan(0, DataRoom), id, count) : DataRoom;
        if (count > 0) GrpcCall.Frame(buffer.AsSpan(start, DataRoom - start + count));

        var end = DataRoom + count;
        if (isLast)
        {
            Span<byte> last = stackalloc byte[DataRoom];
            var length = PutHead(last, id, 0);
            last[^length..].CopyTo(buffer.AsSpan(end));
            GrpcCall.Frame(buffer.AsSpan(end, length));
            end += length;
        }

        return buffer.AsMemory(start, end - start);
    }

    /// <summary>Puts the head of a Data packet at the end of the room, behind as much as gRPC needs; returns the length of both.</summary>
    private static int PutHead(Span<byte> room, uint id, int count)
    {
        var head = new byte[DataRoom];
        using var output = new CodedOutputStream(head);
        WriteVarint(output, 1, (ulong)FileSyncPacketType.Data);
        WriteVarint(output, 3, id);
        if (count > 0)
        {
            output.WriteTag(4, WireFormat.WireType.LengthDelimited);
            output.WriteLength(count);
        }

        var length = (int)output.Position;
        head.AsSpan(0, length).CopyTo(room[^length..]);
        return GrpcCall.Prefix + length;
    }

    private static uint ModeOf(ContextEntry entry, FileInfo info)
    {
        if (entry.LinkTarget is not null) return LinkMode | 0x1ff;

        // Windows has no such modes; the docker CLI gives everything the executable bit there.
        var mode = OperatingSystem.IsWindows() ? UnixFileMode.None : info.UnixFileMode;
        return (OperatingSystem.IsWindows() ? 0x1edu : (uint)mode & 0x1ff)
            | (entry.IsDirectory ? DirectoryMode : 0)
            | (mode.HasFlag(UnixFileMode.SetUser) ? SetUserMode : 0)
            | (mode.HasFlag(UnixFileMode.SetGroup) ? SetGroupMode : 0)
            | (mode.HasFlag(UnixFileMode.StickyBit) ? StickyMode : 0);
    }

    private static byte[] Framed(int field, ReadOnlySpan<byte> content)
    {
        var framed = new byte[GrpcCall.Prefix + 1 + CodedOutputStream.ComputeLengthSize(content.Length) + content.Length];
        var head = new byte[framed.Length - GrpcCall.Prefix - content.Length];
        using var output = new CodedOutputStream(head);
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteLength(content.Length);
        head.CopyTo(framed, GrpcCall.Prefix);
        content.CopyTo(framed.AsSpan(framed.Length - content.Length));
        GrpcCall.Frame(framed);
        return framed;
    }

    private static void WriteVarint(CodedOutputStream output, int field, ulong value)
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteUInt64(value);
    }
}
