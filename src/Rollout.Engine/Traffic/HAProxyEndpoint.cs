using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Rollout.Engine.Traffic;

/// <summary>
/// Where HAProxy's runtime socket is (<c>stats socket</c> in its configuration): a unix socket's absolute path, or host and port.
/// </summary>
internal sealed record HAProxyEndpoint
{
    private readonly EndPoint address;

    private HAProxyEndpoint(EndPoint address, string text) => (this.address, Text) = (address, text);

    /// <summary>The same place, readable from any directory: what a workload remembers.</summary>
    internal string Text { get; }

    /// <summary>Reads <c>./haproxy.sock</c>, <c>/run/haproxy.sock</c>, <c>unix:///run/haproxy.sock</c>, <c>host:port</c> or <c>tcp://host:port</c>.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="directory">What a relative path starts from.</param>
    /// <exception cref="RolloutException">InvalidRouterEndpoint.</exception>
    internal static HAProxyEndpoint Parse(string text, string directory)
    {
        if (string.IsNullOrWhiteSpace(text)) throw TrafficErrors.InvalidRouterEndpoint(text, "it is empty");

        if (After(text, "tcp://") is { } tcp) return ParseTcp(text, tcp);
        if (After(text, "unix://") is { } path) return ParsePath(text, path, directory);
        if (text.Contains("://", StringComparison.Ordinal)) throw TrafficErrors.InvalidRouterEndpoint(text, "its scheme is neither unix nor tcp");
        return LooksLikeHostAndPort(text) ? ParseTcp(text, text) : ParsePath(text, text, directory);
    }

    /// <summary>Opens a connection.</summary>
    internal async Task<Stream> ConnectAsync(CancellationToken cancellation)
    {
        var socket = address is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(address, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>True where it is a socket's path and nothing is there.</summary>
    internal bool IsMissing => address is UnixDomainSocketEndPoint && !File.Exists(Text);

    public override string ToString() => Text;

    private static string? After(string text, string scheme) =>
        text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? text[scheme.Length..] : null;

    private static bool LooksLikeHostAndPort(string text)
    {
        var colon = text.LastIndexOf(':');
        return colon > 0 && !text.Contains('/', StringComparison.Ordinal) && colon + 1 < text.Length && text[(colon + 1)..].All(char.IsAsciiDigit);
    }

    private static HAProxyEndpoint ParseTcp(string text, string hostAndPort)
    {
        var colon = hostAndPort.LastIndexOf(':');
        if (colon <= 0) throw TrafficErrors.InvalidRouterEndpoint(text, "it names no port");
        if (!ushort.TryParse(hostAndPort[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
        {
            throw TrafficErrors.InvalidRouterEndpoint(text, "its port is not a number from 1 to 65535");
        }

        var host = hostAndPort[..colon];
        if (Uri.CheckHostName(host.Trim('[', ']')) == UriHostNameType.Unknown) throw TrafficErrors.InvalidRouterEndpoint(text, $"'{UserInfo.Hide(hostAndPort)}' is no host and port");
        return new HAProxyEndpoint(new DnsEndPoint(host.Trim('[', ']'), port), hostAndPort);
    }

    private static HAProxyEndpoint ParsePath(string text, string path, string directory)
    {
        try
        {
            var full = Path.GetFullPath(path, directory);
            return new HAProxyEndpoint(new UnixDomainSocketEndPoint(full), full);
        }
        catch (ArgumentException problem)
        {
            // A unix socket's path has at most 107 bytes, and no file's has a NUL.
            throw TrafficErrors.InvalidRouterEndpoint(text, problem.Message);
        }
    }
}
