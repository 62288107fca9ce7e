using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Rollout.Engine.Images.Builders.Session.Http2;

/// <summary>
/// The frames on their way out. Each is put down whole; one task carries away whatever has gathered meanwhile, so that many small frames
/// become few writes. Who sends faster than the other side reads is held up.
/// </summary>
internal sealed class Http2Output(Stream destination) : IDisposable
{
    private const int MostHeld = 256 * 1024;
    private const string Closed = "The session's connection is closed.";

    private readonly Pipe _frames = new(new PipeOptions(pauseWriterThreshold: MostHeld, resumeWriterThreshold: MostHeld / 2, useSynchronizationContext: false));
    private readonly SemaphoreSlim _writing = new(1, 1);
    private bool _isComplete;

    public void Dispose() => _writing.Dispose();

    /// <summary>Carries the frames away until <see cref="CompleteAsync"/>, or until nobody takes them.</summary>
    internal async Task CarryAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                var frames = await _frames.Reader.ReadAsync(cancellation);
                foreach (var part in frames.Buffer) await destination.WriteAsync(part, cancellation);
                await destination.FlushAsync(cancellation);
                _frames.Reader.AdvanceTo(frames.Buffer.End);
                if (frames.IsCompleted) return;
            }
        }
        finally
        {
            // Who still wants to send finds it out by this.
            await _frames.Reader.CompleteAsync();
        }
    }

    /// <summary>Sends a frame.</summary>
    /// <exception cref="IOException">The connection is closed.</exception>
    internal async ValueTask SendAsync(Http2FrameType type, Http2Flags flags, int stream, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            if (_isComplete) throw new IOException(Closed);
            var frame = _frames.Writer.GetMemory(Http2Frame.HeadLength + payload.Length);
            new Http2Frame(payload.Length, type, flags, stream).Write(frame.Span);
            payload.Span.CopyTo(frame.Span[Http2Frame.HeadLength..]);
            _frames.Writer.Advance(Http2Frame.HeadLength + payload.Length);

            // Not to be cut off: half a frame would make nonsense of all that follow.
            var flushed = await _frames.Writer.FlushAsync(CancellationToken.None);
            if (flushed.IsCompleted) throw new IOException(Closed);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Sends a frame that holds one number.</summary>
    internal ValueTask SendAsync(Http2FrameType type, int stream, int number, CancellationToken cancellation)
    {
        var payload = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(payload, number);
        return SendAsync(type, Http2Flags.None, stream, payload, cancellation);
    }

    /// <summary>Nothing more is sent.</summary>
    internal async ValueTask CompleteAsync()
    {
        await _writing.WaitAsync();
        _isComplete = true;
        await _frames.Writer.CompleteAsync();
        _writing.Release();
    }
}
