using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;

namespace Rollout.Engine.Docker.Api;

/// <summary>How an engine's address becomes a stream of bytes: a unix socket, a named pipe or TCP.</summary>
internal sealed class EngineTransport(DockerEndpoint endpoint)
{
    internal static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    /// <summary>What requests are addressed to; for sockets and pipes the host says nothing.</summary>
    internal Uri BaseAddress => endpoint.Host.Scheme == "tcp"
        ? new Uri($"{(endpoint.Tls is null ? "http" : "https")}://{endpoint.Host.Host}:{Port}/")
        : new Uri("http://docker/");

    private RolloutEndpoint Place => endpoint.ToRolloutEndpoint();

    private int Port => endpoint.Host.Port > 0 ? endpoint.Host.Port : endpoint.Tls is null ? 2375 : 2376;

    /// <summary>Opens a connection.</summary>
    /// <exception cref="RolloutException">DockerEngineNotReachable, DockerSocketDenied.</exception>
    internal async ValueTask<Stream> OpenAsync(CancellationToken cancellation)
    {
        try
        {
            return endpoint.Host.Scheme switch
            {
                "npipe" => await OpenPipeAsync(endpoint.Host, cancellation),
                "unix" => await OpenSocketAsync(
                    new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified),
                    new UnixDomainSocketEndPoint(endpoint.Host.LocalPath),
                    cancellation),
                _ => await OpenSocketAsync(
                    new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true },
                    new DnsEndPoint(endpoint.Host.IdnHost.Trim('[', ']'), Port),
                    cancellation),
            };
        }
        catch (SocketException e)
        {
            throw e.SocketErrorCode switch
            {
                SocketError.AccessDenied => DockerErrors.SocketDenied(Place, e),
                SocketError.ConnectionRefused => DockerErrors.ConnectionRefused(Place, e),
                SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => DockerErrors.HostUnknown(Place, e),
                _ when endpoint.Host.Scheme == "unix" && !File.Exists(endpoint.Host.LocalPath) => DockerErrors.SocketMissing(Place, e),
                _ => DockerErrors.EngineNotReachable(Place, e),
            };
        }
        catch (UnauthorizedAccessException e)
        {
            throw DockerErrors.SocketDenied(Place, e);
        }
        catch (Exception e) when (e is ArgumentException or TimeoutException or IOException)
        {
            throw DockerErrors.EngineNotReachable(Place, e);
        }
    }

    private static async Task<Stream> OpenSocketAsync(Socket socket, EndPoint address, CancellationToken cancellation)
    {
        try
        {
            await socket.ConnectAsync(address, cancellation);
            return new EngineStream(new NetworkStream(socket, ownsSocket: true));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<Stream> OpenPipeAsync(Uri host, CancellationToken cancellation)
    {
        var name = host.LocalPath[(host.LocalPath.LastIndexOf("pipe/", StringComparison.Ordinal) + "pipe/".Length)..];
        var pipe = new NamedPipeClientStream(".", name, PipeDirection.InOut, PipeOptions.Asynchronous);
        try
        {
            await pipe.ConnectAsync(ConnectTimeout, cancellation);
            return new EngineStream(pipe);
        }
        catch
        {
            await pipe.DisposeAsync();
            throw;
        }
    }
}
