using System.Buffers;
using System.Buffers.Binary;
using Rollout.Engine.Images.Builders.Session.Http2;

namespace Rollout.Engine.Images.Builders.Session.Grpc;

/// <summary>One call: its messages, its metadata, and at the end its status. Messages may be sent from several tasks at once.</summary>
internal sealed class GrpcCall(Http2Stream stream) : IDisposable
{
    /// <summary>In front of each message: whether it is compressed, and its length.</summary>
    internal const int Prefix = 5;

    // Each must fit into what the other side may send ahead; those that are received here are small.
    private const int LongestMessage = Http2Connection.ReceiveWindow / 2;

    private readonly SemaphoreSlim _sending = new(1, 1);
    private bool _isBegun;

    /// <summary><c>/package.Service/Method</c>.</summary>
    internal string Path { get; } = stream.Headers.FirstOrDefault(header => header.Name == ":path")?.Value ?? "";

    /// <summary>Ends when the other side gives the call up.</summary>
    internal CancellationToken Cancelled => stream.Aborted;

    public void Dispose() => _sending.Dispose();

    /// <summary>The values of one key of the metadata.</summary>
    internal IReadOnlyList<string> Metadata(string key) => [.. stream.Headers.Where(header => header.Name == key).Select(header => header.Value)];

    /// <summary>The next message; null where the other side has no more.</summary>
    internal async ValueTask<byte[]?> ReadAsync()
    {
        while (true)
        {
            var result = await stream.Received.ReadAsync(Cancelled);
            if (Message(result.Buffer) is { } message)
            {
                stream.Received.AdvanceTo(result.Buffer.GetPosition(Prefix + message.Length));
                await stream.ConsumedAsync(Prefix + message.Length);
                return message;
            }

            if (result.IsCompleted) return result.Buffer.IsEmpty ? null : throw new GrpcException(GrpcStatus.Internal, "a message is cut off");
            stream.Received.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    /// <summary>Fills in what stands in front of a message.</summary>
    /// <param name="message">The message behind <see cref="Prefix"/> bytes of room.</param>
    internal static void Frame(Span<byte> message)
    {
        message[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(message[1..], message.Length - Prefix);
    }

    /// <summary>Sends messages, one or several.</summary>
    /// <param name="framed">Each with what stands in front of it.</param>
    internal async ValueTask WriteAsync(ReadOnlyMemory<byte> framed)
    {
        await _sending.WaitAsync(Cancelled);
        try
        {
            if (!_isBegun) await stream.SendHeadersAsync([new(":status", "200"), new("content-type", "application/grpc")], isLast: false);
            _isBegun = true;
            await stream.SendAsync(framed);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Ends the call.</summary>
    internal async ValueTask EndAsync(GrpcStatus status, string message)
    {
        IEnumerable<Header> trailers = [new("grpc-status", $"{(int)status}"), new("grpc-message", Uri.EscapeDataString(message))];
        await stream.SendHeadersAsync(_isBegun ? trailers : [new(":status", "200"), new("content-type", "application/grpc"), .. trailers], isLast: true);
    }

    private static byte[]? Message(ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < Prefix) return null;
        Span<byte> prefix = stackalloc byte[Prefix];
        buffer.Slice(0, Prefix).CopyTo(prefix);
        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        if (prefix[0] != 0) throw new GrpcException(GrpcStatus.Unimplemented, "compressed messages are not understood");
        if (length > LongestMessage) throw new GrpcException(GrpcStatus.ResourceExhausted, $"a message of {length} bytes");
        return buffer.Length < Prefix + length ? null : buffer.Slice(Prefix, length).ToArray();
    }
}

/// <summary>A call's end that is not OK, as the caller is to hear of it.</summary>
internal sealed class GrpcException(GrpcStatus status, string message) : Exception(message)
{
    internal GrpcStatus Status { get; } = status;
}

/// <summary>gRPC's status codes, as far as they are used.</summary>
internal enum GrpcStatus
{
    Ok = 0,
    Unknown = 2,
    NotFound = 5,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
}
