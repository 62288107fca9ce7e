using System.Buffers.Binary;

namespace Rollout.Engine.Images.Builders.Session.Http2;

/// <summary>The head of a frame (RFC 9113, section 4.1).</summary>
internal readonly record struct Http2Frame(int Length, Http2FrameType Type, Http2Flags Flags, int Stream)
{
    internal const int HeadLength = 9;

    /// <summary>The longest payload that is sent and taken: what both sides must take.</summary>
    internal const int MaxLength = 16_384;

    internal bool Has(Http2Flags flag) => (Flags & flag) != 0;

    internal static Http2Frame Read(ReadOnlySpan<byte> head) => new(
        (head[0] << 16) | BinaryPrimitives.ReadUInt16BigEndian(head[1..]),
        (Http2FrameType)head[3],
        (Http2Flags)head[4],
        BinaryPrimitives.ReadInt32BigEndian(head[5..]) & int.MaxValue);

    internal void Write(Span<byte> head)
    {
        head[0] = (byte)(Length >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(head[1..], (ushort)Length);
        head[3] = (byte)Type;
        head[4] = (byte)Flags;
        BinaryPrimitives.WriteInt32BigEndian(head[5..], Stream);
    }
}

/// <summary>What a frame is.</summary>
internal enum Http2FrameType : byte
{
    Data = 0x0,
    Headers = 0x1,
    Priority = 0x2,
    ResetStream = 0x3,
    Settings = 0x4,
    PushPromise = 0x5,
    Ping = 0x6,
    GoAway = 0x7,
    WindowUpdate = 0x8,
    Continuation = 0x9,
}

/// <summary>A frame's flags; which there are depends on its type.</summary>
[Flags]
internal enum Http2Flags : byte
{
    None = 0,
    EndStream = 0x1,
    Ack = EndStream,
    EndHeaders = 0x4,
    Padded = 0x8,
    Priority = 0x20,
}

/// <summary>The settings that are looked at.</summary>
internal enum Http2Setting : ushort
{
    InitialWindowSize = 0x4,
}
