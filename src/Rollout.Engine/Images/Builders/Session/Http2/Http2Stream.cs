using System.IO.Pipelines;

namespace Rollout.Engine.Images.Builders.Session.Http2;

/// <summary>One request of the other side, and the answer to it.</summary>
internal sealed class Http2Stream : IDisposable
{
    private readonly Pipe _received = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
    private readonly CancellationTokenSource _aborted;
    private readonly Http2Connection _connection;
    private readonly Lock _ending = new();
    private int _allowed = Http2Connection.ReceiveWindow;
    private int _consumed;
    private bool _isOver;

    internal Http2Stream(int id, IReadOnlyList<Header> headers, SendWindow window, Http2Connection connection, CancellationToken closed)
    {
        Id = id;
        Headers = headers;
        Window = window;
        _connection = connection;
        _aborted = CancellationTokenSource.CreateLinkedTokenSource(closed);
    }

    internal int Id { get; }

    internal IReadOnlyList<Header> Headers { get; }

    /// <summary>The body as it comes. What is taken out of it is made known with <see cref="ConsumedAsync"/>.</summary>
    internal PipeReader Received => _received.Reader;

    /// <summary>Ends when the other side gives the request up, or the connection.</summary>
    internal CancellationToken Aborted => _aborted.Token;

    internal SendWindow Window { get; }

    public void Dispose()
    {
        lock (_ending)
        {
            _isOver = true;
            _aborted.Dispose();
        }
    }

    /// <summary>Lets the other side send as much again as was read.</summary>
    internal async ValueTask ConsumedAsync(int count)
    {
        _consumed += count;
        if (_consumed < Http2Connection.ReceiveWindow / 2) return;
        var granted = _consumed;
        _consumed = 0;
        Interlocked.Add(ref _allowed, granted);
        await _connection.Output.SendAsync(Http2FrameType.WindowUpdate, Id, granted, Aborted);
    }

    internal ValueTask SendHeadersAsync(IEnumerable<Header> headers, bool isLast) => _connection.Output.SendAsync(
        Http2FrameType.Headers, Http2Flags.EndHeaders | (isLast ? Http2Flags.EndStream : Http2Flags.None), Id, HpackEncoder.Encode(headers), Aborted);

    /// <summary>Sends a part of the body, as the other side takes it.</summary>
    internal async ValueTask SendAsync(ReadOnlyMemory<byte> data)
    {
        while (!data.IsEmpty)
        {
            var ofStream = await Window.TakeAsync(Math.Min(data.Length, Http2Frame.MaxLength), Aborted);
            var taken = await _connection.Window.TakeAsync(ofStream, Aborted);
            if (taken < ofStream) Window.Grant(ofStream - taken);
            await _connection.Output.SendAsync(Http2FrameType.Data, Http2Flags.None, Id, data[..taken], Aborted);
            data = data[taken..];
        }
    }

    // What the connection hears for it.

    /// <exception cref="Http2Exception">More than was allowed.</exception>
    internal async ValueTask TakeAsync(ReadOnlyMemory<byte> data, int length, bool isLast)
    {
        if (Interlocked.Add(ref _allowed, -length) < 0) throw Http2Exception.FlowControl($"stream {Id} sent more than it may");
        if (_aborted.IsCancellationRequested) return;
        await _received.Writer.WriteAsync(data, CancellationToken.None);
        if (isLast) await _received.Writer.CompleteAsync();
    }

    internal void Abort()
    {
        lock (_ending)
        {
            if (!_isOver) _aborted.Cancel();
        }
    }
}
