using System.Net;
using System.Net.Http.Headers;

namespace Rollout.Engine.Docker.Api;

/// <summary>A request body that is written as it is made, in chunks, and never held.</summary>
internal sealed class WrittenContent : HttpContent
{
    private readonly Func<Stream, CancellationToken, Task> _write;

    internal WrittenContent(Func<Stream, CancellationToken, Task> write, string mediaType)
    {
        _write = write;
        Headers.ContentType = new MediaTypeHeaderValue(mediaType);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        _write(stream, cancellationToken);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => _write(stream, CancellationToken.None);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
