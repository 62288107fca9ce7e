namespace Rollout.Engine.Images.Builders.Session.Http2;

/// <summary>The other side broke the protocol; the connection cannot go on.</summary>
internal sealed class Http2Exception : Exception
{
    private Http2Exception(Http2Error code, string message)
        : base(message) => Code = code;

    internal Http2Error Code { get; }

    internal static Http2Exception Protocol(string what) => new(Http2Error.Protocol, $"HTTP/2: {what}.");

    internal static Http2Exception FlowControl(string what) => new(Http2Error.FlowControl, $"HTTP/2 flow control: {what}.");

    internal static Http2Exception FrameSize(string what) => new(Http2Error.FrameSize, $"HTTP/2: {what}.");

    internal static Http2Exception Compression(string what) => new(Http2Error.Compression, $"HPACK: {what}.");
}

/// <summary>Why a stream or a connection was ended (RFC 9113, section 7).</summary>
internal enum Http2Error
{
    None = 0x0,
    Protocol = 0x1,
    FlowControl = 0x3,
    FrameSize = 0x6,
    RefusedStream = 0x7,
    Cancel = 0x8,
    Compression = 0x9,
}
