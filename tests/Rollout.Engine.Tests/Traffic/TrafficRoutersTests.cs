using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Traffic;
using Xunit;

namespace Rollout.Engine.Tests.Traffic;

public sealed class TrafficRoutersTests
{
    [Fact]
    public void A_password_in_an_endpoint_is_not_repeated()
    {
        var error = Assert.Throws<RolloutException>(() => TrafficRouters.AbsoluteEndpoint("haproxy", "tcp://user:hunter2@127.0.0.1:9999", "/srv"));
        Assert.Equal("InvalidRouterEndpoint", error.Id);
        Assert.DoesNotContain("hunter2", $"{error}{error.Subject}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("./haproxy.sock", "/srv/app/haproxy.sock")]
    [InlineData("haproxy.sock", "/srv/app/haproxy.sock")]
    [InlineData("../run/h.sock", "/srv/run/h.sock")]
    [InlineData("/run/haproxy/admin.sock", "/run/haproxy/admin.sock")]
    [InlineData("unix:///run/haproxy/admin.sock", "/run/haproxy/admin.sock")]
    [InlineData("127.0.0.1:9999", "127.0.0.1:9999")]
    [InlineData("tcp://router.example.com:9999", "router.example.com:9999")]
    [InlineData("[::1]:9999", "[::1]:9999")]
    [InlineData("./odd:80/h.sock", "/srv/app/odd:80/h.sock")]
    public void Endpoints_are_made_absolute(string text, string absolute)
    {
        Assert.Equal(absolute, TrafficRouters.AbsoluteEndpoint("haproxy", text, "/srv/app"));
        Assert.Equal(absolute, TrafficRouters.AbsoluteEndpoint("HAProxy", absolute, "/elsewhere"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("http://127.0.0.1:9999")]
    [InlineData("tcp://127.0.0.1")]
    [InlineData("127.0.0.1:0")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("tcp://no host:80")]
    [InlineData("/run/a\0b")]
    [InlineData("/a-path-longer-than-a-unix-socket-may-have/0123456789012345678901234567890123456789012345678901234567890123456789/haproxy.sock")]
    public void Impossible_endpoints_are_refused(string text) =>
        Assert.Equal("InvalidRouterEndpoint", Refused(() => TrafficRouters.AbsoluteEndpoint("haproxy", text, "/srv")));

    [Fact]
    public void An_unknown_router_is_refused() =>
        Assert.Equal("UnknownRouter", Refused(() => Open("shop", router: "nginx")));

    [Fact]
    public void Names_that_could_be_a_command_never_reach_the_socket()
    {
        var name = Gen.Elements("a;b", "a\nb", "a b", "a/b", "a\r", "a\n", "<<", "#1", "ä", "", "a\0", "a,b", "a'b", "$(x)", "a\tb");
        Prop.ForAll(name.ToArbitrary(), odd =>
        {
            using var router = new ListeningSocket();
            Assert.Equal("InvalidRouterName", Refused(() => Open(odd)));
            Assert.Equal("InvalidRouterName", RefusedAsync(shop => shop.AddAsync(odd, "127.0.0.1:80", 1, default), router.Path));
            Assert.Equal("InvalidRouterName", RefusedAsync(shop => shop.RemoveAsync(odd, TimeSpan.Zero, default), router.Path));
            Assert.Equal("InvalidRouterName", RefusedAsync(shop => shop.DrainAsync(odd, default), router.Path));
            Assert.Equal("InvalidRouterName", RefusedAsync(shop => shop.SetWeightsAsync(new Dictionary<string, int> { [odd] = 1 }, default), router.Path));
            return !router.WasAsked;
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("localhost:80")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:80 weight 3")]
    [InlineData("127.0.0.1:80;del server a/b")]
    [InlineData("")]
    public void Addresses_that_are_not_IP_and_port_never_reach_the_socket(string address)
    {
        using var router = new ListeningSocket();
        Assert.Equal("InvalidServerAddress", RefusedAsync(shop => shop.AddAsync("shop-1", address, 1, default), router.Path));
        Assert.False(router.WasAsked);
    }

    [Fact]
    public async Task The_last_lock_takes_one_command_only()
    {
        using var socket = new ListeningSocket();
        var runtime = new HAProxyRuntime(HAProxyEndpoint.Parse(socket.Path, "/"), TimeProvider.System);
        foreach (var command in new[] { "show stat; del server a/b", "show stat\ndel server a/b", "show stat\r", "add map x <<" })
        {
            await Assert.ThrowsAsync<ArgumentException>(() => runtime.SendAsync(command, default));
        }

        Assert.False(socket.WasAsked);
    }

    private static ITrafficRouter Open(string backend, string router = "haproxy", string endpoint = "/none.sock") =>
        TrafficRouters.Open(router, endpoint, backend, "/", TimeProvider.System, SilentReporter.Instance);

    private static string Refused(Action action) => Assert.Throws<RolloutException>(action).Id;

    private static string RefusedAsync(Func<ITrafficRouter, Task> action, string endpoint)
    {
        var task = action(Open("shop", endpoint: endpoint));
        Assert.True(task.IsFaulted);
        return Assert.IsType<RolloutException>(task.Exception!.InnerException).Id;
    }

    /// <summary>A socket that knows whether anybody came.</summary>
    private sealed class ListeningSocket : IDisposable
    {
        private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("rollout-");
        private readonly Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

        internal ListeningSocket()
        {
            socket.Bind(new UnixDomainSocketEndPoint(Path));
            socket.Listen();
        }

        internal string Path => System.IO.Path.Combine(directory.FullName, "s");

        internal bool WasAsked => socket.Poll(0, SelectMode.SelectRead);

        public void Dispose()
        {
            socket.Dispose();
            directory.Delete(recursive: true);
        }
    }
}
