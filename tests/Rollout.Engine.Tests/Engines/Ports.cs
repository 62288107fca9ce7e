using System.Net;
using System.Net.Sockets;

namespace Rollout.Engine.Tests.Engines;

/// <summary>Ports of loopback.</summary>
internal static class Ports
{
    /// <summary>A port on which nothing listens.</summary>
    internal static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
