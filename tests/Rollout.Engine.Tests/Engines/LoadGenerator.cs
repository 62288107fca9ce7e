using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Rollout.Engine.Tests.Engines;

/// <summary>
/// Sends GETs at a steady rate over kept connections, each twentieth over a fresh one, and counts every request that was not answered
/// with 200. Speaks HTTP over sockets itself: HttpClient sends a request again by itself when a kept connection fails, which would hide
/// what is to be counted.
/// </summary>
internal sealed class LoadGenerator : IAsyncDisposable
{
    private const int FreshConnectionEvery = 20;
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(30);

    private readonly Uri _uri;
    private readonly byte[] _request;
    private readonly double _interval;
    private readonly Action<LoadAnswer>? _answered;
    private readonly ConcurrentDictionary<string, int> _answers = new();
    private readonly ConcurrentDictionary<string, long> _lastSent = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly long _begun = Stopwatch.GetTimestamp();
    private readonly Task _running;
    private int _requests;

    private LoadGenerator(Uri uri, int requestsPerSecond, int connections, Action<LoadAnswer>? answered)
    {
        (_uri, _answered) = (uri, answered);
        _request = Encoding.ASCII.GetBytes($"GET {uri.PathAndQuery} HTTP/1.1\r\nHost: {uri.Authority}\r\n\r\n");
        _interval = (double)connections / requestsPerSecond;
        _running = Task.WhenAll(Enumerable.Range(0, connections).Select(number => Task.Run(() => RunAsync((double)number / requestsPerSecond))));
    }

    /// <summary>Requests that were answered with 200, by the answer's text.</summary>
    internal IReadOnlyDictionary<string, int> Answers => _answers;

    /// <summary>When the last request was sent that got this answer, by Stopwatch.</summary>
    internal long LastSentTo(string answer) => _lastSent.GetValueOrDefault(answer);

    /// <summary>Requests so far, and those of them that were not answered with 200.</summary>
    internal (int Requests, int Failures) Sent => (Volatile.Read(ref _requests), _failures.Count);

    /// <summary>Starts a load; each answer that came is told of, whatever its status.</summary>
    internal static LoadGenerator Start(Uri uri, int requestsPerSecond = 1500, int connections = 16, Action<LoadAnswer>? answered = null) => new(uri, requestsPerSecond, connections, answered);

    /// <summary>Ends after the requests in hand.</summary>
    internal async Task<LoadResult> StopAsync()
    {
        var elapsed = Stopwatch.GetElapsedTime(_begun);
        var requests = Volatile.Read(ref _requests);
        await _stop.CancelAsync();
        await _running;
        return new LoadResult(requests, requests / elapsed.TotalSeconds, [.. _failures]);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(double due)
    {
        Connection? connection = null;
        for (var sent = 1; !_stop.IsCancellationRequested; sent++, due += _interval)
        {
            var early = TimeSpan.FromSeconds(due) - Stopwatch.GetElapsedTime(_begun);
            if (early > TimeSpan.FromMilliseconds(1)) await Task.Delay(early);
            try
            {
                if (sent % FreshConnectionEvery == 0) Drop();
                connection ??= await Connection.OpenAsync(_uri);
                using var patience = new CancellationTokenSource(AnswerWithin);
                var begun = Stopwatch.GetTimestamp();
                var (status, text) = await connection.AskAsync(_request, patience.Token);
                _answered?.Invoke(new LoadAnswer(status, text, Stopwatch.GetElapsedTime(begun)));
                if (status != 200) throw new IOException($"{status} {text}");
                _answers.AddOrUpdate(text, 1, (_, count) => count + 1);
                _lastSent.AddOrUpdate(text, begun, (_, last) => Math.Max(last, begun));
            }
            catch (Exception problem) when (problem is SocketException or IOException or OperationCanceledException or FormatException)
            {
                _failures.Enqueue($"{Stopwatch.GetElapsedTime(_begun).TotalSeconds:0.000} s: {problem.Message}");
                Drop();
            }

            Interlocked.Increment(ref _requests);
        }

        Drop();

        void Drop()
        {
            connection?.Dispose();
            connection = null;
        }
    }

    /// <summary>As much of HTTP/1.1 as answers with a Content-Length need.</summary>
    private sealed class Connection(Socket socket) : IDisposable
    {
        private readonly byte[] _buffer = new byte[16 * 1024];

        internal static async Task<Connection> OpenAsync(Uri uri)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(uri.Host, uri.Port);
                return new Connection(socket);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        /// <summary>The status and the body of an answer.</summary>
        internal async Task<(int Status, string Body)> AskAsync(byte[] request, CancellationToken cancellation)
        {
            await socket.SendAsync(request, cancellation);
            for (var length = 0; ;)
            {
                var received = await socket.ReceiveAsync(_buffer.AsMemory(length), cancellation);
                if (received == 0) throw new IOException($"the connection was closed after {length} bytes of an answer");
                length += received;
                var answer = Encoding.ASCII.GetString(_buffer, 0, length);
                if (Body(answer) is { } body) return (int.Parse(answer.AsSpan("HTTP/1.1 ".Length, 3), CultureInfo.InvariantCulture), body);
            }
        }

        /// <summary>The body; null where it is not complete yet.</summary>
        private static string? Body(string answer)
        {
            var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0) return null;

            const string Header = "\r\ncontent-length: ";
            var header = answer.IndexOf(Header, StringComparison.OrdinalIgnoreCase);
            // The end of the connection ends the router's own errors.
            if (header < 0) return answer[(end + 4)..];
            var at = header + Header.Length;
            var length = int.Parse(answer[at..answer.IndexOf('\r', at)], CultureInfo.InvariantCulture);
            return answer.Length < end + 4 + length ? null : answer[(end + 4)..(end + 4 + length)];
        }

        public void Dispose() => socket.Dispose();
    }
}

/// <summary>What came of a load.</summary>
/// <param name="Requests">All requests.</param>
/// <param name="PerSecond">Their rate.</param>
/// <param name="Failures">Each that was not answered with 200: when, and why.</param>
internal sealed record LoadResult(int Requests, double PerSecond, IReadOnlyList<string> Failures);

/// <summary>An answer to a request of a load.</summary>
/// <param name="Status">Its HTTP status.</param>
/// <param name="Text">Its body.</param>
/// <param name="Took">How long it took.</param>
internal readonly record struct LoadAnswer(int Status, string Text, TimeSpan Took);
