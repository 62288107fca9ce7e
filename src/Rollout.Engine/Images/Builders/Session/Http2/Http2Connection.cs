using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.IO.Pipelines;

namespace Rollout.Engine.Images.Builders.Session.Http2;

/// <summary>
/// The server's side of one HTTP/2 connection (RFC 9113) over a stream that is there already: as much of it as a gRPC client needs, which is all but
/// pushing and priorities.
/// </summary>
/// <param name="transport">The connection; not disposed of.</param>
/// <param name="serve">Answers a request; each runs by itself.</param>
internal sealed class Http2Connection(Stream transport, Func<Http2Stream, Task> serve) : IDisposable
{
    /// <summary>How much of a request's body the other side may send ahead.</summary>
    internal const int ReceiveWindow = 1024 * 1024;

    private const int DefaultWindow = 65_535;
    private const int LongestHeaders = 1024 * 1024;
    private const int PriorityLength = 5;

    // So long who broke the protocol may take to read why.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    private static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    private readonly PipeReader _input = PipeReader.Create(transport, new StreamPipeReaderOptions(bufferSize: 64 * 1024, leaveOpen: true));
    private readonly byte[] _payload = new byte[Http2Frame.MaxLength];
    private readonly HpackDecoder _headers = new();
    private readonly ConcurrentDictionary<int, Http2Stream> _streams = [];
    private readonly ConcurrentDictionary<int, Task> _serving = [];
    private readonly CancellationTokenSource _closed = new();
    private int _window = DefaultWindow;
    private int _newest;

    internal Http2Output Output { get; } = new(transport);

    /// <summary>What the other side takes in all.</summary>
    internal SendWindow Window { get; } = new(DefaultWindow);

    public void Dispose()
    {
        _closed.Dispose();
        Output.Dispose();
    }

    /// <summary>Serves until the other side closes the connection.</summary>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var carrying = Output.CarryAsync(ended.Token);
        var isBroken = false;
        try
        {
            await ReadAllAsync(cancellation);
        }
        catch (Http2Exception broken)
        {
            isBroken = true;
            await SayGoodbyeAsync(broken, cancellation);
            ended.CancelAfter(Farewell);
            throw;
        }
        finally
        {
            await _closed.CancelAsync();
            await Task.WhenAll(_serving.Values);
            await Output.CompleteAsync();
            if (!isBroken) await ended.CancelAsync();
            await carrying.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async Task ReadAllAsync(CancellationToken cancellation)
    {
        await Output.SendAsync(Http2FrameType.Settings, Http2Flags.None, 0, Setting(Http2Setting.InitialWindowSize, ReceiveWindow), cancellation);
        await Output.SendAsync(Http2FrameType.WindowUpdate, 0, ReceiveWindow, cancellation);
        var preface = new byte[Preface.Length];
        if (!await ReadAsync(preface, cancellation)) return;
        if (!preface.AsSpan().SequenceEqual(Preface)) throw Http2Exception.Protocol("it does not begin as HTTP/2 does");
        while (await ReadFrameAsync(cancellation) is { } frame) await TakeAsync(frame, cancellation);
    }

    private async ValueTask<Http2Frame?> ReadFrameAsync(CancellationToken cancellation)
    {
        var head = new byte[Http2Frame.HeadLength];
        if (!await ReadAsync(head, cancellation)) return null;
        var frame = Http2Frame.Read(head);
        if (frame.Length > _payload.Length) throw Http2Exception.FrameSize($"a frame of {frame.Length} bytes");
        return await ReadAsync(_payload.AsMemory(0, frame.Length), cancellation) ? frame : null;
    }

    /// <summary>False where the connection ended before.</summary>
    private async ValueTask<bool> ReadAsync(Memory<byte> target, CancellationToken cancellation)
    {
        if (target.IsEmpty) return true;
        var result = await _input.ReadAtLeastAsync(target.Length, cancellation);
        if (result.Buffer.Length < target.Length) return false;

        var wanted = result.Buffer.Slice(0, target.Length);
        wanted.CopyTo(target.Span);
        _input.AdvanceTo(wanted.End);
        return true;
    }

    private ValueTask TakeAsync(Http2Frame frame, CancellationToken cancellation) => frame.Type switch
    {
        Http2FrameType.Data => TakeDataAsync(frame, cancellation),
        Http2FrameType.Headers => TakeHeadersAsync(frame, cancellation),
        Http2FrameType.Settings => TakeSettingsAsync(frame, cancellation),
        Http2FrameType.Ping => TakePingAsync(frame, cancellation),
        Http2FrameType.WindowUpdate => Take(() => Grant(frame)),
        Http2FrameType.ResetStream => Take(() => Existing(frame)?.Abort()),
        Http2FrameType.Continuation => throw Http2Exception.Protocol("headers go on that were not begun"),
        Http2FrameType.PushPromise => throw Http2Exception.Protocol("a client pushes"),
        _ => ValueTask.CompletedTask, // priorities, goodbyes, and what later versions may bring
    };

    private static ValueTask Take(Action action)
    {
        action();
        return ValueTask.CompletedTask;
    }

    private async ValueTask TakeDataAsync(Http2Frame frame, CancellationToken cancellation)
    {
        var data = Unpadded(frame, 0);

        // The connection's window only bounds what its streams' windows bound already.
        if (frame.Length > 0) await Output.SendAsync(Http2FrameType.WindowUpdate, 0, frame.Length, cancellation);
        if (Existing(frame) is { } stream) await stream.TakeAsync(data, frame.Length, frame.Has(Http2Flags.EndStream));
    }

    private async ValueTask TakeHeadersAsync(Http2Frame frame, CancellationToken cancellation)
    {
        using var block = new MemoryStream();
        block.Write(Unpadded(frame, frame.Has(Http2Flags.Priority) ? PriorityLength : 0).Span);
        for (var part = frame; !part.Has(Http2Flags.EndHeaders);)
        {
            part = await ReadFrameAsync(cancellation) ?? throw Http2Exception.Protocol("it ends within headers");
            if (part.Type != Http2FrameType.Continuation || part.Stream != frame.Stream) throw Http2Exception.Protocol("something comes between headers");
            block.Write(_payload.AsSpan(0, part.Length));
            if (block.Length > LongestHeaders) throw Http2Exception.Protocol("headers without end");
        }

        // Decoded in any case: later blocks build on the table that this one changes.
        var headers = _headers.Decode(block.GetBuffer().AsSpan(0, (int)block.Length));
        if (Existing(frame) is { } known)
        {
            await known.TakeAsync(default, 0, frame.Has(Http2Flags.EndStream)); // trailers
            return;
        }

        if (frame.Stream <= _newest) return; // of a stream that was ended meanwhile
        if (frame.Stream % 2 == 0) throw Http2Exception.Protocol($"a client's stream with the even number {frame.Stream}");
        _newest = frame.Stream;
        var stream = new Http2Stream(frame.Stream, headers, new SendWindow(_window), this, _closed.Token);
        _streams[stream.Id] = stream;
        if (frame.Has(Http2Flags.EndStream)) await stream.TakeAsync(default, 0, isLast: true);
        _serving[stream.Id] = Task.Run(() => ServeAsync(stream), CancellationToken.None);
    }

    private async Task ServeAsync(Http2Stream stream)
    {
        try
        {
            await serve(stream);
        }
        finally
        {
            _streams.TryRemove(stream.Id, out _);
            _serving.TryRemove(stream.Id, out _);
            stream.Dispose();
        }
    }

    private async ValueTask TakeSettingsAsync(Http2Frame frame, CancellationToken cancellation)
    {
        if (frame.Has(Http2Flags.Ack)) return;
        if (frame.Length % 6 != 0) throw Http2Exception.FrameSize("settings that are cut off");
        for (var at = 0; at < frame.Length; at += 6)
        {
            Apply((Http2Setting)BinaryPrimitives.ReadUInt16BigEndian(_payload.AsSpan(at)), BinaryPrimitives.ReadUInt32BigEndian(_payload.AsSpan(at + 2)));
        }

        await Output.SendAsync(Http2FrameType.Settings, Http2Flags.Ack, 0, default, cancellation);
    }

    /// <summary>What is sent never goes beyond the other settings' defaults.</summary>
    private void Apply(Http2Setting setting, uint value)
    {
        if (setting != Http2Setting.InitialWindowSize) return;
        if (value > int.MaxValue) throw Http2Exception.FlowControl("a window beyond 2^31-1");
        var change = (int)value - _window;
        _window = (int)value;
        foreach (var stream in _streams.Values) stream.Window.Grant(change);
    }

    private async ValueTask TakePingAsync(Http2Frame frame, CancellationToken cancellation)
    {
        if (frame.Length != 8) throw Http2Exception.FrameSize($"a ping of {frame.Length} bytes");
        if (!frame.Has(Http2Flags.Ack)) await Output.SendAsync(Http2FrameType.Ping, Http2Flags.Ack, 0, _payload.AsMemory(0, 8), cancellation);
    }

    private void Grant(Http2Frame frame)
    {
        if (frame.Length != sizeof(int)) throw Http2Exception.FrameSize($"a window update of {frame.Length} bytes");
        var count = BinaryPrimitives.ReadInt32BigEndian(_payload) & int.MaxValue;
        if (count == 0) throw Http2Exception.Protocol("a window update of nothing");
        if (frame.Stream == 0) Window.Grant(count);
        else Existing(frame)?.Window.Grant(count);
    }

    /// <summary>The stream that a frame is for; null where it is ended.</summary>
    private Http2Stream? Existing(Http2Frame frame)
    {
        if (frame.Stream == 0) throw Http2Exception.Protocol($"{frame.Type} for no stream");
        if (frame.Stream > _newest && frame.Type != Http2FrameType.Headers) throw Http2Exception.Protocol($"{frame.Type} for a stream that was not begun");
        return _streams.GetValueOrDefault(frame.Stream);
    }

    /// <summary>A payload without its padding and without what stands in front.</summary>
    private ReadOnlyMemory<byte> Unpadded(Http2Frame frame, int front)
    {
        var padding = frame.Has(Http2Flags.Padded) && frame.Length > 0 ? _payload[0] : 0;
        var start = front + (frame.Has(Http2Flags.Padded) ? 1 : 0);
        if (start + padding > frame.Length) throw Http2Exception.Protocol("more padding than there is payload");
        return _payload.AsMemory(start, frame.Length - start - padding);
    }

    private async Task SayGoodbyeAsync(Http2Exception broken, CancellationToken cancellation)
    {
        var payload = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(payload, _newest);
        BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan(4), (int)broken.Code);
        await Output.SendAsync(Http2FrameType.GoAway, Http2Flags.None, 0, payload, cancellation);
    }

    private static byte[] Setting(Http2Setting setting, int value)
    {
        var payload = new byte[6];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)setting);
        BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan(2), value);
        return payload;
    }
}
