using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Rollout.Engine.Traffic;
using Xunit;

namespace Rollout.Engine.Tests.Traffic;

public sealed class HAProxyRepliesTests
{
    // As HAProxy 2.6.12 wrote them after 'set severity-output number'.
    [Theory]
    [InlineData("\n\n", "None", "")]
    [InlineData("\n[6]: New server registered.\n\n", "None", "New server registered.")]
    [InlineData("\n[6]: Server deleted.\n", "None", "Server deleted.")]
    [InlineData("\n[3]: No such backend.\n", "NoSuchBackend", "No such backend.")]
    [InlineData("\n[3]: No such proxy.\n\n", "NoSuchBackend", "No such proxy.")]
    [InlineData("\n[3]: No such server.\n\n", "NoSuchServer", "No such server.")]
    [InlineData("\n[3]: Permission denied\n\n", "PermissionDenied", "Permission denied")]
    [InlineData("\n[3]: 'id' : custom id 1600000001 already used at (null):0 ('server r1').\n\n", "IdTaken", "'id' : custom id 1600000001 already used at (null):0 ('server r1').")]
    [InlineData("\n[3]: Server still has connections attached to it, cannot remove it.\n", "StillConnected", "Server still has connections attached to it, cannot remove it.")]
    [InlineData("\n[3]: Proxy is disabled.\n\n", "ProxyDisabled", "Proxy is disabled.")]
    [InlineData("\n[3]: weight of server probe is not within 0 and 256 (257)..\n\n", "WeightOutOfRange", "weight of server probe is not within 0 and 256 (257)..")]
    [InlineData("\n[3]: Only servers in maintenance mode can be deleted.\n", "Other", "Only servers in maintenance mode can be deleted.")]
    [InlineData("\n[3]: Already exists a server with the same name in backend.\n\n", "Other", "Already exists a server with the same name in backend.")]
    [InlineData("\n[6]: Unknown command, but maybe one of the following ones is a better match:\n  show fd\n\n", "Other", "Unknown command, but maybe one of the following ones is a better match:\n  show fd")]
    [InlineData("\n# name\nshop\nmail\n\n", "None", "# name\nshop\nmail")]
    public void Replies_are_recognised(string raw, string refusal, string text)
    {
        var reply = HAProxyReply.Parse(raw);
        Assert.Equal((refusal, text), (reply.Refusal.ToString(), reply.Text));
    }

    [Fact]
    public void Any_error_severity_is_a_refusal_whatever_the_text() =>
        Prop.ForAll<int, NonNull<string>>((severity, text) =>
        {
            var level = Math.Abs(severity % 8);
            var reply = HAProxyReply.Parse($"\n[{level}]: x{text.Get}\n\n");
            return reply.Refusal != HAProxyRefusal.None == level <= 3;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("UP", RouterServerState.Ready)]
    [InlineData("UP 1/2", RouterServerState.Ready)]
    [InlineData("no check", RouterServerState.Ready)]
    [InlineData("DRAIN", RouterServerState.Draining)]
    [InlineData("DRAIN 1/2", RouterServerState.Draining)]
    [InlineData("NOLB", RouterServerState.Draining)]
    [InlineData("MAINT", RouterServerState.Maintenance)]
    [InlineData("MAINT (via b/s)", RouterServerState.Maintenance)]
    [InlineData("MAINT (resolution)", RouterServerState.Maintenance)]
    [InlineData("DOWN", RouterServerState.Down)]
    [InlineData("DOWN 1/2", RouterServerState.Down)]
    public void States_are_read(string status, RouterServerState state) =>
        Assert.Equal(state, HAProxyBackend.Parse(Table(new HAProxyServer("s", "", 1, default, 0, 1, ""), status), "shop")!.Servers.Single().State);

    [Fact]
    public void Tables_are_read_whatever_the_order_of_columns_and_the_quoting()
    {
        var text = Gen.Elements('a', 'B', '7', ',', '"', ' ', '.').NonEmptyListOf().Select(characters => string.Concat(characters));
        var servers =
            from name in text.Where(name => name is not "BACKEND" and not "FRONTEND")
            from lastCheck in text
            from weight in Gen.Choose(0, 256)
            from sessions in Gen.Choose(0, 100_000)
            from id in Gen.Elements(1, 999_999_999, HAProxyServer.FirstDynamicId, int.MaxValue)
            select new HAProxyServer(name, "127.0.0.1:80", weight, RouterServerState.Ready, sessions, id, lastCheck);
        var cases =
            from list in servers.ListOf()
            from columns in Gen.Shuffle(Columns)
            select (list, columns);

        Prop.ForAll(cases.ToArbitrary(), sample =>
        {
            var read = HAProxyBackend.Parse(Table(sample.list, sample.columns, "UP"), "shop");
            return read is not null && read.Balance == "roundrobin" && read.Servers.SequenceEqual(sample.list);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Garbage_is_a_format_error_and_nothing_else() =>
        Prop.ForAll<NonNull<string>, bool>((text, headed) =>
        {
            try
            {
                HAProxyBackend.Parse((headed ? "# pxname,svname,status,uweight\n" : "") + text.Get, "shop");
                return true;
            }
            catch (FormatException)
            {
                return true;
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_table_without_the_backends_own_row_is_no_backend() =>
        Assert.Null(HAProxyBackend.Parse("# pxname,svname,status,algo\nshop,FRONTEND,OPEN,\nother,BACKEND,UP,roundrobin", "shop"));

    private static readonly string[] Columns = ["pxname", "svname", "qcur", "scur", "status", "sid", "check_status", "last_chk", "addr", "algo", "uweight", "", "newer"];

    private static string Table(HAProxyServer server, string status) => Table([server], Columns, status);

    private static string Table(IEnumerable<HAProxyServer> servers, string[] columns, string status)
    {
        var rows = servers.Select(server => Row(columns, column => column switch
        {
            "pxname" => "shop",
            "svname" => server.Name,
            "qcur" => "",
            "scur" => server.Sessions.ToString(CultureInfo.InvariantCulture),
            "status" => status,
            "sid" => server.Id.ToString(CultureInfo.InvariantCulture),
            "last_chk" => server.LastCheck,
            "addr" => server.Address,
            "uweight" => server.Weight.ToString(CultureInfo.InvariantCulture),
            _ => "",
        }));
        var backend = Row(columns, column => column switch { "pxname" => "shop", "svname" => "BACKEND", "algo" => "roundrobin", _ => "" });
        return string.Join('\n', ["# " + string.Join(',', columns), .. rows, backend, ""]);
    }

    private static string Row(string[] columns, Func<string, string> value) =>
        string.Join(',', columns.Select(value).Select(field => field.IndexOfAny([',', '"']) < 0 ? field : $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\""));
}
