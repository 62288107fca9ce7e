using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using FsCheck.Fluent;
using Rollout.Engine.Images;
using Rollout.Engine.Images.Builders.Session.Grpc;
using Rollout.Engine.Images.Builders.Session.Http2;
using Xunit;

namespace Rollout.Engine.Tests.Images.Session;

/// <summary>The session's server against .NET's own HTTP/2 client; the real engine's is in the builders' tests.</summary>
public sealed class GrpcServerTests
{
    private const string Echo = "/test.Echo/Each";
    private const int SkipServerPreface = 2; // its settings, and its window

    [Fact]
    public async Task Generated_messages_come_back_the_same_from_many_calls_at_once()
    {
        await using var server = new Server(new() { [Echo] = EchoAsync });
        var sizes = Gen.OneOf(Gen.Choose(0, 64), Gen.Choose(0, 20_000), Gen.Choose(100_000, 300_000));
        var calls = Gen.ListOf(Gen.ListOf(sizes, 5), 12).Sample(1, 8).SelectMany(one => one).ToList();
        await Task.WhenAll(calls.Select(async (messages, number) =>
        {
            var sent = messages.Select((size, position) => Message(size, number + position)).ToList();
            var (received, status) = await server.CallAsync(Echo, sent);
            Assert.Equal("0", status);
            Assert.Equal(sent.Select(Convert.ToHexString), received.Select(Convert.ToHexString));
        }));
    }

    [Fact]
    public async Task More_than_any_window_goes_through()
    {
        await using var server = new Server(new() { [Echo] = EchoAsync });
        var sent = Enumerable.Range(0, 100).Select(number => Message(200_000, number)).ToList();
        var (received, status) = await server.CallAsync(Echo, sent);
        Assert.Equal(("0", 100), (status, received.Count));
        Assert.Equal(sent[^1], received[^1]);
    }

    [Fact]
    public async Task A_method_that_is_not_there_and_one_that_fails_end_with_their_status()
    {
        RolloutException? failure = null;
        var methods = new Dictionary<string, Func<GrpcCall, Task>>
        {
            ["/test.Echo/Refuse"] = _ => throw new GrpcException(GrpcStatus.NotFound, "nothing: 100 % \u00e9"),
            ["/test.Echo/Fail"] = _ => throw ImageErrors.ContextChanged("/x", "vanished"),
        };
        await using var server = new Server(methods, problem => failure = problem);

        Assert.Equal("12", (await server.CallAsync("/test.Echo/None", [[]])).Status);
        Assert.Equal("5", (await server.CallAsync("/test.Echo/Refuse", [[]])).Status);
        Assert.Null(failure);
        Assert.Equal("2", (await server.CallAsync("/test.Echo/Fail", [[]])).Status);
        Assert.Equal("ContextChanged", failure?.Id);
    }

    [Fact]
    public async Task A_call_that_is_given_up_is_cancelled_and_others_go_on()
    {
        var cancelled = new TaskCompletionSource();
        var begun = new TaskCompletionSource();
        var methods = new Dictionary<string, Func<GrpcCall, Task>>
        {
            [Echo] = EchoAsync,
            ["/test.Echo/Hang"] = async call =>
            {
                call.Cancelled.Register(cancelled.SetResult);
                begun.SetResult();
                await Task.Delay(Timeout.Infinite, call.Cancelled);
            },
        };
        await using var server = new Server(methods);
        using var cancel = new CancellationTokenSource();
        var hanging = server.CallAsync("/test.Echo/Hang", [[]], cancellation: cancel.Token);
        await begun.Task;
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging);
        await cancelled.Task.WaitAsync(TestLimit.Time);
        Assert.Equal("0", (await server.CallAsync(Echo, [[1]])).Status);
    }

    [Theory]
    [InlineData("not HTTP/2 at all, but long enough", Http2Error.Protocol)]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\u0000\u00ff\u00ff\u0000\u0000\u0000\u0000\u0000\u0001", Http2Error.FrameSize)] // 65,535 bytes of data
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0007", Http2Error.Protocol)] // data for a stream that is none
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\u0000\u0000\u0004\u0008\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000", Http2Error.Protocol)] // a window update of nothing
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\u0000\u0000\u0004\u0008\u0000\u0000\u0000\u0000\u0000\u007f\u00ff\u00ff\u00ff", Http2Error.FlowControl)] // one beyond all bounds
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\u0000\u0000\u0001\u0001\u0004\u0000\u0000\u0000\u0001\u0080", Http2Error.Compression)] // headers with the index 0
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\u0000\u0000\u0000\u0001\u0000\u0000\u0000\u0000\u0001" + "\u0000\u0000\u0000\u0006\u0000\u0000\u0000\u0000\u0000", Http2Error.Protocol)] // a ping between headers
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\u0000\u0000\u0000\u0009\u0000\u0000\u0000\u0000\u0001", Http2Error.Protocol)] // headers that go on from nothing
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\u0000\u0000\u0001\u0000\u0008\u0000\u0000\u0000\u0001\u0001", Http2Error.Protocol)] // more padding than payload
    public async Task Who_breaks_the_protocol_is_told_why_and_left(string sent, object why)
    {
        var (here, there) = DuplexStream.Pair();
        var serving = new GrpcServer(new Dictionary<string, Func<GrpcCall, Task>>(), _ => { }).RunAsync(there, CancellationToken.None);
        await here.WriteAsync(System.Text.Encoding.Latin1.GetBytes(sent));

        var broken = await Assert.ThrowsAsync<Http2Exception>(() => serving.WaitAsync(TestLimit.Time));
        Assert.Equal(why, broken.Code);
        for (var skipped = 0; skipped < SkipServerPreface; skipped++) await ReadFrameAsync(here);
        var (type, payload) = await ReadFrameAsync(here);
        Assert.Equal((Http2FrameType.GoAway, (int)broken.Code), (type, BinaryPrimitives.ReadInt32BigEndian(payload.AsSpan(4))));
    }

    [Fact]
    public async Task A_connection_that_ends_ends_every_call()
    {
        var ended = new TaskCompletionSource();
        var begun = new TaskCompletionSource();
        var methods = new Dictionary<string, Func<GrpcCall, Task>>
        {
            [Echo] = async call =>
            {
                begun.SetResult();
                try
                {
                    await call.ReadAsync();
                    await call.ReadAsync();
                }
                finally
                {
                    ended.SetResult();
                }
            },
        };
        var server = new Server(methods);
        var call = server.CallAsync(Echo, [[1]], endless: true);
        await begun.Task;
        await server.DisposeAsync();
        await ended.Task.WaitAsync(TestLimit.Time);
        await Assert.ThrowsAnyAsync<Exception>(() => call);
    }

    private static async Task EchoAsync(GrpcCall call)
    {
        while (await call.ReadAsync() is { } message) await call.WriteAsync(Framed(message));
    }

    private static byte[] Framed(byte[] message)
    {
        byte[] framed = [.. new byte[GrpcCall.Prefix], .. message];
        GrpcCall.Frame(framed);
        return framed;
    }

    private static byte[] Message(int size, int seed)
    {
        var message = new byte[size];
        new Random(seed).NextBytes(message);
        return message;
    }

    private static async Task<(Http2FrameType Type, byte[] Payload)> ReadFrameAsync(Stream stream)
    {
        var head = new byte[Http2Frame.HeadLength];
        await stream.ReadExactlyAsync(head);
        var frame = Http2Frame.Read(head);
        var payload = new byte[frame.Length];
        await stream.ReadExactlyAsync(payload);
        return (frame.Type, payload);
    }

    /// <summary>A server, and .NET's client at the other end of its connection.</summary>
    private sealed class Server : IAsyncDisposable
    {
        private readonly CancellationTokenSource _ended = new();
        private readonly HttpClient _client;
        private readonly Task _serving;

        internal Server(Dictionary<string, Func<GrpcCall, Task>> methods, Action<RolloutException>? failed = null)
        {
            var (here, there) = DuplexStream.Pair();
            _serving = new GrpcServer(methods, failed ?? (_ => { })).RunAsync(there, _ended.Token);
            _client = new HttpClient(new SocketsHttpHandler { ConnectCallback = (_, _) => ValueTask.FromResult(here) });
        }

        internal async Task<(IReadOnlyList<byte[]> Messages, string Status)> CallAsync(
            string path, IReadOnlyList<byte[]> messages, bool endless = false, CancellationToken cancellation = default)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "http://session" + path)
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new Body(messages, endless),
            };
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            var body = await response.Content.ReadAsByteArrayAsync(cancellation);
            var received = new List<byte[]>();
            for (var at = 0; at < body.Length;)
            {
                var length = BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(at + 1));
                received.Add(body[(at + GrpcCall.Prefix)..(at + GrpcCall.Prefix + length)]);
                at += GrpcCall.Prefix + length;
            }

            var trailers = response.TrailingHeaders.Contains("grpc-status") ? response.TrailingHeaders : (HttpHeaders)response.Headers;
            return (received, trailers.GetValues("grpc-status").Single());
        }

        public async ValueTask DisposeAsync()
        {
            await _ended.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _serving);
            _client.Dispose();
        }
    }

    private sealed class Body(IReadOnlyList<byte[]> messages, bool endless) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            foreach (var message in messages) await stream.WriteAsync(Framed(message));
            await stream.FlushAsync();
            if (endless) await Task.Delay(Timeout.Infinite);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
