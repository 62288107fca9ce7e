using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Rollout.Engine.Docker.Api;

/// <summary>
/// Reads a container's log: raw bytes where it has a terminal, else frames of an 8-byte header (stream, three zeros, big-endian
/// length) and their bytes. Memory is bounded by the number of lines kept and the length of one.
/// </summary>
internal static class LogTail
{
    private const int LongestLine = 8 * 1024;
    private const int HeaderSize = 8;

    internal static async Task<IReadOnlyList<string>> ReadAsync(Stream log, bool hasTty, int lines, CancellationToken cancellation)
    {
        var last = new Queue<string>();
        // stdout and stderr each end their own lines, however their frames are mixed.
        Line[] open = [new(), new(), new()];

        var header = new byte[HeaderSize];
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var left = int.MaxValue;
            var stream = 1;
            if (!hasTty)
            {
                if (await log.ReadAtLeastAsync(header, HeaderSize, throwOnEndOfStream: false, cancellation) < HeaderSize) break;
                stream = Math.Min(header[0], (byte)2);
                left = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4));
            }

            while (left > 0)
            {
                var read = await log.ReadAsync(buffer.AsMemory(0, Math.Min(left, buffer.Length)), cancellation);
                if (read == 0) return End();
                Take(open[stream], buffer.AsSpan(0, read));
                left -= read;
            }
        }

        return End();

        void Take(Line line, ReadOnlySpan<byte> bytes)
        {
            while (bytes.IndexOf((byte)'\n') is var end and >= 0)
            {
                line.Append(bytes[..end]);
                Keep(line.Take());
                bytes = bytes[(end + 1)..];
            }

            line.Append(bytes);
        }

        void Keep(string text)
        {
            last.Enqueue(text);
            if (last.Count > lines) last.Dequeue();
        }

        IReadOnlyList<string> End()
        {
            foreach (var line in open)
            {
                if (!line.IsEmpty) Keep(line.Take());
            }

            return [.. last];
        }
    }

    /// <summary>A line as it grows; what is over the limit is dropped.</summary>
    private sealed class Line
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        internal bool IsEmpty => _bytes.WrittenCount == 0;

        internal void Append(ReadOnlySpan<byte> more) => _bytes.Write(more[..Math.Min(more.Length, LongestLine - _bytes.WrittenCount)]);

        internal string Take()
        {
            var text = Encoding.UTF8.GetString(_bytes.WrittenSpan);
            _bytes.ResetWrittenCount();
            // A terminal ends its lines with CR LF.
            return ForeignText.Neutralise(text.TrimEnd('\r'));
        }
    }
}
