using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Rollout.Engine.Docker;

/// <summary>
/// Tries whether something listens behind a published port. The engine's proxy accepts on the host's port before the container listens, and then closes
/// at once; so a connection counts only when it stays open, or something comes back over it.
/// </summary>
internal static class PortProbe
{
    private static readonly TimeSpan ConnectsWithin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StaysOpenFor = TimeSpan.FromMilliseconds(200);

    /// <summary>True where a connection to host:port can be made and holds.</summary>
    internal static async Task<bool> AcceptsAsync(string address, CancellationToken cancellation)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            patience.CancelAfter(ConnectsWithin);
            await socket.ConnectAsync(EndPoint(address), patience.Token);
            patience.CancelAfter(StaysOpenFor);
            return await socket.ReceiveAsync(new byte[1], patience.Token) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return socket.Connected;
        }
    }

    private static DnsEndPoint EndPoint(string address)
    {
        var colon = address.LastIndexOf(':');
        return new DnsEndPoint(address[..colon], int.Parse(address[(colon + 1)..], CultureInfo.InvariantCulture));
    }
}
