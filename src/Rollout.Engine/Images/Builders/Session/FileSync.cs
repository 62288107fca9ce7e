using System.Buffers;
using System.Collections.Concurrent;
using System.Threading.Channels;
using Rollout.Engine.Images.Builders.Session.Grpc;
using Rollout.Engine.Images.Builders.Session.Http2;
using Rollout.Engine.Images.Context;

namespace Rollout.Engine.Images.Builders.Session;

/// <summary>
/// Gives BuildKit the files it asks for (<c>moby.filesync.v1.FileSync</c>): it names a directory and what of it it wants, is told of all there is, and takes what has
/// changed since it last had it.
/// </summary>
/// <param name="directories">The directories by the names BuildKit has for them.</param>
/// <param name="warn">Hears, once each, of what cannot be sent.</param>
internal sealed class FileSync(IReadOnlyDictionary<string, string> directories, Action<string> warn)
{
    internal const string DiffCopy = "/moby.filesync.v1.FileSync/DiffCopy";

    // As many as the docker CLI reads at a time.
    private const int Senders = 4;
    private const int ChunkLength = 64 * 1024;

    private readonly ConcurrentDictionary<string, bool> _warned = [];

    /// <summary>Serves one transfer.</summary>
    internal async Task DiffCopyAsync(GrpcCall call)
    {
        var name = Option(call, "dir-name").FirstOrDefault("");
        if (!directories.TryGetValue(name, out var directory)) throw new GrpcException(GrpcStatus.NotFound, $"there is no directory '{name}' in this session");

        var ignore = DockerIgnore.Of(Option(call, "exclude-patterns"), DockerIgnore.FileName);
        var included = new IncludedPaths([.. Option(call, "include-patterns"), .. FollowedPaths.Of(directory, Option(call, "followpaths"))]);
        await new Transfer(call).RunAsync(new ContextWalk(directory, ignore, included.Of, WarnOnce));
    }

    private void WarnOnce(string message)
    {
        if (_warned.TryAdd(message, true)) warn(message);
    }

    /// <summary>The values of an option; those that are not plain ASCII come escaped from newer engines, and as they are from older ones.</summary>
    private static IReadOnlyList<string> Option(GrpcCall call, string key)
    {
        var values = call.Metadata(key);
        var isEscaped = call.Metadata(key + "-encoded") is ["1" or "true", ..];
        return [.. values.Select(value => isEscaped ? Uri.UnescapeDataString(value.Replace('+', ' ')) : FromUtf8(value))];
    }

    private static string FromUtf8(string octets) => System.Text.Encoding.UTF8.GetString(System.Text.Encoding.Latin1.GetBytes(octets));

    private sealed class Transfer(GrpcCall call)
    {
        // By their numbers; those that are not files are not asked for.
        private readonly ConcurrentDictionary<uint, ContextEntry> _files = [];
        private readonly Channel<uint> _requests = Channel.CreateUnbounded<uint>(new UnboundedChannelOptions { SingleWriter = true });

        internal async Task RunAsync(ContextWalk walk)
        {
            List<Task> parts = [TellAsync(walk), ReceiveAsync(), .. Enumerable.Range(0, Senders).Select(_ => SendAsync())];
            while (parts.Count > 0)
            {
                // The first that fails ends the call, and with it the others.
                var ended = await Task.WhenAny(parts);
                parts.Remove(ended);
                await ended;
            }
        }

        private async Task TellAsync(ContextWalk walk)
        {
            await Task.Yield();
            var told = new ArrayBufferWriter<byte>(2 * ChunkLength);
            uint id = 0;
            foreach (var entry in walk.Entries())
            {
                if (entry is { IsDirectory: false, LinkTarget: null }) _files[id] = entry;
                id++;
                told.Write(FileSyncPacket.Stat(entry));
                if (told.WrittenCount < Http2Frame.MaxLength) continue;
                await call.WriteAsync(told.WrittenMemory);
                told.ResetWrittenCount();
            }

            told.Write(FileSyncPacket.Of(FileSyncPacketType.Stat));
            await call.WriteAsync(told.WrittenMemory);
        }

        private async Task ReceiveAsync()
        {
            while (await call.ReadAsync() is { } message)
            {
                var packet = FileSyncPacket.Parse(message);
                switch (packet.Type)
                {
                    case FileSyncPacketType.Request:
                        _requests.Writer.TryWrite(packet.Id);
                        break;
                    case FileSyncPacketType.Finish:
                        await call.WriteAsync(FileSyncPacket.Of(FileSyncPacketType.Finish));
                        _requests.Writer.Complete();
                        return;
                    case FileSyncPacketType.Error:
                        throw new GrpcException(GrpcStatus.Unknown, packet.Text);
                }
            }

            throw new GrpcException(GrpcStatus.Internal, "the transfer ended in the middle");
        }

        private async Task SendAsync()
        {
            await Task.Yield();
            var buffer = new byte[FileSyncPacket.DataRoom + ChunkLength + FileSyncPacket.DataRoom];
            await foreach (var id in _requests.Reader.ReadAllAsync(call.Cancelled))
            {
                if (!_files.TryRemove(id, out var entry)) throw new GrpcException(GrpcStatus.NotFound, $"there is no file {id}");
                await SendFileAsync(id, entry, buffer);
            }
        }

        private async Task SendFileAsync(uint id, ContextEntry entry, byte[] buffer)
        {
            using var file = ContextFile.Open(entry.FullPath);
            long position = 0;
            do
            {
                var read = entry.Length == 0 ? 0 : file.Read(buffer.AsSpan(FileSyncPacket.DataRoom, ChunkLength), position, entry.Length);
                position += read;
                if (position == entry.Length) file.EnsureEndsAt(entry.Length);
                await call.WriteAsync(FileSyncPacket.Data(buffer, id, read, isLast: position == entry.Length));
            }
            while (position < entry.Length);
        }
    }
}
